from django.contrib.auth.models import AbstractUser
from django.db import models


class Member(AbstractUser):
    """A user with a unique e-mail address in a column that is not named email."""

    email = None
    mail = models.EmailField(unique=True, null=True, blank=True)

    EMAIL_FIELD = "mail"

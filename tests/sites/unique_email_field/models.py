from django.contrib.auth.models import AbstractUser
from django.db import models


class Member(AbstractUser):
    """Has a user name, and an address in a column of another name, which nobody else may have."""

    email = None
    mail = models.EmailField(unique=True, null=True, blank=True)

    EMAIL_FIELD = "mail"

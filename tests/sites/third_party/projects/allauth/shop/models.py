from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models


class Account(AbstractUser):
    """A user who signs in by e-mail, and still has the column ``username``."""

    email = models.EmailField(unique=True)
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["username"]

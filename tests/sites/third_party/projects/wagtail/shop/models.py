from django.contrib.auth.models import AbstractUser
from django.db import models


class Account(AbstractUser):
    """A user model with further columns, as Wagtail's documentation shows it."""

    country = models.CharField(max_length=255, blank=True)

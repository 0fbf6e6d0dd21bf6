from crum import get_current_user
from django.contrib.auth.models import AbstractUser
from django.db import models


class Account(AbstractUser):
    changed_by = models.ForeignKey("self", models.SET_NULL, null=True, blank=True)

    def save(self, *args, **kwargs):
        """Set the user as the README of django-crum shows."""
        user = get_current_user()
        self.changed_by = None if user is None or user.pk is None else user
        super().save(*args, **kwargs)

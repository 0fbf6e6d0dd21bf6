from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower


class Account(AbstractUser):
    """A user who signs in by e-mail but keeps Django's user name, with additional constraints."""

    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=200, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["username"]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="own_code_email_in_any_case"),
            models.UniqueConstraint(
                fields=["first_name", "last_name"],
                name="own_code_one_name",
                condition=~models.Q(last_name=""),
            ),
            models.CheckConstraint(condition=~models.Q(first_name="Evil"), name="own_code_no_evil"),
        ]

    def save(self, *args, **kwargs):
        """Compute a column, as Django's documentation shows it."""
        self.full_name = f"{self.first_name} {self.last_name}".strip()
        super().save(*args, **kwargs)


class Note(models.Model):
    """A table to which the receivers of the site write."""

    text = models.CharField(max_length=50, unique=True)

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from django_scim.models import AbstractGroupLink


class Team(models.Model):
    """A model that this site uses instead of Django's groups."""

    title = models.CharField(max_length=80, unique=True)


class Person(AbstractBaseUser):
    """A person with one column for the whole name, and teams instead of groups."""

    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=40, blank=True)
    groups = models.ManyToManyField(Team, related_name="people", blank=True)
    is_active = models.BooleanField(default=True)
    is_robot = models.BooleanField(default=False)

    USERNAME_FIELD = "email"
    objects: ClassVar = BaseUserManager()


class GroupLink(AbstractGroupLink):
    """A model with the name of one of the package's."""

    target = models.ForeignKey(
        Team,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="scim_links",
    )

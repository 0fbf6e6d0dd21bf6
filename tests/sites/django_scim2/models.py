"""The models after the move: those of old_site without the mixins of django-scim2."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from django_scim.models import AbstractGroupLink


class Team(models.Model):
    name = models.CharField(max_length=150, unique=True)

    def __str__(self):
        return self.name


class User(AbstractUser):
    teams = models.ManyToManyField(Team, blank=True)


class TeamLink(AbstractGroupLink):
    target = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="scim_links")

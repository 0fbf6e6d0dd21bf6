from django.contrib.auth.models import AbstractUser
from django.db import models

from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class Team(AbstractSCIMGroupMixin):
    name = models.CharField(max_length=150, unique=True)


class User(AbstractSCIMUserMixin, AbstractUser):
    teams = models.ManyToManyField(Team, blank=True)

    @property
    def scim_groups(self):
        return self.teams

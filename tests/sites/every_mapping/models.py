"""Models for every kind of mapping."""

import uuid

from django.core.validators import RegexValidator
from django.db import models

from django_scim.models import AbstractGroupLink, AbstractLink, FoldedField


class Office(models.Model):
    name = models.CharField(max_length=40, unique=True)
    city = models.CharField(max_length=40, blank=True)


class Employee(models.Model):
    """The site's data about a user; not every user has a row."""

    user = models.OneToOneField("auth.User", models.CASCADE, related_name="employee")
    badge = models.CharField(
        max_length=20, null=True, unique=True, validators=[RegexValidator(r"^[A-Z]\d+$")]
    )
    nickname = models.CharField(max_length=40, blank=True)
    nickname_key = FoldedField(source="nickname", db_index=True)
    level = models.IntegerField(null=True)
    is_employed = models.BooleanField(default=True)
    rate = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    hired = models.DateField(null=True)
    seen = models.DateTimeField(null=True)
    is_contractor = models.BooleanField(null=True)
    reference = models.UUIDField(null=True)
    size = models.CharField(max_length=2, blank=True, choices=[("S", "small"), ("L", "large")])
    shirt = models.CharField(max_length=10, blank=True)
    extras = models.JSONField(default=dict)
    labels = models.JSONField(null=True)
    office = models.ForeignKey(Office, models.SET_NULL, null=True)
    mentor = models.ForeignKey("auth.User", models.SET_NULL, null=True, related_name="+")


class Phone(models.Model):
    user = models.ForeignKey("auth.User", models.CASCADE, related_name="phones")
    number = models.CharField(max_length=40)
    number_key = FoldedField(source="number", db_index=True)
    kind = models.CharField(max_length=10, blank=True)
    is_main = models.BooleanField(default=False)
    since = models.DateTimeField(null=True)


class Skill(models.Model):
    user = models.ForeignKey("auth.User", models.CASCADE, related_name="skills")
    name = models.CharField(max_length=40)


class Organisation(models.Model):
    name = models.CharField(max_length=40)


class Squad(models.Model):
    """A group model of the site, with a tenant and a through model for members."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, models.CASCADE)
    name = models.CharField(max_length=100)


class Membership(models.Model):
    squad = models.ForeignKey(Squad, models.CASCADE)
    person = models.ForeignKey("auth.User", models.CASCADE)
    since = models.DateTimeField(auto_now_add=True)


class SquadLink(AbstractGroupLink):
    target = models.ForeignKey(Squad, models.SET_NULL, null=True, related_name="scim_links")


class Device(models.Model):
    serial = models.CharField(max_length=40, unique=True)
    label = models.CharField(max_length=80, blank=True)
    keeper = models.ForeignKey("auth.User", models.SET_NULL, null=True)
    users = models.ManyToManyField("auth.User", related_name="shared_devices")


class ACommonDeviceOfOurWarehouseLink(AbstractLink):
    """A model with a long name, which must not make the names of its indexes too long."""

    target = models.ForeignKey(Device, models.SET_NULL, null=True, related_name="scim_links")
    keeper_value = models.CharField(max_length=255, blank=True, default="")


class Badge(models.Model):
    number = models.CharField(max_length=40, unique=True)
    level = models.IntegerField(default=0)
    note = models.CharField(max_length=80, blank=True)
    extras = models.JSONField(default=dict)


class BadgeLink(AbstractLink):
    target = models.ForeignKey(Badge, models.SET_NULL, null=True, related_name="scim_links")

"""Models for mappings that cannot work."""

from django.db import models

from django_scim.models import AbstractLink, FoldedField


class Thing(models.Model):
    serial = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=20, blank=True)
    note = models.CharField(max_length=20, blank=True)
    note_key = FoldedField(source="note")
    size = models.IntegerField(null=True)
    weight = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    code = models.UUIDField(null=True)
    day = models.DateField(null=True)
    changed = models.DateTimeField(auto_now=True)
    is_lost = models.BooleanField(default=False)
    data = models.JSONField(default=dict)
    by_name = models.ForeignKey(
        "auth.User", models.SET_NULL, null=True, to_field="username", related_name="+"
    )
    hidden = models.ManyToManyField("auth.User", related_name="+")


class ThingLink(AbstractLink):
    target = models.ForeignKey(Thing, models.SET_NULL, null=True, related_name="scim_links")
    keeper_value = models.CharField(max_length=255, blank=True, default="")


class Part(models.Model):
    thing = models.ForeignKey(Thing, models.CASCADE, related_name="parts")
    label = models.CharField(max_length=20, blank=True)
    label_key = FoldedField(source="label")
    kind = models.CharField(max_length=20, blank=True)


class Tight(models.Model):
    thing = models.ForeignKey(Thing, models.CASCADE, related_name="tights")
    label = models.CharField(max_length=20)
    rank = models.IntegerField()


class Sticker(models.Model):
    thing = models.ForeignKey(Thing, models.CASCADE, to_field="serial", related_name="stickers")
    label = models.CharField(max_length=20)


class Chair(models.Model):
    thing = models.ForeignKey(Thing, models.CASCADE, related_name="chairs")
    person = models.ForeignKey("auth.User", models.CASCADE, related_name="+")
    by_name = models.ForeignKey(
        "auth.User", models.CASCADE, null=True, to_field="username", related_name="+"
    )
    role = models.IntegerField()


class Box(models.Model):
    """A row that belongs to one thing."""

    thing = models.OneToOneField(Thing, models.CASCADE, related_name="box")
    colour = models.CharField(max_length=20, blank=True)
    height = models.IntegerField()


class Locker(models.Model):
    """A model whose primary key is the user."""

    user = models.OneToOneField("auth.User", models.CASCADE, primary_key=True, related_name="+")
    number = models.CharField(max_length=20)


class LockerLink(AbstractLink):
    target = models.ForeignKey(Locker, models.SET_NULL, null=True, related_name="scim_links")

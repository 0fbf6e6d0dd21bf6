"""Storage for the attributes of RFC 7643 that the site's user model has no column for."""

from typing import Any

from django.conf import settings
from django.db import models

from .fields import ExactCharField, FoldedField


class TextColumn(models.CharField):
    """A text that is absent when empty."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        defaults = {"max_length": 255, "blank": True, "default": ""}
        super().__init__(*args, **(defaults | kwargs))  # type: ignore[arg-type]

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        """Appear in migrations as the CharField that it is."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class UserKey(models.Model):
    """The user's name as it compares: folded, and claimed by SCIM alone.

    ``folded`` is not unique, since the site may hold names that differ only in case; ``claim``
    is, and decides a race between two creations over SCIM.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="scim_key"
    )
    folded = FoldedField(null=False, db_index=True)
    claim = FoldedField(unique=True)

    def __str__(self) -> str:
        return self.folded


class UserProfile(models.Model):
    """The singular attributes, core and enterprise. The row exists once a value needs it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="scim_profile"
    )
    given_name = TextColumn()  # for user models without a column of their own
    family_name = TextColumn()
    formatted_name = TextColumn()
    middle_name = TextColumn()
    honorific_prefix = TextColumn()
    honorific_suffix = TextColumn()
    display_name = TextColumn()
    display_key = FoldedField(source="display_name", db_index=True)
    nick_name = TextColumn()
    profile_url = TextColumn(max_length=2000)
    title = TextColumn()
    user_type = TextColumn()
    preferred_language = TextColumn()
    locale = TextColumn()
    timezone = TextColumn()
    employee_number = TextColumn()
    cost_center = TextColumn()
    organization = TextColumn()
    division = TextColumn()
    department = TextColumn()
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="scim_reports",
    )

    def __str__(self) -> str:
        return self.display_name or f"Profile {self.pk}"


class UserValue(models.Model):
    """One value of a multi-valued attribute.

    A mirrored row stands for a column of the user (``email``), which alone holds the value; the
    row adds the type, and the key to find it by. Certificates are longer than an index takes:
    only the key is indexed.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="scim_values")
    attribute = ExactCharField(max_length=40)
    value = models.TextField(blank=True, default="")
    key = FoldedField(source="value", unless="mirrored")
    display = TextColumn()
    type = TextColumn()
    primary = models.BooleanField(null=True, blank=True)
    mirrored = models.BooleanField(default=False)
    formatted = models.TextField(blank=True, default="")
    street_address = models.TextField(blank=True, default="")
    locality = TextColumn()
    region = TextColumn()
    postal_code = TextColumn()
    country = TextColumn()

    class Meta:
        indexes = [models.Index(fields=["attribute", "key"], name="scim_uservalue_key")]

    def __str__(self) -> str:
        return f"{self.attribute}: {self.value or self.key}"

"""Storage for the attributes of RFC 7643 that the site's user model has no column for."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .fields import ExactCharField, FoldedField


class TextColumn(models.CharField):
    """A text column in which the empty string means that there is no value."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        defaults = {"max_length": 255, "blank": True, "default": ""}
        super().__init__(*args, **(defaults | kwargs))  # type: ignore[arg-type]

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        """Appear in migrations as a plain CharField."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class UserKey(models.Model):
    """The folded user name, for case-insensitive look-ups and for uniqueness over SCIM.

    ``folded`` is not unique, because the site may have user names that differ only in case.
    ``claim`` is unique and set only for users that SCIM created or renamed; of two concurrent
    requests for the same name, it lets one fail.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="scim_key",
        verbose_name=_("user"),
    )
    folded = FoldedField(_("folded"), null=False, db_index=True)
    claim = FoldedField(_("claim"), unique=True)

    class Meta:
        verbose_name = _("user key")
        verbose_name_plural = _("user keys")

    def __str__(self) -> str:
        return self.folded


class UserProfile(models.Model):
    """The singular core and enterprise attributes. A row is created when it first has a value."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        primary_key=True,
        related_name="scim_profile",
        verbose_name=_("user"),
    )
    given_name = TextColumn(_("given name"))  # used if the user model lacks such a column
    family_name = TextColumn(_("family name"))
    formatted_name = TextColumn(_("formatted name"))
    middle_name = TextColumn(_("middle name"))
    honorific_prefix = TextColumn(_("honorific prefix"))
    honorific_suffix = TextColumn(_("honorific suffix"))
    display_name = TextColumn(_("display name"))
    display_key = FoldedField(_("display key"), source="display_name", db_index=True)
    nick_name = TextColumn(_("nick name"))
    profile_url = TextColumn(_("profile URL"), max_length=2000)
    title = TextColumn(_("title"))
    user_type = TextColumn(_("user type"))
    preferred_language = TextColumn(_("preferred language"))
    locale = TextColumn(_("locale"))
    timezone = TextColumn(_("time zone"))
    employee_number = TextColumn(_("employee number"))
    cost_center = TextColumn(_("cost center"))
    organization = TextColumn(_("organization"))
    division = TextColumn(_("division"))
    department = TextColumn(_("department"))
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="scim_reports",
        verbose_name=_("manager"),
    )

    class Meta:
        verbose_name = _("user profile")
        verbose_name_plural = _("user profiles")

    def __str__(self) -> str:
        return self.display_name or gettext("Profile %(pk)s") % {"pk": self.pk}


class UserValue(models.Model):
    """One value of a multi-valued attribute.

    A mirrored row represents a column of the user model such as ``email``. The value is stored
    only in that column; the row adds its type, and the key by which it is found. ``value`` is not
    indexed, because a certificate can be longer than an index allows; ``key`` is.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="scim_values",
        verbose_name=_("user"),
    )
    attribute = ExactCharField(_("attribute"), max_length=40)
    value = models.TextField(_("value"), blank=True, default="")
    key = FoldedField(_("key"), source="value", unless="mirrored")
    display = TextColumn(_("display"))
    type = TextColumn(_("type"))
    primary = models.BooleanField(_("primary"), null=True, blank=True)
    mirrored = models.BooleanField(_("mirrored"), default=False)
    formatted = models.TextField(_("formatted"), blank=True, default="")
    street_address = models.TextField(_("street address"), blank=True, default="")
    locality = TextColumn(_("locality"))
    region = TextColumn(_("region"))
    postal_code = TextColumn(_("postal code"))
    country = TextColumn(_("country"))

    class Meta:
        verbose_name = _("user value")
        verbose_name_plural = _("user values")
        indexes = [models.Index(fields=["attribute", "key"], name="scim_uservalue_key")]

    def __str__(self) -> str:
        return f"{self.attribute}: {self.value or self.key}"

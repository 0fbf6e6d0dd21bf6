"""The company's devices, and its customers with their members."""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.utils.translation import gettext_lazy as _

from django_scim.models import AbstractLink, ExactCharField


class Device(models.Model):
    """A device with a serial number. One person keeps it, and others may use it."""

    class Kind(models.TextChoices):
        LAPTOP = "laptop", _("Laptop")
        PHONE = "phone", _("Phone")
        BADGE_READER = "badge reader", _("Badge reader")

    serial_number = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=20, choices=Kind.choices, blank=True)
    purchased = models.DateField(null=True, blank=True)
    keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="devices",
        help_text=_("The person responsible for the device."),
    )
    users = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="shared_devices",
        help_text=_("Other people who may use the device."),
    )

    class Meta:
        ordering = ("serial_number",)

    def __str__(self) -> str:
        return self.label or self.serial_number


class DeviceLink(AbstractLink):
    """The link between a connection and a device."""

    target = models.ForeignKey(
        Device,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="scim_links",
        verbose_name="device",
    )
    keeper_value = ExactCharField(
        max_length=255,
        blank=True,
        default="",
        help_text=_("The keeper's id as the client sent it, until that user is created."),
    )

    class Meta(AbstractLink.Meta):
        indexes = [
            *AbstractLink.Meta.indexes,
            models.Index(fields=["connection", "keeper_value"]),
        ]


class Organisation(models.Model):
    """A customer of the site, who can connect an identity provider."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(unique=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="organisations"
    )
    #: The connections of its identity providers, which are deleted with the organisation.
    connections = GenericRelation(
        "django_scim.Connection", object_id_field="tenant_key", content_type_field="tenant_type"
    )

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A member of an organisation, who may also manage its settings."""

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    is_admin = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "user"], name="company_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} of {self.organisation}"

"""A connection: one identity provider's link to the site, and the terms that it is on."""

from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.deconstruct import deconstructible

from ..conf import settings
from ..protocol.profiles import MAX_NAME_LENGTH
from ..protocol.tolerances import Profile
from .fields import ExactCharField

#: The profile of a connection whose own profile is no longer in the settings. With ``strict``, a
#: leaver sent as ``"active": "False"`` would keep access, and a PUT of a group without members
#: would remove them all.
FALLBACK_PROFILE = "default"


@deconstructible(path="django_scim.models.NetworksValidator")
class NetworksValidator:
    """Refuse a line that is neither an address nor a network."""

    def __call__(self, text: str) -> None:
        """Raise ValidationError."""
        for line in text.split():
            try:
                ip_network(line)
            except ValueError as error:
                raise ValidationError(f"{error}") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NetworksValidator)

    def __hash__(self) -> int:
        return hash(NetworksValidator)


class ProfileField(models.CharField):
    """The name of a profile. Its choices come from the settings, not from the migrations."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"choices": profile_choices} | kwargs))

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        kwargs.pop("choices", None)
        return name, "django.db.models.CharField", args, kwargs


def profile_choices(current: str = "") -> list[tuple[str, str]]:
    """Return the profiles to choose from, and ``current`` even if the settings lack it."""
    choices = [(name, name) for name in settings.PROFILES]
    if current and current not in settings.PROFILES:
        choices.append((current, f"{current} (not in PROFILES, works like {FALLBACK_PROFILE})"))
    return choices


class Connection(models.Model):
    """One identity provider's link to this site."""

    class Scope(models.TextChoices):
        OWN = "own", "Own: the accounts that it created or was given"
        SITE = "site", "Site: every account that is not protected"

    class Deletion(models.TextChoices):
        DEACTIVATE = "deactivate", "Deactivate the account and let go of it"
        DELETE = "delete", "Delete the account, with all that hangs on it"

    class Passwords(models.TextChoices):
        IGNORE = "ignore", "Ignore: people sign in by single sign-on"
        ACCEPT = "accept", "Accept: the identity provider sets them"

    name = models.CharField(max_length=100, unique=True)
    profile = ProfileField(
        max_length=MAX_NAME_LENGTH,
        default="default",
        help_text="Which deviations from the standard are accepted.",
    )
    scope = models.CharField(max_length=10, default=Scope.OWN, choices=Scope.choices)
    adoption = models.CharField(
        max_length=40,
        default="none",
        help_text="Which accounts that no connection holds become this one's when it creates a "
        "user: none, username, email (a verified one), or a policy of the site's own.",
    )
    deletion = models.CharField(
        "on deletion", max_length=10, default=Deletion.DEACTIVATE, choices=Deletion.choices
    )
    passwords = models.CharField(max_length=10, default=Passwords.IGNORE, choices=Passwords.choices)
    keeps_passwords = models.BooleanField(
        "keeps passwords",
        default=False,
        help_text="A deactivated account keeps its usable password. It then works again after a "
        "reactivation, and so do sessions that were open before.",
    )
    networks = models.TextField(
        blank=True,
        validators=[NetworksValidator()],
        help_text="The addresses and networks that its requests may come from, such as "
        "203.0.113.0/24, one a line. Empty: from anywhere.",
    )
    guard_count = models.PositiveIntegerField(
        default=20,
        help_text="The guard stops the connection when it takes more accounts or memberships "
        "than this within an hour, and more than the share below.",
    )
    guard_percent = models.PositiveSmallIntegerField(
        default=10,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="In percent of what the connection had when the hour began. 100 turns the "
        "guard off.",
    )
    tenant_type = models.ForeignKey(
        ContentType, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    tenant_key = models.CharField(max_length=64, blank=True, default="", editable=False)
    #: The site's own object that the connection belongs to, such as a customer's organisation.
    tenant = GenericForeignKey("tenant_type", "tenant_key")
    oauth_client_id = ExactCharField(
        "OAuth client id",
        max_length=100,
        null=True,
        blank=True,
        unique=True,
        help_text="The client id of the application of django-oauth-toolkit whose access tokens "
        "are this connection's. Empty: it has only tokens of its own.",
    )
    log_reads = models.BooleanField(
        default=False, help_text="Record successful reads as events, too."
    )
    is_active = models.BooleanField(
        "active", default=True, help_text="An inactive connection is refused at the door."
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.oauth_client_id = self.oauth_client_id or None  # "" would clash with another ""

    @property
    def has_tenant(self) -> bool:
        """Whether it belongs to an object of the site's, be it there still or gone."""
        return bool(self.tenant_key) or self.tenant_type_id is not None

    def tenant_is_gone(self) -> bool:
        """Whether the object that it belongs to is there no more, or its whole model."""
        if not self.has_tenant:
            return False
        if self.tenant_type_id is None:
            return True
        kind = ContentType.objects.get_for_id(self.tenant_type_id)
        return kind.model_class() is None or self.tenant is None

    @property
    def tolerated(self) -> Profile:
        """The profile in the settings, or FALLBACK_PROFILE if it is no longer there."""
        return settings.PROFILES.get(self.profile) or settings.PROFILES[FALLBACK_PROFILE]

    def admits(self, address: str | None) -> bool:
        """Whether a request may come from an address. Where networks are listed, an unknown
        address is refused."""
        networks = self.networks.split()
        if not networks:
            return True
        try:
            caller = ip_address(address or "")
        except ValueError:
            return False
        caller = getattr(caller, "ipv4_mapped", None) or caller
        return any(caller in ip_network(network) for network in networks)


class Guard(models.Model):
    """How much a connection has taken away within the hour, and whether it was stopped.

    A row of its own: every departure locks it, so that of several processes none can pass the
    limit beside another.
    """

    WINDOW = timedelta(hours=1)

    connection = models.OneToOneField(Connection, models.CASCADE, related_name="guard")
    started = models.DateTimeField(null=True, blank=True)
    accounts = models.PositiveIntegerField(default=0)
    accounts_lost = models.PositiveIntegerField(default=0)
    memberships = models.PositiveIntegerField(default=0)
    memberships_lost = models.PositiveIntegerField(default=0)
    tripped = models.DateTimeField(null=True, blank=True)
    overridden_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"guard of {self.connection}"

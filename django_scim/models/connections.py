"""A connection: the settings under which one identity provider may call the site."""

from ipaddress import ip_address, ip_network
from typing import Any

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, router
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

from ..conf import settings
from ..protocol.profiles import MAX_NAME_LENGTH
from ..protocol.tolerances import Profile
from .fields import ExactCharField

#: The profile of a connection whose own profile is no longer in the settings. With ``strict``, a
#: leaver sent as ``"active": "False"`` would keep access, and a PUT of a group without members
#: would remove them all.
FALLBACK_PROFILE = "default"

TENANT_SCOPE = _(
    "The connection of a tenant cannot have the scope “site”: it would reach the accounts of all "
    "other tenants."
)


@deconstructible(path="django_scim.models.NetworksValidator")
class NetworksValidator:
    """Check that a text lists IP addresses and networks, separated by white space."""

    message = _("“%(value)s” is not an IP address or network, such as 203.0.113.0/24 (%(reason)s).")

    def __call__(self, text: str) -> None:
        """Raise ValidationError for the first item that is neither an address nor a network."""
        for item in text.split():
            try:
                ip_network(item)
            except ValueError as error:
                params = {"value": item, "reason": str(error)}
                raise ValidationError(self.message, code="invalid", params=params) from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NetworksValidator)

    def __hash__(self) -> int:
        return hash(NetworksValidator)


class ProfileField(models.CharField):
    """The name of a profile. Its choices come from the settings, not from the migrations."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"choices": profile_choices} | kwargs))

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        kwargs.pop("choices", None)
        return name, "django.db.models.CharField", args, kwargs


def profile_choices(current: str = "") -> list[tuple[str, str]]:
    """Return the profiles to choose from, and ``current`` even if the settings lack it."""
    choices = [(name, name) for name in settings.PROFILES]
    if current and current not in settings.PROFILES:
        choices.append((current, f"{current} (not in PROFILES, works like {FALLBACK_PROFILE})"))
    return choices


class Connection(models.Model):
    """An identity provider that may provision users and groups of this site."""

    class Scope(models.TextChoices):
        OWN = "own", _("Own: the accounts that it created or that were assigned to it")
        SITE = "site", _("Site: every account that is not protected")

    class Deletion(models.TextChoices):
        DEACTIVATE = "deactivate", _("Deactivate the account and unlink it")
        DELETE = "delete", _("Delete the account and everything that belongs to it")

    class Passwords(models.TextChoices):
        IGNORE = "ignore", _("Ignore: people sign in by single sign-on")
        ACCEPT = "accept", _("Accept: the identity provider sets them")

    name = models.CharField(_("name"), max_length=100, unique=True)
    profile = ProfileField(
        _("profile"),
        max_length=MAX_NAME_LENGTH,
        default="default",
        help_text=_("The deviations from the SCIM standard that are accepted."),
    )
    scope = models.CharField(_("scope"), max_length=10, default=Scope.OWN, choices=Scope.choices)
    adoption = models.CharField(
        _("adoption"),
        max_length=40,
        default="none",
        help_text=_(
            "Which existing accounts without a connection are adopted when this connection "
            "creates a user: none, username, email (if it is verified), or a policy that the "
            "site defines."
        ),
    )
    deletion = models.CharField(
        _("on deletion"), max_length=10, default=Deletion.DEACTIVATE, choices=Deletion.choices
    )
    passwords = models.CharField(
        _("passwords"), max_length=10, default=Passwords.IGNORE, choices=Passwords.choices
    )
    keeps_passwords = models.BooleanField(
        _("keeps passwords"),
        default=False,
        help_text=_(
            "A deactivated account keeps its usable password. After a reactivation the password "
            "works again, and so do sessions that were open before."
        ),
    )
    networks = models.TextField(
        _("networks"),
        blank=True,
        validators=[NetworksValidator()],
        help_text=_(
            "The IP addresses and networks that requests may come from, such as 203.0.113.0/24, "
            "one per line. Leave empty to accept requests from everywhere."
        ),
    )
    guard_count = models.PositiveIntegerField(
        _("guard count"),
        default=20,
        help_text=_(
            "The guard stops the connection if, within an hour, it loses more accounts, "
            "memberships or other resources than this, or changes more user names and e-mail "
            "addresses, and also more than the percentage below."
        ),
    )
    guard_percent = models.PositiveSmallIntegerField(
        _("guard percent"),
        default=10,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=_(
            "Percentage of what the connection had an hour before the first loss. 100 turns the "
            "guard off."
        ),
    )
    tenant_type = models.ForeignKey(
        ContentType,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("tenant type"),
    )
    tenant_key = models.CharField(
        _("tenant key"), max_length=64, blank=True, default="", editable=False
    )
    #: The object of the site that owns the connection, such as a customer's organisation.
    tenant = GenericForeignKey("tenant_type", "tenant_key")
    oauth_client_id = ExactCharField(
        _("OAuth client id"),
        max_length=100,
        null=True,
        blank=True,
        unique=True,
        help_text=_(
            "The client id of the django-oauth-toolkit application whose access tokens "
            "authenticate this connection. Leave empty if it uses only the tokens issued here."
        ),
    )
    log_reads = models.BooleanField(
        _("log reads"), default=False, help_text=_("Also record successful reads as events.")
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Requests of an inactive connection are rejected.")
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        permissions = [("manage_connection_access", _("Can manage what a connection can access"))]
        constraints = [
            # A tenant's connection must never reach the accounts of other tenants.
            models.CheckConstraint(
                condition=~models.Q(scope="site")
                | models.Q(tenant_key="", tenant_type__isnull=True),
                name="django_scim_tenant_scope",
                violation_error_message=TENANT_SCOPE,
            )
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def named(cls, name: str) -> "Connection | None":
        """Return the connection with a name, compared without case, or None."""
        stored = cls.objects.using(router.db_for_write(cls))  # a replica may be late
        found = [each for each in stored if each.name.casefold() == name.casefold()]
        exact = [each for each in found if each.name == name]
        return next(iter([*exact, *found]), None)

    def clean(self) -> None:
        self.oauth_client_id = self.oauth_client_id or None  # a second "" would not be unique
        self.refuse_site_scope_of_tenant()
        other = Connection.named(self.name or "")
        if other is not None and other.pk != self.pk and other.name != self.name:
            text = _("The connection “%(name)s” has this name, compared without case.")
            raise ValidationError({"name": text % {"name": other.name}})

    def refuse_site_scope_of_tenant(self) -> None:
        """Raise ValidationError if the connection has a tenant, and the scope ``site``."""
        if self.has_tenant and self.scope == self.Scope.SITE:
            raise ValidationError(TENANT_SCOPE, code="tenant_scope")

    @property
    def has_tenant(self) -> bool:
        """True if the connection has a tenant, even if the tenant has been deleted since."""
        return bool(self.tenant_key) or self.tenant_type_id is not None

    def tenant_is_gone(self) -> bool:
        """Return whether the connection's tenant, or the tenant's model, no longer exists."""
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
        """Return whether a request may come from this IP address.

        An unknown address (None) is rejected if the connection is restricted to networks.
        """
        networks = self.networks.split()
        if not networks:
            return True
        try:
            caller = ip_address(address or "")
        except ValueError:
            return False
        caller = getattr(caller, "ipv4_mapped", None) or caller
        return any(caller in ip_network(network) for network in networks)

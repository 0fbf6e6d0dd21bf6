"""The single sign-on provider of a connection, and the claims that identify accounts."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

from .connections import Connection
from .fields import ExactCharField

_DOMAIN = re.compile(r"(?!-)[^\s@.,;]+(\.[^\s@.,;]+)+")


@deconstructible(path="django_scim.models.DomainsValidator")
class DomainsValidator:
    """Check that a text lists e-mail domains, separated by white space."""

    message = _("“%(value)s” is not an e-mail domain, such as example.com.")

    def __call__(self, text: str) -> None:
        """Raise ValidationError for the first item that is not a domain."""
        for item in text.split():
            if not _DOMAIN.fullmatch(item):
                raise ValidationError(self.message, code="invalid", params={"value": item})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DomainsValidator)

    def __hash__(self) -> int:
        return hash(DomainsValidator)


class SingleSignOn(models.Model):
    """The single sign-on provider of a connection, and what its claims mean.

    A person who signs in through the provider for the first time is signed in to the account that
    the connection has provisioned; see ``django_scim.connections.user_for``.
    """

    connection = models.OneToOneField(
        Connection,
        models.CASCADE,
        related_name="single_sign_on",
        verbose_name=_("connection"),
    )
    provider = ExactCharField(
        _("provider"),
        max_length=190,
        unique=True,
        help_text=_(
            "The id of the single sign-on provider, for example the provider id of the social "
            "application in django-allauth. A provider belongs to one connection only."
        ),
    )
    external_id_claim = models.CharField(
        _("claim with the externalId"),
        max_length=190,
        blank=True,
        default="",
        help_text=_(
            "The claim or SAML attribute that is equal to the externalId, such as oid for "
            "Entra ID. Leave empty for the subject of the sign-in: sub, or the NameID."
        ),
    )
    user_name_claim = models.CharField(
        _("claim with the userName"),
        max_length=190,
        blank=True,
        default="",
        help_text=_(
            "The claim that is equal to the userName, such as preferred_username. It is used only "
            "for people whom the identity provider provisions without an externalId. Leave empty "
            "to identify people by externalId only."
        ),
    )
    verified_domains = models.TextField(
        _("verified e-mail domains"),
        blank=True,
        validators=[DomainsValidator()],
        help_text=_(
            "The e-mail domains that belong to this identity provider, one per line. Addresses in "
            "them count as verified when the connection provisions them."
        ),
    )
    allow_sign_up = models.BooleanField(
        _("allow sign-up"),
        default=False,
        help_text=_(
            "People whom the connection has not provisioned get a new account when they sign in. "
            "Otherwise their sign-in is rejected."
        ),
    )

    class Meta:
        verbose_name = _("single sign-on")
        verbose_name_plural = _("single sign-on")

    def __str__(self) -> str:
        return self.provider

    def vouches_for(self, address: str) -> bool:
        """Return whether an e-mail address is in one of the verified domains."""
        domain = address.rpartition("@")[2].casefold()
        return bool(domain) and domain in self.verified_domains.casefold().split()

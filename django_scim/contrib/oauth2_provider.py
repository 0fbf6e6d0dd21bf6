"""django-oauth-toolkit: its access tokens of the client credentials grant (RFC 6749 section 4.4).

Closed until a site adds ``django_scim.contrib.oauth2_provider.find_token`` to TOKEN_FINDERS and
names the client id of an application on a connection.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings as site_settings

from ..adapters.registry import scopes as available_scopes
from ..models import Connection

#: The one scope that stands for all others.
EVERYTHING = "scim"
PREFIX_LENGTH = 16


@dataclass(frozen=True)
class OAuthToken:
    """An access token as ``request.auth``: whose it is and what it permits, without its secret."""

    connection: Connection
    prefix: str
    scopes: frozenset[str]
    expires: datetime

    def permits(self, scope: str) -> bool:
        return scope in self.scopes

    def is_usable(self, now: datetime) -> bool:
        return self.expires > now

    def touch(self, now: datetime, interval: int) -> None:
        """Write nothing: django-oauth-toolkit keeps no last use, and issues a token anew."""


def find_token(secret: str) -> OAuthToken | None:
    """Return the access token of a secret, expired ones too; None for one that is not for us.

    It must stand for no user, be restricted to no other resource (RFC 8707), and
    be of a confidential application with the client credentials grant whose client id a connection
    names. It costs one look-up by checksum, and one of the connection for a token that has all
    but that. Without django-oauth-toolkit there is none.
    """
    if not apps.is_installed("oauth2_provider"):
        return None
    checksum = hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
    found = (
        _token_model()
        ._default_manager.select_related("application")
        .filter(
            token_checksum=checksum,
            user=None,
            application__client_type="confidential",
            application__authorization_grant_type="client-credentials",
        )
        .first()
    )
    if found is None or getattr(found, "resource", None) or not _is_enabled(found.application):
        return None
    client_id = found.application.client_id
    connection = Connection.objects.filter(oauth_client_id=client_id).first()
    if connection is None:
        return None
    prefix = f"oauth:{client_id}"[:PREFIX_LENGTH]
    return OAuthToken(connection, prefix, _permitted(found.scope), found.expires)


def _token_model() -> Any:
    """Return the site's model of access tokens, which it may have swapped."""
    name = getattr(
        site_settings, "OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL", "oauth2_provider.AccessToken"
    )
    return apps.get_model(name)


def _is_enabled(application: Any) -> bool:
    """Whether the site's own model of applications lets this one be used.

    It is asked without the request, so one that decides by the request must do without.
    """
    from oauthlib.common import Request  # type: ignore[import-untyped]

    return bool(application.is_usable(Request("")))


def _permitted(granted: str) -> frozenset[str]:
    """Return the SCIM scopes among those of a token. What else it may do counts for nothing."""
    given, available = set(granted.split()), frozenset(available_scopes())
    return available if EVERYTHING in given else available & given

"""Access tokens of django-oauth-toolkit, client credentials grant (RFC 6749 section 4.4).

To use them, add ``django_scim.contrib.oauth2_provider.find_token`` to TOKEN_FINDERS and store the
client id of an application in a connection.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings as site_settings

from ..adapters.registry import AUDIT_SCOPES
from ..adapters.registry import scopes as available_scopes
from ..models import Connection

#: The scope that includes all others.
EVERYTHING = "scim"
PREFIX_LENGTH = 16


@dataclass(frozen=True)
class OAuthToken:
    """An access token as ``request.auth``: its connection and scopes, without the secret."""

    connection: Connection
    prefix: str
    scopes: frozenset[str]
    expires: datetime

    def permits(self, scope: str) -> bool:
        return scope in self.scopes

    def is_usable(self, now: datetime) -> bool:
        return self.expires > now

    def touch(self, now: datetime, interval: int) -> None:
        """Do nothing: django-oauth-toolkit does not store when a token was last used."""


def find_token(secret: str) -> OAuthToken | None:
    """Return the access token with a secret, even if it has expired, or None.

    The token must not belong to a user or be restricted to another resource (RFC 8707). Its
    application must be confidential, use the client credentials grant, and be the one whose client
    id a connection has. This costs one query by checksum, and one for the connection if everything
    else fits. Always None if django-oauth-toolkit is not installed.
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
    """Return the access token model, which a site can swap."""
    name = getattr(
        site_settings, "OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL", "oauth2_provider.AccessToken"
    )
    return apps.get_model(name)


def _is_enabled(application: Any) -> bool:
    """Return whether an application may be used, by its own ``is_usable`` method.

    A site's application model can override the method. It gets an empty request here.
    """
    from oauthlib.common import Request  # type: ignore[import-untyped]

    return bool(application.is_usable(Request("")))


def _permitted(granted: str) -> frozenset[str]:
    """Return the SCIM scopes among the scopes of a token, and ignore the others.

    ``audit:read`` must be granted by its name; ``audit:read-all`` cannot be granted: every
    application of the site could ask for it.
    """
    given, available = set(granted.split()), frozenset(available_scopes())
    audit = given & {AUDIT_SCOPES[0]}
    return (available if EVERYTHING in given else available & given) | audit

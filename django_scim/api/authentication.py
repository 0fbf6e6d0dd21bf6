"""Authentication by bearer tokens (RFC 6750), which are looked up by their digest."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from ..conf import settings
from ..models import Connection, Token
from ..models.tokens import digest
from ..protocol.errors import Forbidden, Unauthorized
from .http.network import client_address

REALM = 'Bearer realm="SCIM"'


@dataclass(frozen=True)
class Principal:
    """The caller of a request: a connection, not a user. It has no Django permissions."""

    connection: Connection
    is_authenticated = True
    is_anonymous = False
    is_active = True
    is_staff = is_superuser = False
    pk = id = None
    username = ""

    def __str__(self) -> str:
        return f"SCIM connection {self.connection}"

    def get_username(self) -> str:
        return ""

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class InvalidToken(Unauthorized):
    """A credential was sent, but it is malformed or not valid (RFC 6750 section 3.1)."""


class BearerAuthentication(BaseAuthentication):
    """Set ``request.user`` to a Principal and ``request.auth`` to the token.

    All rejected tokens get the same response: unknown, expired or revoked ones, and those of a
    paused connection. If the token is known, the event contains its connection.
    """

    def authenticate(self, request: Request) -> tuple[Principal, Token]:
        """Return the caller and its token.

        Raise Unauthorized without a valid token, Forbidden if the request comes from outside of
        the connection's networks, or if the connection's tenant no longer exists.
        """
        secret = bearer_secret(request)
        candidates = (import_string(path)(secret) for path in settings.TOKEN_FINDERS)
        token = next((token for token in candidates if token is not None), None)
        request.scim_token = token  # type: ignore[attr-defined] # for the event of a rejection
        now = timezone.now()
        if token is None or not token.is_usable(now) or not token.connection.is_active:
            raise InvalidToken("the bearer token is not valid")
        connection = token.connection
        if connection.networks and not connection.admits(client_address(request)):
            raise Forbidden("the connection does not allow requests from this IP address")
        if connection.tenant_is_gone():
            raise Forbidden("the connection's tenant no longer exists on this site")
        token.touch(now, settings.LAST_USED_INTERVAL)
        return Principal(connection), token

    def authenticate_header(self, request: Request) -> str:
        return REALM


def find_token(secret: str) -> Token | None:
    """Return the token with a secret, or None. The token may be expired or revoked.

    There is always one look-up by digest, so that the response time does not depend on the token.
    """
    return Token.objects.select_related("connection").filter(digest=digest(secret)).first()


def bearer_secret(request: HttpRequest) -> str:
    """Return the secret in the Authorization header. Raise Unauthorized if it is malformed."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if not header:
        raise Unauthorized("send a bearer token in the Authorization header")
    scheme, _, secret = header.partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret or " " in secret or "," in secret:
        raise InvalidToken('the Authorization header must be "Bearer <token>"')
    return secret

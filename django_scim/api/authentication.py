"""Bearer tokens (RFC 6750), found by their digest in one statement."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from ..conf import settings
from ..models import Token
from ..models.tokens import digest
from ..protocol.errors import Forbidden, Unauthorized
from .http.network import client_address

REALM = 'Bearer realm="SCIM"'


class Principal:
    """Who calls: a connection, not a user. It has no permission of its own."""

    is_authenticated = True
    is_anonymous = False
    is_active = True
    is_staff = is_superuser = False
    pk = id = None
    username = ""

    def __init__(self, token: Token) -> None:
        self.connection = token.connection

    def __str__(self) -> str:
        return f"SCIM connection {self.connection}"

    def get_username(self) -> str:
        return ""

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return False


class BearerAuthentication(BaseAuthentication):
    """``request.user`` is a Principal, ``request.auth`` the token.

    What does not open the door is answered alike, whether the token is unknown, expired, revoked or
    of a paused connection; the event of a known one names its connection.
    """

    def authenticate(self, request: Request) -> tuple[Principal, Token]:
        """Return who calls.

        Raises Unauthorized without a valid token, and Forbidden for one that is used from
        elsewhere than its connection's networks, or whose tenant is gone.
        """
        secret = bearer_secret(request)
        found = (import_string(path)(secret) for path in settings.TOKEN_FINDERS)
        token = next((token for token in found if token is not None), None)
        request.scim_token = token  # type: ignore[attr-defined] # for the event, if it is refused
        now = timezone.now()
        if token is None or not token.is_usable(now) or not token.connection.is_active:
            raise Unauthorized("the bearer token is not valid")
        connection = token.connection
        if connection.networks and not connection.admits(client_address(request)):
            raise Forbidden("the connection does not admit requests from this address")
        if connection.tenant_is_gone():
            raise Forbidden("the site no longer has what this connection belongs to")
        token.touch(now, settings.LAST_USED_INTERVAL)
        return Principal(token), token

    def authenticate_header(self, request: Request) -> str:
        return REALM


def find_token(secret: str) -> Token | None:
    """Return the token of a secret, be it usable or not.

    It costs one look-up by digest, and so the same whatever is wrong with it.
    """
    return Token.objects.select_related("connection").filter(digest=digest(secret)).first()


def bearer_secret(request: HttpRequest) -> str:
    """Return the token in the Authorization header. Raises Unauthorized for any other form."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if not header:
        raise Unauthorized("send a bearer token in the Authorization header")
    scheme, _, secret = header.partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret or " " in secret or "," in secret:
        raise Unauthorized("the Authorization header must be: Bearer, a blank, the token")
    return secret

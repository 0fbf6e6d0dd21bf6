"""Authentication by bearer tokens (RFC 6750), which are looked up by their digest."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, router
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from ..availability import is_unavailable, on_one_line
from ..conf import settings
from ..models import Connection, Token
from ..models.tokens import digest
from ..protocol.errors import Forbidden, ScimError, Unauthorized
from ..query.compiled import CompiledQueries, Values
from ..transactions import without_waiting
from .http.network import client_address

logger = logging.getLogger("django_scim")

REALM = 'Bearer realm="SCIM"'
_TOKENS = CompiledQueries()
_TOKEN_COLUMNS, _CONNECTION_COLUMNS = (
    [field.attname for field in model._meta.concrete_fields] for model in (Token, Connection)
)


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
        token, now = require_token(request), timezone.now()
        is_due = getattr(token, "is_due", None)  # the token of a site's own finder may lack it
        if is_due is None or is_due(now, settings.LAST_USED_INTERVAL):
            _touch(token, now)
        return Principal(token.connection), token

    def authenticate_header(self, request: Request) -> str:
        return REALM


def require_token(request: Request) -> Any:
    """Return the token of a request as it is stored now, with its connection.

    Raise Unauthorized or Forbidden as ``BearerAuthentication`` does. It needs one statement, and
    another one if the connection has a tenant.
    """
    secret = bearer_secret(request)
    candidates = (import_string(path)(secret) for path in settings.TOKEN_FINDERS)
    token = next((token for token in candidates if token is not None), None)
    request.scim_token = token  # type: ignore[attr-defined] # for the event of a rejection
    now = timezone.now()
    if token is None or not token.is_usable(now) or not token.connection.is_active:
        raise InvalidToken("the bearer token is not valid", _why_rejected(token, now))
    connection = token.connection
    if connection.networks and not connection.admits(client_address(request)):
        raise Forbidden(
            "the connection does not allow requests from this IP address", "wrong_network"
        )
    if (connection.tenant_key or connection.tenant_type_id) and connection.tenant_is_gone():
        raise Forbidden("the connection's tenant no longer exists on this site", "tenant_gone")
    return token


def _why_rejected(token: Token | None, now: datetime) -> str:
    """Return the reason of a rejection for the event. The response does not reveal it."""
    if token is None:
        return "token_unknown"
    if getattr(token, "revoked", None) is not None:  # the site's own tokens may lack it
        return "token_revoked"
    return "token_expired" if not token.is_usable(now) else "connection_paused"


class Authority:
    """Looks the token of a bulk request up again before each operation, or each batch of them.

    An admin can revoke the token, or pause the connection, while the request runs.
    """

    def __init__(self, request: Request, connection: Connection) -> None:
        self._request, self._connection = request, connection
        self._denied: ScimError | None = None
        #: True if the connection has been deleted, so that events can no longer refer to it.
        self.connection_is_gone = False

    def confirm(self, *scopes: str) -> None:
        """Raise Unauthorized or Forbidden, as for a single request, if it is no longer accepted.

        Once the token is rejected, it is not looked up again, and nothing else is carried out.
        """
        if self._denied is not None:
            raise self._denied
        try:
            token = require_token(self._request)
            if token.connection.pk != self._connection.pk:
                raise InvalidToken("the bearer token is not valid")
        except (Unauthorized, Forbidden) as error:
            self._denied = error
            rows = Connection.objects.filter(pk=self._connection.pk)
            self.connection_is_gone = not rows.exists()
            raise
        for scope in scopes:
            if not token.permits(scope):
                raise Forbidden(f"the token lacks the scope {scope}", "scope_missing", scope=scope)


def _touch(token: Token, now: datetime) -> None:
    """Store the time of a token's use, unless the database is read-only or locked.

    A request that only reads can still succeed then.
    """
    try:
        with without_waiting(router.db_for_write(type(token))):
            token.touch(now, settings.LAST_USED_INTERVAL)
    except (DatabaseError, InterfaceError) as error:
        if not is_unavailable(error):
            raise
        logger.info("the last use of the token %s is not stored: %s", token, on_one_line(error))


def find_token(secret: str) -> Token | None:
    """Return the token with a secret, or None. The token may be expired or revoked.

    There is always one look-up by digest, so that the response time does not depend on the token.
    """
    using = router.db_for_read(Token)
    fields = {"digest": Token._meta.get_field("digest")}
    rows = _TOKENS.rows("by digest", using, _by_digest, fields, {"digest": digest(secret)})
    if not rows:
        return None
    at = len(_TOKEN_COLUMNS)
    token = Token.from_db(using, _TOKEN_COLUMNS, rows[0][:at])
    token.connection = Connection.from_db(using, _CONNECTION_COLUMNS, rows[0][at:])
    return token


def _by_digest(values: Values) -> Any:
    connection = [f"connection__{name}" for name in _CONNECTION_COLUMNS]
    tokens = Token.objects.filter(digest=values["digest"]).order_by()
    return tokens.values_list(*_TOKEN_COLUMNS, *connection)


def bearer_secret(request: HttpRequest) -> str:
    """Return the secret in the Authorization header. Raise Unauthorized if it is malformed."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if not header:
        raise Unauthorized("send a bearer token in the Authorization header", "token_missing")
    scheme, _, secret = header.partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret or " " in secret or "," in secret:
        raise InvalidToken('the Authorization header must be "Bearer <token>"', "token_malformed")
    return secret

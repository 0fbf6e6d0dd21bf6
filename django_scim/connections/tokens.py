"""Issue, rotate and revoke the tokens of a connection."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from ..adapters.registry import AUDIT_SCOPES
from ..adapters.registry import scopes as default_scopes
from ..argument_validation import end_of, require
from ..audit.administration import Actor, Description
from ..conf import settings
from ..models import Connection, Token
from ..transactions import writing
from .events import record_for


class IssuedToken(NamedTuple):
    """A new token and its secret, which is not stored and cannot be shown again."""

    token: Token
    secret: str

    def __repr__(self) -> str:
        return f"<IssuedToken {self.token}>"


def issue_token(
    connection: Connection,
    *,
    scopes: Iterable[str] | None = None,
    lifetime: timedelta | None = None,
    actor: Actor | None = None,
) -> IssuedToken:
    """Issue a token.

    ``scopes`` defaults to the scopes of all resource types, without those of the audit log;
    ``lifetime`` defaults to TOKEN_DAYS. Raises ValueError for an unknown scope, for a lifetime that
    is out of range, and for ``audit:read-all`` on the connection of a tenant, who must not see the
    events of others.
    """
    known = [*default_scopes(), *AUDIT_SCOPES]
    if isinstance(scopes, str) or not isinstance(scopes, Iterable | None):
        raise ValueError(f"scopes must be a list, such as {known[:1]}")
    wanted = default_scopes() if scopes is None else list(scopes)
    if unknown := [str(each) for each in wanted if each not in known]:
        raise ValueError(f"unknown scopes: {', '.join(unknown)}; choose from {', '.join(known)}")
    if lifetime is None and settings.TOKEN_DAYS:
        lifetime = timedelta(days=settings.TOKEN_DAYS)
    expires = None if lifetime is None else end_of("lifetime", lifetime)
    with writing():
        require(connection, Connection)
        if AUDIT_SCOPES[1] in wanted and connection.has_tenant:
            raise ValueError(_("the connection of a tenant cannot read the events of others"))
        issued = IssuedToken(*Token.issue(connection, wanted, expires))
        record_for(actor, connection, Description.TOKEN_ISSUED, [issued.token])
    return issued


def rotate(
    token: Token,
    *,
    overlap: timedelta | None = None,
    lifetime: timedelta | None = None,
    actor: Actor | None = None,
) -> IssuedToken:
    """Issue a successor with the same scopes. The old token stays usable during the overlap.

    ``overlap`` defaults to TOKEN_OVERLAP_DAYS; with 0 the old token expires immediately. Raises
    ValueError for a token that is not usable or has a successor already.
    """
    if overlap is None:
        overlap = timedelta(days=settings.TOKEN_OVERLAP_DAYS)
    end = end_of("overlap", overlap, may_be_zero=True)
    with writing():
        require(token, Token)
        locked = Token.objects.select_for_update().get(pk=token.pk)
        if not locked.is_usable(timezone.now()) or locked.replaced_by_id is not None:
            raise ValueError(_("only a usable token that has no successor can be rotated"))
        issued = issue_token(locked.connection, scopes=locked.scopes, lifetime=lifetime)
        locked.expires = min(end, locked.expires) if locked.expires else end
        locked.replaced_by = issued.token
        locked.save(update_fields=["expires", "replaced_by"])
        change = {"path": "successor", "old": None, "new": str(issued.token)}
        record_for(actor, locked.connection, Description.TOKEN_ROTATED, [token], [change])
    token.refresh_from_db()
    return issued


def revoke(token: Token, *, actor: Actor | None = None) -> None:
    """Revoke a token. Does nothing if it is revoked already."""
    with writing():
        require(token, Token)
        locked = Token.objects.select_for_update().get(pk=token.pk)
        if locked.revoked is None:
            locked.revoke()
            record_for(actor, locked.connection, Description.TOKEN_REVOKED, [token])
    token.refresh_from_db()

"""Change the scope of a connection: link or withdraw the accounts of the whole site."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from ..adapters import linking
from ..argument_validation import require
from ..audit.administration import Actor, Description
from ..models import Connection, UserLink
from ..transactions import writing
from .creation import prepare
from .events import record_for


@dataclass(frozen=True)
class ScopeCounts:
    """The numbers of accounts that a connection has, by the way in which it got them.

    Protected accounts, which its client does not see, are included.
    """

    #: By the scope; the client has not written to them.
    by_scope: int
    #: By the scope; the client has written to them.
    written: int
    #: Created by the connection, adopted by it, or assigned to it.
    own: int

    @property
    def total(self) -> int:
        return self.by_scope + self.written + self.own


@dataclass(frozen=True)
class ScopeChange:
    """The accounts of a connection before and after a change of its scope."""

    before: ScopeCounts
    after: ScopeCounts


def count_scope(connection: Connection) -> ScopeCounts:
    """Return how many accounts a connection has, for a preview of ``set_scope``."""
    links = UserLink.objects.filter(connection=connection, target__isnull=False)
    unwritten = Q(granted_by_scope=True, created_by_scope=True)
    written = Q(granted_by_scope=True, created_by_scope=False)
    counts = links.aggregate(
        by_scope=Count("pk", filter=unwritten),
        written=Count("pk", filter=written),
        own=Count("pk", filter=Q(granted_by_scope=False)),
    )
    return ScopeCounts(**counts)


def set_scope(
    connection: Connection,
    scope: str,
    *,
    keep_written: bool = False,
    actor: Actor | None = None,
    progress: Callable[[int], None] | None = None,
) -> ScopeChange:
    """Change the scope of a connection. Return how many accounts it had before and after.

    ``own`` withdraws the accounts that it has by the scope ``site``: its client sees a deletion,
    and only an admin, or the scope ``site``, can return them. The accounts themselves, and their
    memberships in groups, do not change. With ``keep_written``, the connection keeps those to
    which its client has written. ``site`` links every account of the site, as ``create`` does,
    except for those that the client has deleted or an admin has unassigned.

    The new scope is stored first. Then accounts are linked or withdrawn in batches, each with an
    event in its own transaction. After an interruption, call it again with the same arguments:
    it continues, even though the scope is already stored. ``progress`` is called with the number
    of accounts so far.

    Raise ValidationError for an unknown scope, and for ``site`` if the connection has a tenant.
    """
    if scope not in Connection.Scope.values:
        scopes = ", ".join(Connection.Scope.values)
        raise ValidationError(_("Choose one of: %(scopes)s.") % {"scopes": scopes})
    before = _store(connection, scope, keep_written, actor)
    if scope == Connection.Scope.SITE:
        prepare(connection, progress, actor)
    else:
        linking.withdraw_site(
            connection,
            keep_written=keep_written,
            progress=progress,
            on_batch=lambda batch: _record_batch(connection, batch, actor),
        )
    return ScopeChange(before, count_scope(connection))


def _store(
    connection: Connection, scope: str, keep_written: bool, actor: Actor | None
) -> ScopeCounts:
    """Store a connection's scope. Return what the connection has before the change."""
    with writing():
        require(connection, Connection)
        stored = Connection.objects.select_for_update().get(pk=connection.pk)
        old, stored.scope = stored.scope, scope
        stored.refuse_site_scope_of_tenant()
        stored.save(update_fields=["scope"])
        before = count_scope(connection)
        if old != scope:
            numbers = f"{before.total:,} accounts before"
            if scope == Connection.Scope.OWN:
                lost = before.by_scope + (0 if keep_written else before.written)
                numbers += f", {lost:,} to be withdrawn"
            changes = [{"path": "scope", "old": old, "new": scope}]
            record_for(
                actor, connection, f"{Description.SCOPE_CHANGED} ({numbers})", changes=changes
            )
    connection.scope = scope
    return before


def _record_batch(connection: Connection, batch: linking.Withdrawal, actor: Actor | None) -> None:
    """Record a batch of withdrawn accounts, with the total before and after it."""
    after = count_scope(connection).total
    numbers = f"{batch.withdrawn:,} accounts, and {batch.kept:,} kept"
    if batch.forgotten:
        numbers += f"; {batch.forgotten:,} deleted ones cannot return"
    changes = [{"path": "accounts", "old": after + batch.withdrawn, "new": after}]
    record_for(actor, connection, f"{Description.SCOPE_WITHDRAWN} ({numbers})", changes=changes)

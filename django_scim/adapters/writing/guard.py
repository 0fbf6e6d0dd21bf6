"""The guard against mass deprovisioning.

A connection that takes too much within an hour is stopped until an admin lets it go on: more
likely than hundreds of leavers is a mistake at the identity provider, or somebody with its token.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import F, Q
from django.utils import timezone

from ...models import Connection, Guard
from ...protocol.errors import GuardTripped
from ..interfaces import Adapter

RemovalKind = Literal["accounts", "memberships"]
COUNTED = ("started", "accounts", "accounts_lost", "memberships", "memberships_lost")
logger = logging.getLogger("django_scim")


def count_removal(
    adapter: Adapter, kind: RemovalKind, count: int, since: datetime | None = None
) -> None:
    """Count a loss, inside the transaction of the write that causes it. Raises Stopped.

    ``since`` is when the connection got what it now takes: what is younger than the window does
    not count. The row stays locked until the commit, so that no two processes pass together.
    """
    connection = adapter.connection
    if not count or connection.guard_percent >= 100:
        return
    now = timezone.now()
    lost = F(f"{kind}_lost") + count
    running = Guard.objects.filter(connection=connection, tripped=None).filter(
        Q(started__gt=now - Guard.WINDOW)
    )
    if since is not None:
        running = running.filter(started__gt=since)
    within = running.alias(then=lost, share=lost * 100).filter(
        Q(then__lte=connection.guard_count) | Q(share__lte=F(kind) * connection.guard_percent)
    )
    if within.update(**{f"{kind}_lost": lost}):
        return
    _decide(adapter, kind, count, since, now)


def _decide(
    adapter: Adapter, kind: RemovalKind, count: int, since: datetime | None, now: datetime
) -> None:
    """The rarer cases: a new window, a young account, a guard that was lifted, one that stops."""
    connection = adapter.connection
    Guard.objects.get_or_create(connection=connection)
    guard = Guard.objects.select_for_update().get(connection=connection)
    if guard.overridden_until is not None and guard.overridden_until > now:
        return
    if guard.tripped is not None:
        raise _tripped(connection, kind)
    if guard.started is None or guard.started <= now - Guard.WINDOW:
        guard.started = now
        guard.accounts, guard.memberships = counted_accounts(adapter), counted_memberships(adapter)
        guard.accounts_lost = guard.memberships_lost = 0
    if since is not None and since >= guard.started:
        return
    lost = getattr(guard, f"{kind}_lost") + count
    too_many = lost > connection.guard_count
    is_stopped = too_many and lost * 100 > getattr(guard, kind) * connection.guard_percent
    setattr(guard, f"{kind}_lost", lost)
    if is_stopped:
        raise _tripped(connection, kind, {name: getattr(guard, name) for name in COUNTED})
    guard.save()


def counted_accounts(adapter: Adapter) -> int:
    """Return how many accounts a connection has."""
    return int(adapter.registry.adapter("User").queryset().count()) if _has(adapter, "User") else 0


def counted_memberships(adapter: Adapter) -> int:
    """Return how many memberships there are in all that a connection has."""
    total = 0
    for name in adapter.registry.names():
        other = adapter.registry.adapter(name)
        for mapping in other.declared.members:
            owners = other.queryset().values("target")
            rows = mapping.relation.through._base_manager.filter(
                **{f"{mapping.relation.owner}__in": owners}
            )
            total += rows.count()
    return total


def _has(adapter: Adapter, name: str) -> bool:
    return name in adapter.registry.names()


def _tripped(
    connection: Connection, kind: RemovalKind, counted: Mapping[str, Any] | None = None
) -> GuardTripped:
    return GuardTripped(
        f"the guard stops this connection: it takes more than {connection.guard_count} {kind} and "
        f"more than {connection.guard_percent} % of them within an hour; an admin of the site has "
        f"to let it go on",
        counted,
    )


def trip(connection: Connection, counted: Mapping[str, Any] | None = None) -> None:
    """Note that the guard stopped a connection, after the rollback of what it did, and at what."""
    guards = Guard.objects.filter(connection=connection, tripped=None)
    Guard.objects.get_or_create(connection=connection)
    if guards.update(tripped=timezone.now(), **(counted or {})):
        logger.warning("the guard has stopped the connection %s", connection)


def override(connection: Connection, lasting: timedelta = Guard.WINDOW) -> None:
    """Let a connection go on, unguarded for a while; afterwards a new window begins."""
    guard, _ = Guard.objects.get_or_create(connection=connection)
    guard.tripped, guard.started = None, None
    guard.overridden_until = timezone.now() + lasting
    guard.save()


def state(connection: Connection) -> Any:
    """Return a connection's guard as it stands, or None where nothing was ever taken."""
    return Guard.objects.filter(connection=connection).first()


def counted(guard: Guard) -> list[str]:
    """Return how many of how many a connection has taken in the guard's hour."""
    return [
        f"{getattr(guard, f'{kind}_lost'):,} of {getattr(guard, kind):,} {kind}"
        for kind in ("accounts", "memberships")
    ]


def counted_until_trip(guard: Guard) -> list[str]:
    """Return what the guard had counted when it stopped a connection, the refused request too."""
    return [] if guard.started is None or guard.tripped is None else counted(guard)

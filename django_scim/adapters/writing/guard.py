"""The guard against mass deprovisioning.

It blocks a connection that removes too many accounts or memberships within an hour, until an admin
overrides it. The likely cause is a mistake at the identity provider, or a stolen token.
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
    """Count a removal, inside the transaction of the write that causes it.

    ``since`` is when the connection got the object: objects that are newer than the window do not
    count. The guard's row stays locked until the commit, so that concurrent requests cannot exceed
    the limits together. Raise GuardTripped if they are exceeded.
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
    """Handle the rarer cases: a new window, a new object, an overridden or tripped guard."""
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
    is_exceeded = too_many and lost * 100 > getattr(guard, kind) * connection.guard_percent
    setattr(guard, f"{kind}_lost", lost)
    if is_exceeded:
        raise _tripped(connection, kind, {name: getattr(guard, name) for name in COUNTED})
    guard.save()


def counted_accounts(adapter: Adapter) -> int:
    """Return the number of accounts of a connection."""
    return int(adapter.registry.adapter("User").queryset().count()) if _has(adapter, "User") else 0


def counted_memberships(adapter: Adapter) -> int:
    """Return the number of memberships in all groups of a connection."""
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
        f"the guard has stopped this connection: it would remove more than "
        f"{connection.guard_count} {kind} and more than {connection.guard_percent} % of them "
        f"within an hour; an admin of the site must override the guard",
        counted,
    )


def trip(connection: Connection, counted: Mapping[str, Any] | None = None) -> None:
    """Store that the guard tripped, and its counts. Called after the rollback of the request."""
    guards = Guard.objects.filter(connection=connection, tripped=None)
    Guard.objects.get_or_create(connection=connection)
    if guards.update(tripped=timezone.now(), **(counted or {})):
        logger.warning("the guard has stopped the connection %s", connection)


def override(connection: Connection, lasting: timedelta = Guard.WINDOW) -> None:
    """Reset a connection's guard and suspend it for a while; then a new window begins."""
    guard, _ = Guard.objects.get_or_create(connection=connection)
    guard.tripped, guard.started = None, None
    guard.overridden_until = timezone.now() + lasting
    guard.save()


def state(connection: Connection) -> Any:
    """Return a connection's guard, or None if nothing was ever counted."""
    return Guard.objects.filter(connection=connection).first()


def counted(guard: Guard) -> list[str]:
    """Return the counts of the guard's window as texts, such as "3 of 20 accounts"."""
    return [
        f"{getattr(guard, f'{kind}_lost'):,} of {getattr(guard, kind):,} {kind}"
        for kind in ("accounts", "memberships")
    ]


def counted_until_trip(guard: Guard) -> list[str]:
    """Return the counts at which the guard tripped, including those of the rejected request."""
    return [] if guard.started is None or guard.tripped is None else counted(guard)

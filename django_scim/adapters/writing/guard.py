"""The guard against mass deprovisioning.

It stops a connection that loses too much within an hour: accounts and other resources, memberships,
or the names that people sign in with. Then an admin must override it. The likely cause is a mistake
at the identity provider, or a stolen token.

The limits are relative to the resources that the connection had an hour before the first loss.
Later additions do not raise the number of losses that are allowed.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from ...models import Connection, Guard, GuardCount
from ...protocol.errors import GuardTripped
from ..interfaces import Adapter

NOUNS = {
    "User": "accounts",
    GuardCount.MEMBERSHIPS: "memberships",
    GuardCount.SIGN_IN: "user names or e-mail addresses",
}
logger = logging.getLogger("django_scim")


def count_loss(adapter: Adapter, link: Any, count: int = 1, kind: str = "") -> None:
    """Count a loss, inside the transaction of the write that causes it.

    ``link`` is the link of the object, or of the group that loses memberships. Objects that the
    connection created after the first loss do not count, but those that the site had before it do.
    ``kind`` is one of the constants of GuardCount, by default the adapter's resource type. The row
    of the count stays locked until the commit. Raise GuardTripped if the limits are exceeded.
    """
    connection, kind = adapter.connection, kind or adapter.name
    if not count or connection.guard_percent >= 100:
        return
    now, lost = timezone.now(), F("lost") + count
    guards = Guard.objects.filter(connection=OuterRef("connection"), tripped__isnull=False)
    running = GuardCount.objects.filter(
        ~Exists(guards), connection=connection, kind=kind, started__gt=now - GuardCount.WINDOW
    )
    if (since := _since(link)) is not None:
        running = running.filter(started__gt=since)
    within = running.alias(then=lost, share=lost * 100).filter(
        Q(then__lte=connection.guard_count) | Q(share__lte=F("total") * connection.guard_percent)
    )
    if not within.update(lost=lost):
        _decide(adapter, since, count, kind, now)


def _since(link: Any) -> datetime | None:
    """Return when the connection created an object, None for one that existed before."""
    return None if link.preexisting else link.known_since or link.created


def _decide(adapter: Adapter, since: datetime | None, count: int, kind: str, now: datetime) -> None:
    """Handle the rarer cases: a new window, a new object, an overridden or tripped guard.

    The count is locked before the guard, always in this order: the UPDATE that led here may have
    locked the count already, even if it has not changed it.
    """
    connection = adapter.connection
    ended = {"started": now - GuardCount.WINDOW, "lost": 0, "total": 0}
    counts = GuardCount.objects.select_for_update()
    found, is_new = counts.get_or_create(connection=connection, kind=kind, defaults=ended)
    guard, _ = Guard.objects.select_for_update().get_or_create(connection=connection)
    if guard.overridden_until is not None and guard.overridden_until > now:
        if is_new:
            found.delete()
        return
    if guard.tripped is not None:
        raise GuardTripped(_refusal(connection, kind, count, None if is_new else found))
    if not found.is_running:
        found.started, found.lost = now, 0
        found.total = _total(adapter, kind, now - GuardCount.WINDOW)
    if since is not None and since >= found.started:
        return
    found.lost += count
    is_exceeded = found.lost * 100 > found.total * connection.guard_percent
    if is_exceeded and found.lost > connection.guard_count:
        counted = {name: getattr(found, name) for name in ("kind", "started", "lost", "total")}
        raise GuardTripped(_refusal(connection, kind, count, found), counted)
    found.save()


def _total(adapter: Adapter, kind: str, before: datetime) -> int:
    """Return the total of a kind, without additions after ``before``."""
    if kind == GuardCount.MEMBERSHIPS:
        return sum(_memberships(adapter, name, before) for name in adapter.registry.names())
    name = "User" if kind == GuardCount.SIGN_IN else kind
    return int(adapter.registry.adapter(name).queryset().filter(created__lte=before).count())


def _memberships(adapter: Adapter, name: str, before: datetime) -> int:
    """Return the number of memberships whose object and member are not newer than ``before``."""
    owner, total = adapter.registry.adapter(name), 0
    for mapping in owner.declared.members:
        relation: Any = mapping.relation  # type: ignore[attr-defined]
        old = [
            each.queryset().filter(created__lte=before).values("target")
            for each in (owner, adapter.registry.adapter(mapping.to))  # type: ignore[attr-defined]
        ]
        ends = {f"{relation.owner}__in": old[0], f"{relation.member}__in": old[1]}
        total += relation.through._base_manager.filter(**ends).count()
    return total


def _refusal(connection: Connection, kind: str, count: int, found: GuardCount | None) -> str:
    """Return the detail of the error, with the numbers of the request."""
    noun = NOUNS.get(kind, f"resources of the type {kind}")
    counted = f" ({found.lost} of {found.total})" if found is not None else ""
    return (
        f"the guard has stopped this connection: within an hour it may lose "
        f"{connection.guard_count} {noun}, or {connection.guard_percent} % of them; with this "
        f"request, which costs {count}, it would lose more{counted}; an admin of the site must "
        f"override the guard"
    )


def trip(connection: Connection, counted: Mapping[str, Any] | None = None) -> None:
    """Store that the guard tripped, and its count. Called after the rollback of the request."""
    Guard.objects.get_or_create(connection=connection)
    guards = Guard.objects.filter(connection=connection, tripped=None)
    if guards.update(tripped=timezone.now()):
        if counted:
            values = dict(counted)
            GuardCount.objects.update_or_create(
                connection=connection, kind=values.pop("kind"), defaults=values
            )
        logger.warning("the guard has stopped the connection %s", connection)


def override(connection: Connection, lasting: timedelta = GuardCount.WINDOW) -> None:
    """Reset a connection's guard and suspend it for a while; then new windows begin."""
    GuardCount.objects.filter(connection=connection).delete()
    Guard.objects.update_or_create(
        connection=connection,
        defaults={"tripped": None, "overridden_until": timezone.now() + lasting},
    )


def state(connection: Connection) -> Any:
    """Return a connection's guard, or None if nothing was ever counted."""
    return Guard.objects.filter(connection=connection).first()


def counted(connection: Connection) -> list[str]:
    """Return the running counts as texts, such as "3 of 20 accounts"."""
    return [
        f"{each.lost:,} of {each.total:,} {NOUNS.get(each.kind, f'of the type {each.kind}')}"
        for each in GuardCount.objects.filter(connection=connection).order_by("kind")
        if each.lost
    ]

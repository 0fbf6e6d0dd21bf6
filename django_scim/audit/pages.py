"""Pages of events, by position instead of by number: each costs the same, however many precede it.

A condition that no index serves looks at no more than SCANNED events for one page. Such a page may
be shorter than asked for, even empty, and yet have a successor.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from ..models import Event

#: The events that one page looks at if no index selects them.
SCANNED = 10_000


class Position(NamedTuple):
    """The place of an event in the log."""

    created: datetime
    pk: int


class Page(NamedTuple):
    """Events, the position after which the next page begins, and whether there is one."""

    events: list[Event]
    position: Position | None
    has_more: bool


def after(events: QuerySet, position: Position | None, *, oldest_first: bool = False) -> QuerySet:
    """Return the events that follow a position, in order."""
    order = ("created", "id") if oldest_first else ("-created", "-id")
    if position is not None:
        less, least = ("gt", "gte") if oldest_first else ("lt", "lte")
        # The first condition alone lets the database start in the middle of an index.
        events = events.filter(
            Q(**{f"created__{less}": position.created})
            | Q(created=position.created, **{f"id__{less}": position.pk}),
            **{f"created__{least}": position.created},
        )
    return events.order_by(*order)


def read_page(
    events: QuerySet,
    filtered: QuerySet,
    position: Position | None,
    size: int,
    *,
    oldest_first: bool = False,
    is_bounded: bool = False,
) -> Page:
    """Return a page of the ``filtered`` events.

    If it is bounded, only the next SCANNED of all ``events`` are looked at.
    """
    edge = None
    if is_bounded:
        following = after(events, position, oldest_first=oldest_first)
        edge = next(iter(following.values_list("created", "id")[SCANNED - 1 : SCANNED]), None)
    rows = after(filtered, position, oldest_first=oldest_first)
    if edge is not None:
        rows = rows.filter(**{"created__lte" if oldest_first else "created__gte": edge[0]})
    found = list(rows[: size + 1])
    if len(found) > size:
        last = found[size - 1]
        return Page(found[:size], Position(last.created, last.pk), True)
    if edge is not None:
        last_seen = Position(*edge)
        if found:  # events of the same moment as the edge are on the page, too
            last_found = Position(found[-1].created, found[-1].pk)
            last_seen = (max if oldest_first else min)(last_seen, last_found)
        return Page(found, last_seen, True)
    end = Position(found[-1].created, found[-1].pk) if found else position
    return Page(found, end, False)


def in_batches(events: QuerySet, size: int = 1_000) -> Iterator[Any]:
    """Yield events, the latest first, in batches of constant memory.

    Unlike a server-side cursor, this needs neither a transaction nor a separate connection, and it
    works with every database and behind a connection pool.
    """
    position = None
    while True:
        batch = list(after(events, position)[:size])
        yield from batch
        if len(batch) < size:
            return
        position = Position(batch[-1].created, batch[-1].pk)

"""Add stored events to the daily totals, in batches.

A write stays one INSERT. Later, whoever needs the totals adds the events after the last counted
one. Transactions can commit in another order than that of their ids, so the newest minutes are left
for the next time. An event is counted on the day of its first occurrence; a repetition adds a total
for each further day by itself.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import router
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from ...models import CountedEvents, DailyTotal, Event
from ...transactions import in_transaction
from .days import day_of

#: Events of one transaction.
BATCH = 5_000
#: A transaction that lasts longer than this after its event could be missing in the totals.
MARGIN = timedelta(minutes=10)
Key = tuple[int, date, str]


class Counted(NamedTuple):
    """What the totals need to know of an event."""

    pk: int
    connection: int | None
    outcome: str
    action: str
    began: datetime

    @property
    def key(self) -> Key | None:
        """Return the total that the event belongs to; None if it belongs to none."""
        if self.connection is None or self.action == Event.Action.ADMINISTRATION:
            return None
        return self.connection, day_of(self.began), self.outcome


def counted(events: QuerySet) -> list[Counted]:
    """Return what the totals need to know of events."""
    began = Coalesce("first", "created")
    rows = events.values_list("pk", "connection", "outcome", "action", began)
    return [Counted(*row) for row in rows]


def roll_up(most_batches: int | None = None) -> int:
    """Add the events to the totals that are old enough, and return the last counted id.

    ``most_batches`` limits the work; the next call continues.
    """
    horizon, done = _horizon(), 0
    while True:
        # It runs again if a connection was deleted after its events had been read.
        size, last = in_transaction(lambda: _count_batch(horizon), lambda: None)
        done += 1
        if size < BATCH or done == most_batches:
            return last


def _count_batch(horizon: int) -> tuple[int, int]:
    """Add the next events until ``horizon``. Return how many, and the last counted id."""
    state = _locked()
    events = Event.objects.using(router.db_for_write(Event))
    waiting = events.filter(pk__gt=state.last_event, pk__lte=horizon).order_by("pk")
    rows = counted(waiting[:BATCH])
    if rows:
        _add(rows)
        state.last_event = rows[-1].pk
        state.save(update_fields=["last_event"])
    return len(rows), state.last_event


def count_deleted(rows: Iterable[Counted]) -> int:
    """Add events that are about to be deleted, unless they are counted. Return the last counted id.

    Call this in the transaction of the deletion.
    """
    last = _locked().last_event
    _add([row for row in rows if row.pk > last])
    return last


def count_new_day(event: Event, pk: int, before: datetime) -> None:
    """Add a repeated event to the total of its day, if the last occurrence was on an earlier one.

    ``pk`` is the key of the event that counts the repetitions, and ``before`` the time of the last.
    """
    day = day_of(event.created)
    if event.connection_id is not None and day != day_of(before):
        DailyTotal.objects.create(
            connection_id=event.connection_id,
            day=day,
            outcome=event.outcome,
            count=1,
            last_event=pk,
        )


def _horizon() -> int:
    """Return an id that no event can precede whose transaction is still open.

    That is the newest event before MARGIN. A repeated event has an old id and a new time.
    """
    events = Event.objects.using(router.db_for_write(Event))
    old = events.filter(created__lt=timezone.now() - MARGIN, first=None)
    return old.order_by("-created", "-pk").values_list("pk", flat=True).first() or 0


def _locked() -> CountedEvents:
    """Return the state, locked until the end of the transaction."""
    states = CountedEvents.objects.using(router.db_for_write(CountedEvents))
    return states.select_for_update().get_or_create(pk=1)[0]


def _add(rows: list[Counted]) -> None:
    """Add events to the totals, with one row for each total in place of several."""
    counts: Counter[Key] = Counter()
    last: dict[Key, int] = {}
    for row in rows:
        if (key := row.key) is not None:
            counts[key] += 1
            last[key] = max(row.pk, last.get(key, 0))
    if not counts:
        return
    totals = DailyTotal.objects.using(router.db_for_write(DailyTotal))
    same = totals.filter(
        connection__in={connection for connection, _day, _outcome in counts},
        day__in={day for _connection, day, _outcome in counts},
    )
    merged = []
    for total in same:
        key = (total.connection_id, total.day, total.outcome)
        if key in counts:
            counts[key] += total.count
            last[key] = max(total.last_event, last[key])
            merged.append(total.pk)
    totals.filter(pk__in=merged).delete()
    totals.bulk_create(
        DailyTotal(
            connection_id=key[0], day=key[1], outcome=key[2], count=count, last_event=last[key]
        )
        for key, count in counts.items()
    )

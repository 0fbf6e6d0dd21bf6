"""The number of events of connections by day: the totals, and the events after them."""

import logging
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.db.models import Subquery, Value
from django.db.models.functions import Coalesce

from ...availability import is_unavailable, on_one_line
from ...models import CountedEvents, DailyTotal, Event
from .counting import Counted, counted, roll_up

logger = logging.getLogger("django_scim")

#: With more events after the totals than this, they are added to the totals first.
WORTH_ADDING = 2_000
#: Batches that one reader adds at most, and events that it counts by itself.
MOST_BATCHES, MOST_EVENTS = 4, 20_000


@dataclass
class Activity:
    """The events of a connection by day and outcome, and its last success."""

    days: dict[date, Counter[str]] = field(default_factory=dict)
    #: The day of the newest success and the id of its event, which may be deleted.
    last_success: tuple[date, int] | None = None

    def add(self, day: date, outcome: str, count: int, event: int) -> None:
        self.days.setdefault(day, Counter())[outcome] += count
        if outcome == Event.Outcome.SUCCESS:
            self.last_success = max(self.last_success or (day, 0), (day, event))


def activity(keys: Collection[int], since: date) -> tuple[dict[int, Activity], bool]:
    """Return the activity of connections since a day, and whether it is complete.

    It takes two statements: the totals of these days, and the events after the last counted one.
    If many of those wait, some batches are added to the totals first. The result is incomplete
    while more wait than one reader adds, such as in a log that has never been counted.
    """
    totals, rows = _read(keys, since)
    if len(rows) > WORTH_ADDING and _add_waiting():
        totals, rows = _read(keys, since)
    found = {key: Activity() for key in keys}
    for connection, day, outcome, count, event, _counted in totals:
        found[connection].add(day, outcome, count, event)
    for row in rows[:MOST_EVENTS]:
        if row.key is not None and row.connection in found and row.key[1] >= since:
            found[row.connection].add(*row.key[1:], 1, row.pk)
    return found, len(rows) <= MOST_EVENTS


def _read(keys: Collection[int], since: date) -> tuple[list[Any], list[Counted]]:
    """Return the totals, and the events after them.

    Each total comes with the last counted id, because it may grow before the next statement.
    """
    last = Coalesce(Subquery(CountedEvents.objects.values("last_event")[:1]), Value(0))
    totals = list(
        DailyTotal.objects.filter(connection__in=keys, day__gte=since)
        .annotate(counted=last)
        .values_list("connection", "day", "outcome", "count", "last_event", "counted")
    )
    after = totals[0][-1] if totals else last
    events = Event.objects.filter(pk__gt=after).order_by("pk")
    return totals, counted(events[: MOST_EVENTS + 1])


def _add_waiting() -> bool:
    """Add waiting events to the totals. Return False if the database accepts no writes now."""
    try:
        roll_up(MOST_BATCHES)
    except (DatabaseError, InterfaceError) as error:
        if not is_unavailable(error):
            raise
        logger.info("the daily totals are not up to date: %s", on_one_line(error))
        return False
    return True

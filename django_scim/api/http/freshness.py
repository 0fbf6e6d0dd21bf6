"""Decide whether a read may be answered by a replica of the database."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from ...conf import settings
from ...models import Connection, Event

#: A write is committed so many seconds after its event was completed, at the latest.
MARGIN = 2
#: The longest request, in seconds. Its event has the time of its beginning.
LONGEST = 900
NO_WRITES = (Event.Action.READ, Event.Action.AUTHENTICATION)


def may_read_replica(connection: Connection) -> bool:
    """Return whether every write of a connection has reached the replica.

    The site states in READ_FROM_REPLICA by how many seconds it may be late; 0 means that there is
    none to be read. Call this while reads come from the primary.
    """
    lag = settings.READ_FROM_REPLICA
    if not lag:
        return False
    since = timezone.now() - timedelta(seconds=lag + MARGIN)
    long_ones = Q(created__gt=since - timedelta(seconds=LONGEST), duration__gte=1_000)
    written = Event.objects.filter(Q(created__gt=since) | long_ones, connection=connection)
    times = written.exclude(action__in=NO_WRITES).order_by("-created", "-id")
    return not any(
        created + timedelta(milliseconds=duration) > since
        for created, duration in times.values_list("created", "duration")[:1_000]
    )

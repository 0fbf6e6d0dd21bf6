"""Delete old events in batches, each in a separate transaction, after counting them."""

from collections.abc import Iterator
from datetime import datetime

from django.db import router, transaction

from ..models import Event
from .administration import Actor, Description, record_act
from .totals import count_deleted, counted, roll_up


def old_events(before: datetime) -> int:
    """Return the number of events before a moment."""
    return Event.objects.filter(created__lt=before).count()


def prune(before: datetime, batch_size: int, actor: Actor) -> Iterator[int]:
    """Delete the events before a moment. Yield the number deleted so far after each batch.

    Each batch is a separate transaction, so that an interruption loses nothing and no lock is held
    for long. One event records how many events were deleted. It is part of the last batch, or of
    the one after which the caller stopped. The daily totals keep the number of the events.
    """
    alias = router.db_for_write(Event)
    deleted, is_recorded, last_counted = 0, False, roll_up()
    changes = [{"path": "before", "old": None, "new": before.isoformat()}]
    try:
        while True:
            with transaction.atomic(using=alias):
                rows = Event.objects.using(alias).filter(created__lt=before)
                batch = counted(rows.order_by("created", "id")[:batch_size])
                keys = [event.pk for event in batch]
                if max(keys, default=0) > last_counted:
                    last_counted = count_deleted(batch)
                Event.objects.using(alias).filter(pk__in=keys).delete()
                deleted += len(keys)
                if len(keys) < batch_size:
                    if deleted:
                        record_act(Description.PRUNED.format(deleted), actor, changes=changes)
                    is_recorded = True
            if keys:
                yield deleted
            if is_recorded:
                return
    finally:
        if deleted and not is_recorded:
            with transaction.atomic(using=alias):
                record_act(Description.PRUNED.format(deleted), actor, changes=changes)

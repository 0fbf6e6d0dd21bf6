"""Send every event to the logger ``django_scim.audit``, for a SIEM that reads the site's log.

The record's message is a sentence, and its attribute ``scim_event`` is a dict with the fields of
``event_data``. Nothing is done unless the logger is enabled for INFO.
"""

import logging
from collections.abc import Sequence

from django.db import router, transaction

from ..models import Event
from .event_data import event_data

audit_logger = logging.getLogger("django_scim.audit")


def log_events(events: Sequence[Event]) -> None:
    """Log events after the commit of the transaction that writes them, if there is one.

    Call this after they are saved. They are read now: a caller may use its event again, for another
    object. An error of a handler is logged by Django and does not reach the request.
    """
    if not events or not audit_logger.isEnabledFor(logging.INFO):
        return
    records = [(_sentence(event), event_data(event)) for event in events]

    def send() -> None:
        for text, data in records:
            audit_logger.info("%s", text, extra={"scim_event": data})

    transaction.on_commit(send, using=router.db_for_write(Event), robust=True)


def _sentence(event: Event) -> str:
    name = event.object_name or event.scim_id or event.resource_type or "-"
    by = event.connection_name or event.address or "-"
    text = f"{event.action} {name} by {by}: {event.outcome}"
    return f"{text} ({event.status} {event.detail})" if event.detail else text

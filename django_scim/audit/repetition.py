"""Count equal refusals in one event, so that a retrying client does not fill the log."""

import hashlib
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from ..models import Event
from .totals import count_new_day

#: A refusal counts as a repetition this long after the last equal one.
WINDOW = timedelta(days=1)
#: Reasons that concern the connection, whatever the request was.
_OF_THE_CONNECTION = ("throttled",)
#: Reasons whose detail contains numbers that grow.
_COUNTING = ("guard_tripped",)


def count_repetition(event: Event) -> bool:
    """Count a refusal in the event of the last equal one. Return whether there is one.

    The event then has the time, request id and bodies of the last refusal, and keeps the time of
    the first. A success for the same person or group in between ends the repetition.
    """
    event.repeat_key = key = repeat_key(event)
    later = Event.objects.filter(
        Q(name_key=event.name_key) if event.name_key else Q(scim_id=event.scim_id),
        connection=event.connection,
        resource_type=event.resource_type,
        outcome__in=(Event.Outcome.SUCCESS, Event.Outcome.NO_CHANGE),
        created__gt=OuterRef("created"),
    ).exclude(action__in=(Event.Action.READ, Event.Action.ADMINISTRATION))
    same = Event.objects.filter(repeat_key=key, created__gt=event.created - WINDOW)
    if event.name_key or event.scim_id:
        same = same.filter(~Exists(later))
    found = same.order_by("-created").values_list("pk", "first", "created").first()
    if found is None:
        return False
    pk, first, created = found
    latest: dict[str, Any] = {
        name: getattr(event, name)
        for name in ("correlation_id", "address", "user_agent", "detail", "duration")
    }
    latest |= {
        "first": first or created,
        "created": event.created,
        "refused": event.created,
        "occurrences": F("occurrences") + 1,
        "request_body": event.request_body,
        "response_body": event.response_body,
    }
    rows = Event.objects.filter(pk=pk)
    # Of several requests at once, only the one that changes this time counts the new day.
    if rows.filter(created=created).update(**latest):
        count_new_day(event, pk, created)
        return True
    return bool(rows.update(**latest))


def repeat_key(event: Event) -> str:
    """Return a digest that equal refusals share."""
    parts = [event.connection_id, event.action, event.reason, event.status]
    if event.action == Event.Action.AUTHENTICATION:
        parts += [event.token_prefix, _block(event.address)]
    elif event.reason not in _OF_THE_CONNECTION:
        parts += [event.resource_type, event.name_key, event.external_key, event.scim_id]
        parts += [event.method, event.path]
        if event.reason not in _COUNTING:
            parts.append(event.detail)
    text = "\0".join("" if part is None else str(part) for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _block(address: str | None) -> str:
    """Return the network that an address counts for: one client rarely has more than this."""
    if not address:
        return ""
    length = 24 if ip_address(address).version == 4 else 64
    return str(ip_network((address, length), strict=False))

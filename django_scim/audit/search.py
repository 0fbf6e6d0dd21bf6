"""Search events by the beginning of a name, an id or an address, without case, by indexes."""

import re
from typing import Any

from django.db.models import Q

from ..models import fold_key
from ..models.fields import PREFIX_LENGTH

#: The greatest character: every text with a prefix sorts before the prefix followed by it.
_END = chr(0x10FFFF)
_NAMES = ("name_key", "display_key", "last_name_key", "email_key")
FOLDED = (*_NAMES, "external_key")
_UUID = re.compile(r"[0-9a-f-]+")


def matching(text: str) -> Q:
    """Return a condition for the events whose name, address or id begins with a text.

    Each part is a range of an index on every database, unlike LIKE. An empty text matches all.
    """
    text = text.strip().replace("\0", "")
    if not text:
        return Q()
    found = Q()
    key = fold_key(text[:PREFIX_LENGTH])
    for column in FOLDED:
        found |= _prefix(column, key)
    # Ids have the spelling of their origin: our own ones are in lower case. SQLite stops using the
    # indexes if there are many more ranges.
    lowered = text.lower()[:64]
    found |= _prefix("scim_id", lowered if _UUID.fullmatch(lowered) else text[:64])
    for spelling in dict.fromkeys((text[:64], lowered)):
        found |= _prefix("correlation_id", spelling)
    return found


def names_beginning_with(text: str) -> Q:
    """Return a condition for the events of people and groups with such a name or address."""
    key, found = fold_key(text[:PREFIX_LENGTH]), Q()
    for column in _NAMES:
        found |= _prefix(column, key)
    return found


def search(events: Any, text: str) -> Any:
    """Return the events of a queryset that match a text."""
    return events.filter(matching(text))


def _prefix(column: str, text: str) -> Q:
    return Q(**{f"{column}__gte": text, f"{column}__lt": text + _END})

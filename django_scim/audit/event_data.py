"""The data of an event as the API, the exports and the logger give it out.

An event is redacted when it is written, so everything here is free of secrets.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..models import Event


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


#: The name of each field, and how it is read from an event, in the order of the columns.
FIELDS: dict[str, Callable[[Event], Any]] = {
    "id": lambda event: event.pk,
    "time": lambda event: _time(event.created),
    "connection": lambda event: event.connection_name,
    "token": lambda event: event.token_prefix,
    "action": lambda event: str(event.action),
    "outcome": lambda event: str(event.outcome),
    "resource_type": lambda event: event.resource_type,
    "name": lambda event: event.object_name,
    "scim_id": lambda event: str(event.scim_id),
    "external_id": lambda event: event.external_id,
    "object_type": lambda event: event.object_type,
    "object_key": lambda event: event.object_key,
    "status": lambda event: event.status,
    "scim_type": lambda event: event.scim_type,
    "reason": lambda event: event.reason,
    "reason_params": lambda event: event.reason_params,
    "detail": lambda event: event.detail,
    "changes": lambda event: event.changes,
    "request_id": lambda event: event.correlation_id,
    "method": lambda event: event.method,
    "path": lambda event: event.path,
    "address": lambda event: event.address,
    "user_agent": lambda event: event.user_agent,
    "duration": lambda event: event.duration,
    "tolerances": lambda event: event.tolerances,
    "occurrences": lambda event: event.occurrences,
    "first": lambda event: event.first and _time(event.first),
    "request_body": lambda event: event.request_body,
    "response_body": lambda event: event.response_body,
}
#: Fields that only staff may see: primary keys, and the reasons for refusals, because they tell why
#: a connection cannot access an account.
INTERNAL = ("object_type", "object_key", "reason", "reason_params")
#: The reason of requests for accounts that became protected.
OUT_OF_REACH = "resource_protected"
#: Fields that are also hidden if the event is an action of an admin.
PERSONAL = ("address", "user_agent")


def event_data(event: Event) -> dict[str, Any]:
    """Return the fields of an event as JSON values."""
    return {name: read(event) for name, read in FIELDS.items()}


def connection_data(event: Event) -> dict[str, Any]:
    """Return the fields that the client of this event's connection may see.

    Leave out primary keys, the reasons for refusals, the network addresses of admins, and the
    names of accounts that the connection cannot access.
    """
    data = event_data(event)
    if event.reason == OUT_OF_REACH:
        data |= {"name": "", "external_id": ""}
    is_own = event.action != Event.Action.ADMINISTRATION
    hidden = INTERNAL if is_own else INTERNAL + PERSONAL
    return {name: value for name, value in data.items() if name not in hidden}


#: A spreadsheet takes a text that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_row(event: Event) -> list[str]:
    """Return the fields of an event as texts that no spreadsheet takes for a formula."""
    return [_cell(value) for value in event_data(event).values()]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)
    text = _SEPARATED.sub(r"\1'", text)
    # Spreadsheets skip white space in front of a formula, and read full-width signs as plain ones.
    start = unicodedata.normalize("NFKC", text.lstrip(_SKIPPED)[:1])
    return f"'{text}" if start and start in _FORMULA else text


_SKIPPED = " \n\v\f\u00a0\ufeff"
#: A spreadsheet that uses another separator, such as a semicolon, starts a cell inside a text.
_SEPARATED = re.compile(r"([;\t\r\n][\s\"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")

"""Replay the request of an event to find out its present result, without a change."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import Resolver404

from ..audit.redaction import rule_for
from ..audit.secret_detection import HIDDEN, is_secret, member_name
from ..models import Event, Token
from .requests import Answer, Sender, rolled_back

#: The end of a text that the log has truncated.
_CUT = re.compile(r"… \(\d+ characters\)$")
#: Failures that depend on a header, which the log does not keep.
_BY_HEADER = {406: "Accept", 412: "If-Match", 415: "Content-Type", 428: "If-Match"}


class NotReplayable(Exception):
    """The log does not have all that is needed to send the request again."""


@dataclass
class Replay:
    """The result of a replay, with notes on the parts of the request that were not sent again."""

    event: Event
    status: int
    scim_type: str
    detail: str
    outcome: str
    changes: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)

    @property
    def is_success(self) -> bool:
        return self.status < 400

    @property
    def is_different(self) -> bool:
        then = (self.event.status, self.event.scim_type, self.event.detail, self.event.changes)
        return then != (self.status, self.scim_type, self.detail, self.changes)


def replay(event: Event) -> Replay:
    """Send the request of an event again, in a transaction that is rolled back.

    Raise NotReplayable with the reason if the log does not have the whole request.
    """
    path, notes = _path(event)
    body, left_out = _body(event)
    notes += left_out
    connection: Any = event.connection
    if not connection.is_active:
        notes.append("the connection is paused: a real request would get 401")
    token = Token.objects.filter(connection=connection, prefix=event.token_prefix).first()
    if token is None:
        notes.append("the token no longer exists: all scopes are assumed")
    sender = Sender(connection, token.scopes if token else None, event.address)
    with rolled_back():
        try:
            answer = sender.send(event.method, path, body)
        except Resolver404:
            raise NotReplayable(f"nothing on this site serves {path} any more") from None
        return _compared(event, answer, notes)


def _compared(event: Event, answer: Answer, notes: list[str]) -> Replay:
    error = answer.data if not answer.is_success and isinstance(answer.data, dict) else {}
    written = answer.events[0] if answer.events else None
    return Replay(
        event,
        answer.status,
        error.get("scimType", ""),
        written.detail if written else error.get("detail", ""),  # without the request's id
        str(written.outcome) if written else "",
        written.changes if written else [],
        notes,
    )


def _path(event: Event) -> tuple[str, list[str]]:
    """Return the URL of an event's request, and notes. Raise NotReplayable."""
    if not event.method:
        raise NotReplayable("the event is no request: an admin or a command caused it")
    if event.connection is None:
        raise NotReplayable("the connection no longer exists, or the request had no valid token")
    if event.action == Event.Action.AUTHENTICATION:
        raise NotReplayable("the request was rejected for its token, which the log does not keep")
    if event.status in _BY_HEADER:
        name = _BY_HEADER[event.status]
        raise NotReplayable(f"the result depends on the header {name}, which the log does not keep")
    path = event.path
    if HIDDEN in path or _CUT.search(path):
        raise NotReplayable("the URL is redacted or cut")
    bulk, blank, operation = path.partition(" ")
    if not blank:
        return path, []
    base = bulk.rstrip("/").rpartition("/")[0]
    return base + operation, ["it was an operation of a bulk request, and is sent on its own"]


def _body(event: Event) -> tuple[Any, list[str]]:
    """Return the body of an event's request, and notes on missing parts. Raise NotReplayable."""
    if event.method not in ("POST", "PUT", "PATCH"):
        return None, []
    text = event.request_body
    if not text:
        if event.outcome in (Event.Outcome.SUCCESS, Event.Outcome.NO_CHANGE):
            raise NotReplayable("the log keeps no body of a request that succeeded")
        raise NotReplayable("the log has no body: the request had none, or it could not be parsed")
    if _CUT.search(text):
        raise NotReplayable("the body is cut; EVENT_BODY_LIMIT sets how much of it the log keeps")
    try:
        body = json.loads(text)
    except ValueError:
        raise NotReplayable("the body could not be parsed") from None
    if "bulkId:" in text and " " in event.path:
        raise NotReplayable("the body refers to another operation of its bulk request")
    missing: list[str] = []
    body = _without_secrets(body, missing)
    for path, value in _values(body):
        if isinstance(value, str) and (HIDDEN in value or _CUT.search(value)):
            raise NotReplayable(f"the value of {path or 'the body'} is redacted or cut")
        if path and rule_for(path) != "keep":
            raise NotReplayable(f"the value of {path} is redacted by the setting REDACT")
    if isinstance(body, dict) and missing and body.get("Operations") == []:
        raise NotReplayable(f"nothing is left without {', '.join(missing)}, which is redacted")
    return body, [f"{name} is redacted, and is not sent" for name in missing]


def _without_secrets(body: Any, missing: list[str]) -> Any:
    """Return a body without passwords, and without PATCH operations on them."""
    if isinstance(body, list):
        kept = []
        for each in body:
            path = each.get("path") if isinstance(each, dict) else None
            if isinstance(path, str) and is_secret(path):
                missing.append(path)
            else:
                kept.append(_without_secrets(each, missing))
        return kept
    if not isinstance(body, dict):
        return body
    found = {}
    for name, value in body.items():
        if value == HIDDEN and is_secret(name):
            missing.append(name)
        elif name == "more" and isinstance(value, int):
            raise NotReplayable(f"the log left out {value} values of the body")
        else:
            found[name] = _without_secrets(value, missing)
    return found


def _values(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value in a body with the path of its attribute."""
    if isinstance(value, list):
        for each in value:
            yield from _values(each, path)
    elif isinstance(value, dict):
        named = value.get("path")
        for key, each in value.items():
            yield key, HIDDEN if HIDDEN in key else None
            name = member_name(key)
            if name in ("operations", "schemas", "op", "path") and not path:
                yield from _values(each, "")
            elif name == "value" and not path:
                yield from _values(each, named if isinstance(named, str) else "")
            else:
                yield from _values(each, f"{path}.{key}" if path else key)
    else:
        yield path, value

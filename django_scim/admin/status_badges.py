"""How tokens, guards and connections are, in a word and a colour."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.template.defaultfilters import date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime, now

from ..adapters.writing import guard as guarding
from ..models import Connection, Guard, Token

SOON = timedelta(days=30)
DAY = timedelta(days=1)
_WORST = ("failure", "warning", "success", "no_change")


class State(NamedTuple):
    """``kind`` is the colour: success, warning, failure, or no_change for what is quiet."""

    kind: str
    text: str

    @property
    def badge(self) -> SafeString:
        return format_html('<span class="scim-badge scim-{}">{}</span>', self.kind, self.text)


def shown(time: datetime) -> str:
    """Return a time as the site writes it."""
    return str(date(localtime(time), "DATETIME_FORMAT"))


def token_state(token: Token) -> State:
    """A token that ends soon or has ended is a warning, unless it has a successor."""
    left = token.expires - now() if token.expires else None
    if token.revoked is not None:
        return State("no_change", "revoked")
    if left is not None and left <= timedelta(0):
        replaced = token.replaced_by_id is not None
        return State("no_change", "replaced") if replaced else State("failure", "expired")
    if token.replaced_by_id is not None:
        return State("no_change", "replaced" if left is None else f"replaced, ends {_within(left)}")
    if left is not None and left <= SOON:
        return State("warning", f"expires {_within(left)}")
    return State("success", "usable")


def tokens_state(tokens: Iterable[Token]) -> State:
    """Return the worst of a connection's tokens; revoked and replaced ones do not count."""
    states = [state for token in tokens if (state := token_state(token)).kind != "no_change"]
    if not states:
        return State("no_change", "none")
    worst = min(states, key=lambda state: _WORST.index(state.kind))
    return State("success", f"{len(states)} usable") if worst.kind == "success" else worst


def _within(left: timedelta) -> str:
    days = round(left / DAY)
    if days < 1:
        return "within a day"
    return f"in {days} day{'s' if days > 1 else ''}"


def connection_state(connection: Connection) -> State:
    return State("success", "active") if connection.is_active else State("warning", "paused")


def guard_state(connection: Connection) -> State:
    """What the guard of a connection does. Select the guard with the connection."""
    guard: Guard | None = getattr(connection, "guard", None)
    if connection.guard_percent >= 100:
        return State("no_change", "off")
    if guard is None:
        return State("success", "watching")
    if guard.tripped is not None:
        return State("failure", "stopped")
    if guard.overridden_until is not None and guard.overridden_until > now():
        return State("warning", "overridden")
    is_running = guard.started is not None and guard.started > now() - Guard.WINDOW
    counted = guarding.counted(guard) if is_running else []
    lost = [text for text in counted if not text.startswith("0 ")]
    return State("success", ", ".join(lost) or "watching")


def has_tripped(connection: Connection) -> bool:
    guard: Any = getattr(connection, "guard", None)
    return guard is not None and guard.tripped is not None and connection.guard_percent < 100

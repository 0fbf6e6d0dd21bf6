"""Coloured badges for the state of tokens, connections and guards."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.template.defaultfilters import date
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import is_aware, localtime, now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ..models import Connection, Guard, GuardCount, Token

SOON = timedelta(days=30)
DAY = timedelta(days=1)
_WORST_FIRST = ("failure", "warning", "success", "no_change")


class State(NamedTuple):
    """The text of a badge, and the kind of state, which decides the badge's colour.

    Kinds are named after the outcomes of events: failure, warning, success and no_change, which
    is grey.
    """

    kind: str
    text: str

    @property
    def badge(self) -> SafeString:
        return format_html('<span class="scim-badge scim-{}">{}</span>', self.kind, self.text)


def local(time: datetime) -> datetime:
    """Return a stored time in the reader's time zone; without USE_TZ it is in the site's."""
    return localtime(time) if is_aware(time) else time


def formatted(time: datetime) -> str:
    """Return a time in the site's time zone and format."""
    return str(date(local(time), "DATETIME_FORMAT"))


def token_state(token: Token) -> State:
    """Return the state of a token; a replaced one needs no attention when it expires."""
    left = token.expires - now() if token.expires else None
    if token.revoked is not None:
        return State("no_change", _("revoked"))
    has_expired = left is not None and left <= timedelta(0)
    if token.replaced_by_id is not None:
        if left is None or has_expired:
            return State("no_change", _("replaced"))
        return State("no_change", _replaced_until(round(left / DAY)))
    if has_expired:
        return State("failure", _("expired"))
    if left is not None and left <= SOON:
        return State("warning", _expires_in(round(left / DAY)))
    return State("success", _("usable"))


def _replaced_until(days: int) -> str:
    if days < 1:
        return _("replaced, ends within a day")
    text = ngettext("replaced, ends in %(days)d day", "replaced, ends in %(days)d days", days)
    return text % {"days": days}


def _expires_in(days: int) -> str:
    if days < 1:
        return _("expires within a day")
    text = ngettext("expires in %(days)d day", "expires in %(days)d days", days)
    return text % {"days": days}


def tokens_state(tokens: Iterable[Token]) -> State:
    """Return the worst state of a connection's tokens, ignoring revoked and replaced ones."""
    states = [state for token in tokens if (state := token_state(token)).kind != "no_change"]
    if not states:
        return State("no_change", _("none"))
    worst = min(states, key=lambda state: _WORST_FIRST.index(state.kind))
    if worst.kind != "success":
        return worst
    text = ngettext("%(count)d usable", "%(count)d usable", len(states))
    return State("success", text % {"count": len(states)})


def connection_state(connection: Connection) -> State:
    if connection.is_active:
        return State("success", _("active"))
    return State("warning", _("paused"))


def guard_state(connection: Connection) -> State:
    """Return the state of a connection's guard. In a list, select ``guard`` with the connection."""
    guard: Guard | None = getattr(connection, "guard", None)
    if connection.guard_percent >= 100:
        return State("no_change", _("off"))
    if guard is None:
        return State("success", _("watching"))
    if guard.tripped is not None:
        return State("failure", _("tripped"))
    if is_overridden(guard):
        return State("warning", _("overridden"))
    return State("success", ", ".join(loss_counts(connection)) or _("watching"))


def is_overridden(guard: Guard) -> bool:
    return guard.overridden_until is not None and guard.overridden_until > now()


def has_tripped(connection: Connection) -> bool:
    guard: Any = getattr(connection, "guard", None)
    return guard is not None and guard.tripped is not None and connection.guard_percent < 100


_LOSSES = {
    "User": gettext_lazy("%(lost)s of %(total)s accounts"),
    GuardCount.MEMBERSHIPS: gettext_lazy("%(lost)s of %(total)s memberships"),
    GuardCount.SIGN_IN: gettext_lazy("%(lost)s of %(total)s user names or e-mail addresses"),
}


def loss_counts(connection: Connection) -> list[str]:
    """Return the counts of the guard in the current hour, with the totals.

    If the guard has tripped, return the counts at that time.
    """
    tripped = has_tripped(connection)
    return [
        _LOSSES.get(each.kind, _("%(lost)s of %(total)s resources of the type %(kind)s"))
        % {"lost": grouped(each.lost), "total": grouped(each.total), "kind": each.kind}
        for each in sorted(connection.guard_counts.all(), key=lambda each: each.kind)
        if each.lost and (tripped or each.is_running)
    ]


def grouped(number: int) -> str:
    """Return a number with the locale's thousands separators."""
    return number_format(number, use_l10n=True, force_grouping=True)

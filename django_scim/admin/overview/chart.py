"""The events of a connection in the last thirty days, as stacked bars and as a table."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from ...audit.totals import Activity
from ...models import Event
from ..event_pages.days import RequestsOnFilter
from ..status_badges import grouped

DAYS = 30
#: The units of the picture, whatever its width on the screen is.
BAR, GAP, HEIGHT, LEAST = 16, 4, 60, 2
WIDTH = DAYS * (BAR + GAP)
#: The kinds of a bar's parts from the bottom to the top, with the outcomes that they count.
KINDS: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "failure": (gettext_lazy("Failure"), (Event.Outcome.FAILURE, Event.Outcome.STOPPED)),
    "success": (gettext_lazy("Success"), (Event.Outcome.SUCCESS,)),
    "no_change": (gettext_lazy("No change"), (Event.Outcome.NO_CHANGE,)),
}


class Cell(NamedTuple):
    """A number of events, and the URL of their list, or ""."""

    number: str
    url: str


class Row(NamedTuple):
    """The numbers of a day: one for each kind."""

    day: str
    url: str
    cells: list[Cell]


def first_day(today: date) -> date:
    return today - timedelta(days=DAYS - 1)


class Chart:
    """The last thirty days of a connection.

    ``events_url`` is the URL of the list of events, or "" if the admin may not see it.
    """

    def __init__(self, activity: Activity, today: date, name: str, events_url: str) -> None:
        self._today, self._name, self._events_url = today, name, events_url
        self._days = {
            day: {
                kind: sum(outcomes[each] for each in counted)
                for kind, (_label, counted) in KINDS.items()
            }
            for day, outcomes in activity.days.items()
        }
        self._most = max((sum(kinds.values()) for kinds in self._days.values()), default=0)
        self.kinds = [(kind, str(label)) for kind, (label, _counted) in KINDS.items()]
        self.first, self.last = map(_short, (first_day(today), today))

    @property
    def is_empty(self) -> bool:
        return not self._most

    @property
    def most(self) -> str:
        """Return the number of events that the highest bar stands for."""
        return grouped(self._most)

    def summary(self) -> str:
        """Return the sums of all days in words."""
        sums: Counter[str] = Counter()
        for kinds in self._days.values():
            sums.update(kinds)
        return ", ".join(
            _in_words(kind, sums[kind]) for kind in ("success", "no_change", "failure")
        )

    def picture(self) -> SafeString:
        """Return the bars. The table has the same links for keyboards and screen readers."""
        return format_html(
            '<svg class="scim-chart" viewBox="0 0 {} {}" preserveAspectRatio="none" '
            'aria-hidden="true" focusable="false">{}</svg>',
            WIDTH,
            HEIGHT,
            format_html_join("", "{}", ((bar,) for bar in self._bars())),
        )

    def _bars(self) -> Iterator[SafeString]:
        for number in range(DAYS):
            day = first_day(self._today) + timedelta(days=number)
            left = number * (BAR + GAP) + GAP // 2
            kinds = self._days.get(day)
            if not kinds:
                yield format_html(
                    '<rect class="scim-bar-none" x="{}" y="{}" width="{}" height="1"/>',
                    left,
                    HEIGHT - 1,
                    BAR,
                )
                continue
            words = ", ".join(_in_words(kind, count) for kind, count in kinds.items() if count)
            bar = format_html(
                "<title>{}: {}</title>{}", _long(day), words, self._parts(left, kinds)
            )
            if url := self._url(day):
                yield format_html('<a href="{}" tabindex="-1">{}</a>', url, bar)
            else:
                yield format_html("<g>{}</g>", bar)

    def _parts(self, left: int, kinds: dict[str, int]) -> SafeString:
        """Return the parts of a bar, each of them high enough to be seen, and room to click."""
        heights = {
            kind: max(round(HEIGHT * count / self._most), LEAST)
            for kind, count in kinds.items()
            if count
        }
        highest = max(heights, key=lambda kind: heights[kind])
        heights[highest] -= max(sum(heights.values()) - HEIGHT, 0)
        parts, top = [("room", 0, HEIGHT)], HEIGHT
        for kind, height in heights.items():
            top -= height
            parts.append((kind, top, height))
        return format_html_join(
            "",
            '<rect class="scim-bar-{}" x="{}" y="{}" width="{}" height="{}"/>',
            ((kind, left, y, BAR, height) for kind, y, height in parts),
        )

    def rows(self) -> list[Row]:
        """Return the days with events, the newest first."""
        return [
            Row(
                _long(day),
                self._url(day),
                [
                    Cell(grouped(kinds[kind]), self._url(day, outcomes) if kinds[kind] else "")
                    for kind, (_label, outcomes) in KINDS.items()
                ],
            )
            for day, kinds in sorted(self._days.items(), reverse=True)
        ]

    def _url(self, day: date, outcomes: tuple[str, ...] = ()) -> str:
        if not self._events_url:
            return ""
        chosen = {RequestsOnFilter.parameter_name: day.isoformat(), "connection": self._name}
        query = urlencode({**chosen, "outcome": outcomes}, doseq=True)
        return f"{self._events_url}?{query}"


def _in_words(kind: str, count: int) -> str:
    if kind == "failure":
        text = ngettext("%(count)s failure", "%(count)s failures", count)
    elif kind == "success":
        text = ngettext("%(count)s success", "%(count)s successes", count)
    else:
        text = _("%(count)s without a change")
    return text % {"count": grouped(count)}


def _short(day: date) -> str:
    return date_format(day, "MONTH_DAY_FORMAT")


def _long(day: date) -> str:
    return date_format(day, "DATE_FORMAT")

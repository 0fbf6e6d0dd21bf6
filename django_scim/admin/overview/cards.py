"""What the start page says about each connection, and which connections come first."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.db.models import (
    Case,
    Exists,
    IntegerField,
    OuterRef,
    Prefetch,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.timesince import timesince
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...audit.explanations import sentence
from ...audit.totals import Activity, activity, today
from ...models import Connection, Event, Token, UserLink
from ..object_urls import change_url, list_url, may_view
from ..status_badges import (
    SOON,
    State,
    connection_state,
    grouped,
    guard_state,
    has_tripped,
    loss_counts,
    tokens_state,
)
from .accounts import Accounts, count_accounts
from .chart import Chart, first_day

#: A refusal needs attention at the top of the page for so long.
RECENT = timedelta(days=1)


@dataclass
class Remark:
    """A sentence with the page that it leads to, or "", and how long ago it was."""

    text: str
    url: str = ""
    age: str = ""


@dataclass
class Card:
    """A connection on the page. Parts that the admin may not see are empty."""

    name: str
    url: str = ""
    chart: Chart | None = None
    problems: list[Remark] = field(default_factory=list)
    states: list[tuple[str, State]] = field(default_factory=list)
    success: Remark | None = None
    failure: Remark | None = None
    accounts: list[Remark] = field(default_factory=list)


class Viewer:
    """The links and parts of cards that an admin may see, according to their permissions."""

    def __init__(self, admin_site: AdminSite, request: HttpRequest) -> None:
        self._site, self._request = admin_site, request
        self.sees_connections = self._may_view(Connection)
        self.sees_events = self._may_view(Event)
        self.events_url = self._list_url(Event)
        self.links_url = self._list_url(UserLink)

    def _may_view(self, model: type[Any]) -> bool:
        return may_view(self._site, self._request, model)

    def _list_url(self, model: type[Any]) -> str:
        return list_url(self._site, model) if self._may_view(model) else ""

    def connection_url(self, connection: Connection) -> str:
        if not may_view(self._site, self._request, Connection, connection):
            return ""
        return change_url(self._site, Connection, connection.pk)

    def event_url(self, event: Event) -> str:
        return change_url(self._site, Event, event.pk)


def by_attention(connections: QuerySet, viewer: Viewer) -> QuerySet:
    """Return connections with those first that need an admin, as far as the viewer sees why."""
    refused = Event.objects.filter(connection=OuterRef("pk"), refused__isnull=False)
    reasons: list[When] = []
    if viewer.sees_connections:
        due = Token.objects.filter(
            connection=OuterRef("pk"), revoked=None, replaced_by=None, expires__lte=now() + SOON
        )
        reasons += [
            When(guard__tripped__isnull=False, guard_percent__lt=100, then=Value(0)),
            When(Exists(due), then=Value(1)),
        ]
        unrevoked = Prefetch("tokens", Token.objects.filter(revoked=None), to_attr="unrevoked")
        connections = connections.select_related("guard").prefetch_related(None)
        connections = connections.prefetch_related(unrevoked, "guard_counts")
    if viewer.sees_events:
        last = refused.order_by("-refused", "-pk").values("pk")[:1]
        connections = connections.annotate(last_failure=Subquery(last))
        reasons.append(When(Exists(refused.filter(refused__gte=now() - RECENT)), then=Value(2)))
    if viewer.sees_connections:
        waiting = UserLink.objects.filter(
            connection=OuterRef("pk"), unconfirmed=True, target__isnull=False
        )
        reasons.append(When(Exists(waiting), then=Value(3)))
    rank = Case(*reasons, default=Value(9), output_field=IntegerField())
    return connections.order_by(rank, "name")


def cards_of(connections: list[Any], viewer: Viewer) -> tuple[list[Card], bool]:
    """Return the cards of connections, and whether their charts are complete.

    The connections come from ``by_attention``. The number of statements does not depend on how
    many there are.
    """
    day, keys = today(), [connection.pk for connection in connections]
    activities, is_complete = activity(keys, first_day(day))
    accounts = count_accounts(connections) if viewer.sees_connections else {}
    wanted = [activities[key].last_success for key in keys]
    events: dict[int, Event] = {}
    if viewer.sees_events:
        failures = [connection.last_failure for connection in connections]
        successes = [success[1] for success in wanted if success is not None]
        events = _by_key({*failures, *successes} - {None})
    found = []
    for connection in connections:
        card = _card(connection, viewer, activities[connection.pk], day)
        if viewer.sees_events:
            _add_events(card, connection, viewer, activities[connection.pk], events)
        if viewer.sees_connections:
            _add_accounts(card, connection, viewer, accounts[connection.pk])
        found.append(card)
    return found, is_complete


def _by_key(keys: Iterable[Any]) -> dict[int, Event]:
    if not keys:
        return {}
    return Event.objects.defer("request_body", "response_body").in_bulk(list(keys))


def _card(connection: Any, viewer: Viewer, activity: Activity, day: date) -> Card:
    """Return a card with the chart, the states and the problems that they mean."""
    chart = Chart(activity, day, connection.name, viewer.events_url)
    if not viewer.sees_connections:
        return Card(connection.name, chart=chart)
    url = viewer.connection_url(connection)
    tokens = tokens_state(connection.unrevoked)
    card = Card(connection.name, url, chart)
    card.states = [
        (_("connection"), connection_state(connection)),
        (_("tokens"), tokens),
        (_("guard"), guard_state(connection)),
    ]
    if has_tripped(connection):
        counts = ", ".join(loss_counts(connection))
        text = _("The guard stopped it: %(counts)s.") % {"counts": counts}
        card.problems.append(Remark(text if counts else _("The guard has tripped"), url))
    if tokens.kind in ("failure", "warning"):
        card.problems.append(Remark(_("Token: %(state)s") % {"state": tokens.text}, url))
    return card


def _add_events(
    card: Card, connection: Any, viewer: Viewer, activity: Activity, events: dict[int, Event]
) -> None:
    """Add the last success and the last failure, in the words of their events."""
    if (failure := events.get(connection.last_failure)) is not None:
        card.failure = _remark(failure, viewer)
        if failure.refused is not None and failure.refused >= now() - RECENT:
            query = urlencode({"attention": "needed", "connection": connection.name})
            text = _("Refused within the last day: see what needs attention")
            card.problems.append(Remark(text, f"{viewer.events_url}?{query}"))
    if activity.last_success is not None:
        day, key = activity.last_success
        if (success := events.get(key)) is not None:
            card.success = _remark(success, viewer)
        else:
            card.success = Remark(date_format(day, "DATE_FORMAT"))


def _remark(event: Event, viewer: Viewer) -> Remark:
    age = timesince(event.created, depth=1)
    return Remark(sentence(event), viewer.event_url(event), age)


def _add_accounts(card: Card, connection: Any, viewer: Viewer, accounts: Accounts) -> None:
    """Add the numbers of users and groups, and who waits for a confirmation."""
    texts = (
        (ngettext("%(count)s active user", "%(count)s active users", accounts.active), "active"),
        (_("%(count)s inactive"), "inactive"),
        (ngettext("%(count)s group", "%(count)s groups", accounts.groups), "groups"),
    )
    for text, name in texts:
        card.accounts.append(Remark(text % {"count": grouped(getattr(accounts, name))}))
    if count := accounts.unconfirmed:
        text = ngettext(
            "%(count)s waits for confirmation", "%(count)s wait for confirmation", count
        )
        query = urlencode({"unconfirmed__exact": 1, "connection__id__exact": connection.pk})
        url = f"{viewer.links_url}?{query}" if viewer.links_url else ""
        card.problems.append(Remark(text % {"count": grouped(count)}, url))

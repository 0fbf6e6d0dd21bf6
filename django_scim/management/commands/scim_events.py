"""``manage.py scim_events``: what the admin's pages of the audit log show."""

import time
from datetime import timedelta
from json import dumps
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from ...audit.event_data import event_data
from ...audit.search import search
from ...connections import explain
from ...models import Event
from ._output import ScimCommand, connection_named

#: Seconds between two looks of ``follow``.
INTERVAL = 1.0


class Command(ScimCommand):
    help = "List the events of the audit log, follow new ones, or explain one."
    examples = (
        ("list --connection Okta --failures --hours 24", "list the refusals of the last day"),
        ("list --person amy@example.com --json", "print the events about a person as JSON"),
        ("follow --failures", "print new refusals until it is interrupted"),
        ("explain 4711", "show all of the event with this id, and what to do"),
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="list the newest events, newest first")
        following = actions.add_parser("follow", help="print new events until it is interrupted")
        for each in (listing, following):
            each.add_argument("--connection", help="only those of this connection")
            each.add_argument(
                "--person",
                help="only those about the account or group whose name, e-mail address, id or "
                "externalId begins with this",
            )
            each.add_argument("--failures", action="store_true", help="only refused requests")
            each.add_argument("--json", action="store_true", help="print JSON")
        listing.add_argument("--hours", type=float, help="only those of the last hours")
        listing.add_argument("--limit", type=int, default=50, help="default: 50")
        following.add_argument("--events", type=int, help="stop after so many events")
        explaining = actions.add_parser("explain", help="show all of an event, and what to do")
        explaining.add_argument("event", help="number of the event, or id of the request")
        explaining.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, action: str, json: bool, **options: Any) -> None:
        self.as_json = json
        match action:
            case "list":
                self.list_newest(self.chosen(options), options["hours"], options["limit"])
            case "follow":
                self.follow(options)
            case _:
                self.explain(options["event"])

    def chosen(self, options: dict[str, Any]) -> QuerySet[Event]:
        """Return the events that the options select, the newest first."""
        events = Event.objects.order_by("-created", "-pk")
        if options["connection"]:
            events = events.filter(connection=connection_named(options["connection"]))
        if person := options["person"]:
            events = search(events, person)
        if options["failures"]:
            events = events.filter(outcome__in=(Event.Outcome.FAILURE, Event.Outcome.STOPPED))
        return events

    def list_newest(self, events: QuerySet[Event], hours: float | None, limit: int) -> None:
        if limit < 1 or (hours is not None and not 0 < hours < 1_000_000):
            raise CommandError("--limit and --hours must be positive numbers.")
        if hours is not None:
            events = events.filter(created__gte=timezone.now() - timedelta(hours=hours))
        found = list(events[:limit])
        if self.as_json:
            self.print_json([event_data(each) for each in found])
            return
        titles = ("ID", "TIME", "CONNECTION", "ACTION", "OUTCOME", "STATUS", "OBJECT", "DETAIL")
        self.print_table(titles, [_row(each) for each in found])

    def follow(self, options: dict[str, Any]) -> None:
        """Print each new event as one line, until it is interrupted."""
        last = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        left = options["events"]
        while left is None or left > 0:
            new = self.chosen(options).filter(pk__gt=last).order_by("pk")[: left or 1000]
            for event in new:
                self.line(event)
                last, left = event.pk, None if left is None else left - 1
            if left != 0:
                time.sleep(INTERVAL)

    def line(self, event: Event) -> None:
        if self.as_json:
            self.stdout.write(json_line(event))
        else:
            self.stdout.write("  ".join(str(each) for each in _row(event) if each))
        self.stdout.flush()

    def explain(self, wanted: str) -> None:
        events = Event.objects.order_by("pk")
        is_number = wanted.isascii() and wanted.isdigit() and len(wanted) < 19
        found = list(events.filter(pk=int(wanted))) if is_number else []
        found = found or list(events.filter(correlation_id=wanted[:64]))
        if not found:
            raise CommandError(f"There is no event with the number or request id {wanted[:64]!r}.")
        data = [event_data(each) | {"advice": str(explain(each) or "")} for each in found]
        if self.as_json:
            self.print_json(data if len(data) > 1 else data[0])
            return
        for each in data:
            for name, value in each.items():
                if value not in ("", None, [], {}):
                    self.stdout.write(f"{name:18}{value}")
            self.stdout.write("")


def json_line(event: Event) -> str:
    return dumps(event_data(event), ensure_ascii=False, default=str)


def _row(event: Event) -> tuple[Any, ...]:
    return (
        event.pk,
        f"{event.created:%Y-%m-%d %H:%M:%S}",
        event.connection_name or "-",
        event.action,
        event.outcome,
        event.status or "",
        event.object_name or event.scim_id or "-",
        event.detail[:100],
    )

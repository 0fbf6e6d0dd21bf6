"""``manage.py scim_connection``: what the admin's page of a connection shows and does."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from ... import connections
from ...audit.administration import Actor
from ...connections.changes import OPTIONS
from ...models import Connection, UserLink
from ._output import ScimCommand, connection_named

LONGEST_OVERRIDE = 24 * 30


class Command(ScimCommand):
    help = "List, show, change, pause, resume and close connections, and override their guard."
    examples = (
        ("list", "list all connections"),
        ("show Okta --json", "print the settings, tokens and counts of a connection as JSON"),
        (
            'set Okta deletion=delete networks="203.0.113.0/24 198.51.100.7"',
            "change two settings",
        ),
        ("pause Okta", "reject all requests of a connection until it is resumed"),
        ("guard Okta --override 2", "let a stopped connection continue for two hours"),
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        for name, text in (
            ("list", "list all connections"),
            ("show", "show the settings, tokens, counts and guard of a connection"),
            ("set", "change settings of a connection"),
            ("pause", "reject all requests of a connection until it is resumed"),
            ("resume", "accept the requests of a paused connection again"),
            ("close", "pause a connection and revoke its tokens"),
            ("guard", "show the guard of a connection, or let a stopped connection go on"),
        ):
            action = actions.add_parser(name, help=text)
            if name != "list":
                action.add_argument("name", help="name of the connection, in any case")
            if name == "set":
                action.add_argument(
                    "changes",
                    nargs="+",
                    metavar="OPTION=VALUE",
                    help=f"the options are {', '.join(OPTIONS)}",
                )
            if name == "guard":
                action.add_argument(
                    "--override",
                    type=float,
                    metavar="HOURS",
                    help="let the connection go on, and turn its guard off for so long",
                )
            action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, action: str, json: bool, **options: Any) -> None:
        self.as_json, actor = json, Actor(f"scim_connection {action} on the command line")
        if action == "list":
            self.list_all()
            return
        connection = connection_named(options["name"])
        match action:
            case "set":
                self.change(connection, options["changes"], actor)
            case "pause":
                connections.pause(connection, actor=actor)
            case "resume":
                connections.resume(connection, actor=actor)
            case "close":
                connections.close(connection, actor=actor)
            case "guard" if options["override"] is not None:
                self.override(connection, options["override"], actor)
        connection.refresh_from_db()
        data = summary(connection)
        self.show(guard_summary(connection) if action == "guard" else data)

    def list_all(self) -> None:
        found = [summary(each) for each in Connection.objects.all()]
        if self.as_json:
            self.print_json(found)
            return
        titles = ("name", "state", "profile", "scope", "accounts", "tokens")
        rows = [[each[title] for title in titles] for each in found]
        self.print_table([each.upper() for each in titles], rows)

    def show(self, data: dict[str, Any]) -> None:
        if self.as_json:
            self.print_json(data)
            return
        width = max(map(len, data)) + 2
        for name, value in data.items():
            text = "; ".join(map(str, value)) if isinstance(value, list) else value
            text = {True: "yes", False: "no", None: "-", "": "-"}.get(text, text)
            self.stdout.write(f"{name:{width}}{text}")

    def change(self, connection: Connection, changes: list[str], actor: Actor) -> None:
        """Change the settings that were given as ``option=value``."""
        given = {}
        for each in changes:
            name, equals, value = each.partition("=")
            if not equals:
                raise CommandError(f"{each!r}: write OPTION=VALUE, such as profile=okta.")
            booleans = {"true": True, "yes": True, "false": False, "no": False}
            given[name] = booleans.get(value.lower(), value)
        if "networks" in given:
            given["networks"] = "\n".join(str(given["networks"]).split())
        try:
            changed = connections.change(connection, actor=actor, **given)
        except ValidationError as error:
            raise CommandError(_messages(error)) from None
        if not self.as_json:
            self.stdout.write(f"Changed: {', '.join(changed) or 'nothing'}.")

    def override(self, connection: Connection, hours: float, actor: Actor) -> None:
        if not 0 < hours <= LONGEST_OVERRIDE:
            raise CommandError(f"--override must be a number of hours, at most {LONGEST_OVERRIDE}.")
        connections.override_guard(connection, timedelta(hours=hours), actor=actor)


def _messages(error: ValidationError) -> str:
    if hasattr(error, "error_dict"):
        return "; ".join(f"{k}: {' '.join(v)}" for k, v in error.message_dict.items())
    return "; ".join(error.messages)


def summary(connection: Connection) -> dict[str, Any]:
    """Return the data that ``show`` prints about a connection."""
    guard = guard_summary(connection)
    links = UserLink.objects.filter(connection=connection, target__isnull=False)
    state = "stopped by its guard" if guard["tripped"] else "active"
    return {
        "name": connection.name,
        "state": state if connection.is_active else "paused",
        **{name: getattr(connection, name) for name in OPTIONS},
        "tenant": connection.tenant_key or None,
        "accounts": links.count(),
        "unconfirmed": links.filter(unconfirmed=True).count(),
        "tokens": [each.prefix for each in connection.tokens.usable()],
        "created": connection.created,
        "guard": guard["state"],
    }


def guard_summary(connection: Connection) -> dict[str, Any]:
    """Return the state of a connection's guard, and its counts of the current hour."""
    guard = connections.guard_of(connection)
    tripped = guard.tripped if guard else None
    until = guard.overridden_until if guard else None
    is_off = until is not None and until > timezone.now()
    counts = [
        f"{each.lost} of {each.total} ({each.kind}) since {each.started:%Y-%m-%d %H:%M}"
        for each in connection.guard_counts.all()
    ]
    return {
        "connection": connection.name,
        "state": "stopped" if tripped else "off" if is_off else "watching",
        "tripped": tripped,
        "overridden_until": until if is_off else None,
        "counts": counts,
        "limit": f"more than {connection.guard_count} and {connection.guard_percent} % in an hour",
    }

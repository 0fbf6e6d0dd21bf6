"""``manage.py scim_replay EVENT``: what would the request of an event do now?"""

import json
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...diagnosis.replay import NotReplayable, Replay, replay
from ...models import Event
from ._durations import positive
from ._output import ScimCommand


class Command(ScimCommand):
    help = (
        "Send the request of an event again, in a transaction that is rolled back, and print what "
        "would happen now. Nothing is changed in the database, and no signal of this package is "
        "sent; receivers of post_save and m2m_changed run. The exit status is 0 if the request "
        "would succeed, 1 if it would be refused, and 2 if the log does not have all of it."
    )
    exit_status = ""  # see help
    examples = (
        ("4711", "replay the event with the id 4711, as in the URL of its page"),
        ("4711 --json", "the same, with JSON as output"),
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("event", type=positive, help="id of the event")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, event: int, **options: Any) -> None:
        found = Event.objects.select_related("connection").filter(pk=event).first()
        if found is None:
            raise CommandError(f"There is no event {event}.", returncode=2)
        try:
            result = replay(found)
        except NotReplayable as error:
            if options["json"]:
                self.stdout.write(json.dumps({"event": event, "not_replayable": str(error)}))
                sys.exit(2)
            raise CommandError(
                f"Event {event} cannot be replayed: {error}.", returncode=2
            ) from None
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(result), ensure_ascii=False))
        else:
            self._show(result)
        if not result.is_success:
            sys.exit(1)

    def _show(self, result: Replay) -> None:
        event = result.event
        self.stdout.write(f"{event.method} {event.path} by {event.connection_name}")
        self.stdout.write(f"  then  {_line(event.status, event.scim_type, event.detail)}")
        self.stdout.write(f"  now   {_line(result.status, result.scim_type, result.detail)}")
        for title, changes in (("changed", event.changes), ("would change", result.changes)):
            for each in changes if result.is_different else ():
                old, new = (json.dumps(each.get(key), ensure_ascii=False) for key in ("old", "new"))
                self.stdout.write(f"  {title}: {each.get('path')}: {old} -> {new}")
        for note in result.notes:
            self.stdout.write(f"  note: {note}")
        same = "something else would happen" if result.is_different else "the same would happen"
        self.stdout.write(f"Now {same}. Nothing was written.")


def _line(status: int, scim_type: str, detail: str) -> str:
    return " ".join(filter(None, [str(status), scim_type, detail]))


def _as_json(result: Replay) -> dict[str, Any]:
    event = result.event
    return {
        "event": event.pk,
        "then": {
            "status": event.status,
            "scim_type": event.scim_type,
            "detail": event.detail,
            "outcome": str(event.outcome),
            "changes": event.changes,
        },
        "now": {
            "status": result.status,
            "scim_type": result.scim_type,
            "detail": result.detail,
            "outcome": result.outcome,
            "changes": result.changes,
        },
        "different": result.is_different,
        "notes": result.notes,
    }

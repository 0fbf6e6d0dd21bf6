"""``manage.py scim_prune``: delete old events of the audit log."""

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from ...audit.administration import Actor
from ...audit.retention import old_events, prune
from ...conf import settings
from ._durations import duration, positive
from ._output import ScimCommand
from ._progress import Progress


class Command(ScimCommand):
    help = (
        "Delete the events of the audit log that are older than an age. An event records how many "
        "were deleted. Run this once a day."
    )
    examples = (
        ("", "delete what is older than DJANGO_SCIM['EVENT_RETENTION'] days"),
        ("--older-than 90d --dry-run", "say how many events are older than 90 days"),
        ("--older-than 1w --batch-size 500 --json", "in small transactions, with JSON as output"),
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than",
            type=duration,
            metavar="AGE",
            help="such as 12h, 90d or 8w; default: EVENT_RETENTION days",
        )
        parser.add_argument(
            "--batch-size",
            type=positive,
            default=5_000,
            metavar="N",
            help="events of one transaction; default: 5000",
        )
        parser.add_argument("--dry-run", action="store_true", help="delete nothing, only count")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, older_than: timedelta | None, **options: Any) -> None:
        if older_than is None and settings.EVENT_RETENTION <= 0:
            raise CommandError(
                "Say how old events may be: --older-than 90d, or DJANGO_SCIM['EVENT_RETENTION']."
            )
        now = timezone.now()
        try:
            before = now - (older_than or timedelta(days=settings.EVENT_RETENTION))
        except OverflowError:
            raise CommandError("The age is too large.") from None
        is_dry, as_json = options["dry_run"], options["json"]
        count = (
            old_events(before) if is_dry else self._prune(before, options["batch_size"], as_json)
        )
        if as_json:
            answer = {"before": before.isoformat(), "events": count, "dry_run": is_dry}
            self.stdout.write(json.dumps(answer))
            return
        events = "event" if count == 1 else "events"
        verb = "would be" if is_dry else "was" if count == 1 else "were"
        self.stdout.write(f"{count} {events} before {before:%Y-%m-%d %H:%M} UTC {verb} deleted.")

    def _prune(self, before: Any, batch_size: int, is_quiet: bool) -> int:
        progress = None if is_quiet else Progress(self.stderr, "events deleted")
        deleted = 0
        for deleted in prune(before, batch_size, Actor("scim_prune on the command line")):
            if progress:
                progress(deleted)
        if progress:
            progress.end()
        return deleted

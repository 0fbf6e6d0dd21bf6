"""``manage.py scim_link``: give a connection the accounts that a site has already."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...adapters.matching import Survey, give_matching, survey
from ...models import Connection

SHOWN_CLASHES = 20


class Command(BaseCommand):
    help = (
        "Give a connection every account that its identity provider can recognise. Staff and "
        "superusers are never given, nor accounts that another connection has."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--connection", required=True, help="the connection's name")
        parser.add_argument(
            "--by", required=True, choices=("username", "email"), help="what it is recognised by"
        )
        parser.add_argument("--dry-run", action="store_true", help="show, and write nothing")

    def handle(self, *args: Any, connection: str, by: Any, dry_run: bool, **options: Any) -> None:
        found_connection = Connection.objects.filter(name=connection).first()
        if found_connection is None:
            raise CommandError(f"There is no connection {connection!r}; see scim_connect.")
        try:
            found = survey(found_connection, by)
        except LookupError as error:
            raise CommandError(str(error)) from None
        self._show(found, by)
        if dry_run:
            self.stdout.write("Nothing was written.")
            return
        count = give_matching(found_connection, found, self._progress)
        self.stdout.write(f"{count} accounts were given to {found_connection}.")

    def _show(self, found: Survey, by: str) -> None:
        for what, number in (
            ("to be given", len(found.matching)),
            ("given already", found.given),
            ("protected: staff and superusers", found.protected),
            ("held by another connection", found.held),
            (f"without {'a name' if by == 'username' else 'an address'}", found.nameless),
            (f"in a clash: one {by} for several accounts", found.clashing),
        ):
            self.stdout.write(f"{number:>8}  {what}")
        for text, number in list(found.clashes.items())[:SHOWN_CLASHES]:
            self.stdout.write(f"          clash: {text} ({number} accounts)")
        if len(found.clashes) > SHOWN_CLASHES:
            self.stdout.write(f"          and {len(found.clashes) - SHOWN_CLASHES} more clashes")

    def _progress(self, done: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"  {done} accounts given", ending="\r")
            self.stderr.flush()

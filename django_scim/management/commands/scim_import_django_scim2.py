"""``manage.py scim_import_django_scim2``: move a site from django-scim2 to this package."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...audit.administration import Actor
from ...contrib.django_scim2 import Imported, import_resources
from ...models import Connection

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Give a connection the users and groups that this site served with django-scim2, with the "
        "ids and externalIds that the identity provider knows. Accounts and groups are not "
        "changed. Run it before the migration that removes the columns of django-scim2. Example: "
        "scim_import_django_scim2 Okta --dry-run"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("connection", help="name of the connection; see scim_connect")
        parser.add_argument(
            "--owned",
            action="store_true",
            help=(
                "the identity provider created these accounts and groups, so that it may rename "
                "and, if the connection deletes permanently, delete them"
            ),
        )
        parser.add_argument("--dry-run", action="store_true", help="write nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, connection: str, **options: Any) -> None:
        chosen = Connection.objects.filter(name=connection).first()
        if chosen is None:
            names = ", ".join(Connection.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no connection {connection!r}. Connections: {names}.")
        try:
            results = import_resources(
                chosen,
                is_owner=options["owned"],
                actor=Actor("scim_import_django_scim2 on the command line"),
                dry_run=options["dry_run"],
            )
        except LookupError as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps([asdict(each) for each in results], indent=2))
            return
        for each in results:
            self._show(each, everything=options["verbosity"] > 1)
        if options["dry_run"]:
            self.stdout.write("Nothing was written.")

    def _show(self, result: Imported, *, everything: bool) -> None:
        self.stdout.write(f"{result.resource_type}:")
        for kind, number in (
            ("linked", result.linked),
            ("already linked", result.already_linked),
            ("left out", len(result.left_out)),
        ):
            self.stdout.write(f"{number:>8}  {kind}")
        shown = len(result.left_out) if everything else SHOWN
        for name, reason in sorted(result.left_out.items())[:shown]:
            self.stdout.write(f"          {name}: {reason}")
        if len(result.left_out) > shown:
            more = len(result.left_out) - shown
            self.stdout.write(f"          and {more} more; use --verbosity 2 to list all")

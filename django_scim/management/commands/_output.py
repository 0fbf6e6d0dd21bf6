"""Shared code of the commands: examples in the help, JSON output, and connections by name."""

import json
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    DjangoHelpFormatter,
)

from ...models import Connection
from ...primary import on_primary
from ._tables import require_tables

STATUS = "The exit status is 0 if it is done, 1 if it was refused, 2 for a wrong argument."


class ExampleFormatter(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Django's formatter, which keeps the lines of the examples."""


class ScimCommand(BaseCommand):
    """A command whose help ends with examples: lines of arguments, each with what it does.

    A command that ``needs_tables`` of this app says so if they do not exist.
    """

    examples: tuple[tuple[str, str], ...] = ()
    exit_status = STATUS
    needs_tables = True

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        lines = [
            f"  manage.py {subcommand} {arguments}\n      {text}"
            for arguments, text in self.examples
        ]
        kwargs |= {
            "formatter_class": ExampleFormatter,
            "epilog": "\n".join(["examples:", *lines, "", self.exit_status]).rstrip(),
        }
        return super().create_parser(prog_name, subcommand, **kwargs)

    @on_primary()
    def execute(self, *args: Any, **options: Any) -> Any:
        if self.needs_tables:
            require_tables()
        return super().execute(*args, **options)

    def print_json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, ensure_ascii=False, default=str, indent=2))

    def print_table(self, titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Print rows under their titles, in columns as wide as their longest text."""
        texts = [titles, *([str(each) for each in row] for row in rows)]
        widths = [max(len(row[n]) for row in texts) for n in range(len(titles))]
        for row in texts:
            cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
            self.stdout.write("  ".join(cells).rstrip())


def connection_named(name: str) -> Connection:
    """Return a connection by its name, compared without case. Raise CommandError."""
    found = Connection.named(name)
    if found is None:
        names = ", ".join(Connection.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no connection {name!r}. Connections: {names}.")
    return found

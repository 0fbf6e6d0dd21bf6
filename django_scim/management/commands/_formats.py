"""The form of the help of commands with examples."""

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter


class ExamplesFormatter(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Django's formatter, which keeps the lines of the examples."""


class CommandWithExamples(BaseCommand):
    """A command whose help ends with examples: lines of arguments, each with what it does."""

    examples: tuple[tuple[str, str], ...] = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        lines = [
            f"  manage.py {subcommand} {arguments}\n      {text}"
            for arguments, text in self.examples
        ]
        kwargs |= {
            "formatter_class": ExamplesFormatter,
            "epilog": "\n".join(["examples:", *lines]),
        }
        return super().create_parser(prog_name, subcommand, **kwargs)

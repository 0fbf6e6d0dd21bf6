"""``manage.py scim_token list|rotate|revoke``: manage the tokens of all connections."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ... import connections
from ...models import Token
from ._tables import require_tables


class Command(BaseCommand):
    help = "List, rotate or revoke tokens. Secrets are not stored, so they cannot be shown."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="list all tokens")
        listing.add_argument("connection", nargs="?", help="list only this connection's tokens")
        rotating = actions.add_parser("rotate", help="issue a successor for a token")
        rotating.add_argument("prefix", help="prefix of the token, as in the list")
        rotating.add_argument(
            "--overlap", type=int, metavar="DAYS", help="number of days the old token keeps working"
        )
        rotating.add_argument("--quiet", action="store_true", help="print only the new token")
        revoking = actions.add_parser("revoke", help="revoke a token immediately")
        revoking.add_argument("prefix", help="prefix of the token, as in the list")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        require_tables()
        match action:
            case "list":
                self.list(options["connection"])
            case "rotate":
                self.rotate(options["prefix"], options["overlap"], options["quiet"])
            case "revoke":
                self.revoke(options["prefix"])

    def list(self, connection: str | None) -> None:
        tokens = Token.objects.select_related("connection").order_by("connection__name", "created")
        if connection:
            tokens = tokens.filter(connection__name=connection)
        self.stdout.write(f"{'TOKEN':14}{'CONNECTION':20}{'STATE':10}{'EXPIRES':12}LAST USED")
        now = timezone.now()
        for token in tokens:
            expires = f"{token.expires:%Y-%m-%d}" if token.expires else "never"
            used = f"{token.last_used:%Y-%m-%d %H:%M}" if token.last_used else "never"
            name, state = token.connection.name[:18], _state(token, now)
            self.stdout.write(f"{token.prefix:14}{name:20}{state:10}{expires:12}{used}")

    def rotate(self, prefix: str, overlap: int | None, quiet: bool) -> None:
        token = self._usable(prefix)
        if overlap is not None and overlap < 0:
            raise CommandError("--overlap must be a number of days, 0 or more.")
        lasting = None if overlap is None else timedelta(days=overlap)
        try:
            issued = connections.rotate(token, overlap=lasting, actor=_actor())
        except ValueError as error:
            raise CommandError(f"{prefix}: {error}") from None
        if quiet:
            self.stdout.write(issued.secret)
            return
        self.stdout.write(f"Token       {issued.secret}")
        self.stdout.write(
            f"It is not shown again. {prefix} works until {token.expires:%Y-%m-%d %H:%M} UTC."
        )

    def revoke(self, prefix: str) -> None:
        token = self._usable(prefix)
        connections.revoke(token, actor=_actor())
        self.stdout.write(f"Revoked {prefix} of {token.connection}.")

    @staticmethod
    def _usable(prefix: str) -> Token:
        usable = Token.objects.usable().select_related("connection")
        found = list(usable.filter(prefix=prefix.rstrip("…")))
        if not found:
            raise CommandError(
                f"There is no usable token {prefix!r}. Run scim_token list to see all tokens."
            )
        if len(found) > 1:
            raise CommandError(f"{len(found)} tokens begin with {prefix!r}. Use the admin instead.")
        return found[0]


def _actor() -> connections.Actor:
    return connections.Actor("scim_token on the command line")


def _state(token: Token, now: Any) -> str:
    if token.revoked:
        return "revoked"
    if not token.is_usable(now):
        return "expired"
    return "replaced" if token.replaced_by_id else "usable"

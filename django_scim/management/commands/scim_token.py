"""``manage.py scim_token list|revoke``: the tokens of the site's connections."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...models import Token


class Command(BaseCommand):
    help = "List or revoke tokens. Their secrets are stored nowhere and cannot be shown."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="show every token")
        listing.add_argument("connection", nargs="?", help="only those of this connection")
        revoking = actions.add_parser("revoke", help="end a token at once")
        revoking.add_argument("prefix", help="the token's prefix, as the list shows it")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "list":
            self.list(options["connection"])
        else:
            self.revoke(options["prefix"])

    def list(self, connection: str | None) -> None:
        tokens = Token.objects.select_related("connection").order_by("connection__name", "created")
        if connection:
            tokens = tokens.filter(connection__name=connection)
        self.stdout.write(f"{'TOKEN':14}{'CONNECTION':20}{'STATE':10}{'EXPIRES':12}LAST USED")
        usable = set(Token.objects.usable().values_list("pk", flat=True))
        for token in tokens:
            state = "usable" if token.pk in usable else "revoked" if token.revoked else "expired"
            expires = f"{token.expires:%Y-%m-%d}" if token.expires else "never"
            used = f"{token.last_used:%Y-%m-%d %H:%M}" if token.last_used else "never"
            self.stdout.write(
                f"{token.prefix:14}{token.connection.name[:18]:20}{state:10}{expires:12}{used}"
            )

    def revoke(self, prefix: str) -> None:
        found = list(Token.objects.usable().filter(prefix=prefix))
        if not found:
            raise CommandError(f"There is no usable token {prefix!r}; see scim_token list.")
        if len(found) > 1:
            raise CommandError(
                f"{len(found)} tokens begin with {prefix!r}; revoke it in the admin."
            )
        found[0].revoke()
        self.stdout.write(f"Revoked {prefix} of {found[0].connection}.")

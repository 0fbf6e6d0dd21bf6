"""``manage.py scim_connect NAME``: print the base URL and a token for an identity provider."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import router, transaction

from ... import connections
from ...api.http.network import public_base
from ...audit.administration import Actor, Description, record
from ...conf import settings
from ...models import Connection
from ...primary import on_primary
from ._progress import Progress
from ._tables import require_tables


class Command(BaseCommand):
    help = "Issue a token for the connection of a given name. Create the connection if it is new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="name of the connection, such as Okta")
        parser.add_argument("--scope", choices=Connection.Scope.values, help="default: own")
        parser.add_argument("--profile", choices=list(settings.PROFILES), help="default: default")
        parser.add_argument(
            "--keep-written",
            action="store_true",
            help="when the scope changes from site to own: keep the accounts that the connection "
            "has written to",
        )
        parser.add_argument(
            "--update",
            action="store_true",
            help="change the scope or the profile of a connection that exists",
        )
        parser.add_argument("--quiet", action="store_true", help="print only the token")

    @on_primary()
    def handle(
        self,
        *args: Any,
        name: str,
        quiet: bool,
        keep_written: bool = False,
        update: bool = False,
        **options: Any,
    ) -> None:
        chosen = {key: options[key] for key in ("scope", "profile") if options[key]}
        actor = Actor("scim_connect on the command line")
        require_tables()
        connection = Connection.named(name) or Connection(name=name)
        changes = {k: v for k, v in chosen.items() if getattr(connection, k) != v}
        if connection.pk is not None and changes and not update:
            texts = [f"the {k} {getattr(connection, k)} to {v}" for k, v in changes.items()]
            raise CommandError(
                f"The connection {connection.name!r} exists. This would change "
                f"{' and '.join(texts)}; add --update to do so, or leave these options out to "
                f"issue another token."
            )
        try:
            scope = self._save(connection, chosen, actor)
            done = "linked" if scope == Connection.Scope.SITE else "withdrawn or kept"
            progress = None if quiet else Progress(self.stderr, f"accounts {done}")
            change = connections.set_scope(
                connection, scope, keep_written=keep_written, actor=actor, progress=progress
            )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        if scope == Connection.Scope.OWN:
            connections.prepare(connection)
        if progress:
            progress.end()
        usable = connection.tokens.usable().count()
        _, secret = connections.issue_token(connection, actor=actor)
        if quiet:
            self.stdout.write(secret)
            return
        self.stdout.write(
            f"Connection  {connection.name} ({connection.profile}, {connection.scope})"
        )
        if (before := change.before.total) != (after := change.after.total):
            self.stdout.write(f"Accounts    {before:,} before, {after:,} now")
        self.stdout.write(f"Base URL    {public_base('https://<this site>')}")
        self.stdout.write(f"Token       {secret}")
        self.stdout.write("Paste both into the identity provider. The token is not shown again.")
        if usable:
            self.stdout.write(
                f"Other tokens of this connection that can still be used: {usable}. See "
                f"manage.py scim_token list, and revoke those that are not needed."
            )

    @staticmethod
    def _save(connection: Connection, chosen: dict[str, str], actor: Actor) -> str:
        """Save a new or changed connection, and record the event. Raises ValidationError.

        Return its wanted scope. ``set_scope`` changes that of an existing connection.
        """
        is_new = connection.pk is None
        scope = connection.scope if is_new else chosen.pop("scope", connection.scope)
        changes = []
        for key, value in chosen.items():
            if is_new or getattr(connection, key) != value:
                old = None if is_new else getattr(connection, key)
                changes.append({"path": key, "old": old, "new": value})
                setattr(connection, key, value)
        if is_new or changes:
            connection.full_clean()
            with transaction.atomic(using=router.db_for_write(Connection)):
                connection.save()
                description = Description.CREATED if is_new else Description.CHANGED
                record(connection, description, actor, changes=changes)
        return connection.scope if is_new else scope

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
from ._progress import Progress


class Command(BaseCommand):
    help = "Issue a token for the connection of a given name. Create the connection if it is new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="name of the connection, such as Okta")
        parser.add_argument("--scope", choices=Connection.Scope.values, help="default: own")
        parser.add_argument("--profile", choices=list(settings.PROFILES), help="default: default")
        parser.add_argument("--quiet", action="store_true", help="print only the token")

    def handle(self, *args: Any, name: str, quiet: bool, **options: Any) -> None:
        chosen = {key: options[key] for key in ("scope", "profile") if options[key]}
        actor = Actor("scim_connect on the command line")
        connection = Connection.objects.filter(name=name).first() or Connection(name=name)
        try:
            self._save(connection, chosen, actor)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        progress = None if quiet else Progress(self.stderr, "accounts linked")
        connections.prepare(connection, progress)
        if progress:
            progress.end()
        _, secret = connections.issue_token(connection, actor=actor)
        if quiet:
            self.stdout.write(secret)
            return
        self.stdout.write(
            f"Connection  {connection.name} ({connection.profile}, {connection.scope})"
        )
        self.stdout.write(f"Base URL    {public_base('https://<this site>')}")
        self.stdout.write(f"Token       {secret}")
        self.stdout.write("Paste both into the identity provider. The token is not shown again.")

    @staticmethod
    def _save(connection: Connection, chosen: dict[str, str], actor: Actor) -> None:
        """Save a new or changed connection, and record the event. Raises ValidationError."""
        is_new = connection.pk is None
        changes = []
        for key, value in chosen.items():
            if is_new or getattr(connection, key) != value:
                old = None if is_new else getattr(connection, key)
                changes.append({"path": key, "old": old, "new": value})
                setattr(connection, key, value)
        if not (is_new or changes):
            return
        connection.full_clean()
        with transaction.atomic(using=router.db_for_write(Connection)):
            connection.save()
            description = Description.CREATED if is_new else Description.CHANGED
            record(connection, description, actor, changes=changes)

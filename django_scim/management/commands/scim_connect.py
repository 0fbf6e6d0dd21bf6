"""``manage.py scim_connect NAME``: everything that an identity provider asks for."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import NoReverseMatch, reverse

from ... import connections
from ...conf import settings
from ...models import Connection
from ...protocol.tolerances import PROFILES


class Command(BaseCommand):
    help = "Create a connection if there is none of that name, and issue a token for it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="how the site calls the identity provider")
        parser.add_argument("--scope", choices=Connection.Scope.values, help="default: own")
        parser.add_argument("--profile", choices=list(PROFILES), help="default: default")
        parser.add_argument("--quiet", action="store_true", help="print the token alone")

    def handle(self, *args: Any, name: str, quiet: bool, **options: Any) -> None:
        chosen = {key: options[key] for key in ("scope", "profile") if options[key]}
        progress = None if quiet else self._progress
        connection = Connection.objects.filter(name=name).first()
        try:
            if connection is None:
                connection = connections.create(name, progress=progress, **chosen)
            else:
                for key, value in chosen.items():
                    setattr(connection, key, value)
                connection.full_clean()
                connection.save()
                connections.prepare(connection, progress)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from None
        secret = connections.issue_token(connection).secret
        if quiet:
            self.stdout.write(secret)
            return
        self.stdout.write(
            f"Connection  {connection.name} ({connection.profile}, {connection.scope})"
        )
        self.stdout.write(f"Base URL    {base_url()}")
        self.stdout.write(f"Token       {secret}")
        self.stdout.write("The token is shown this once. Paste both into the identity provider.")

    def _progress(self, done: int) -> None:
        self.stderr.write(f"  {done} accounts linked", ending="\r")
        self.stderr.flush()


def base_url() -> str:
    """Return the SCIM base URL, or what can be said of it here."""
    try:
        path = reverse("django_scim:base").rstrip("/")
    except NoReverseMatch:
        return "(include django_scim.urls in the site's URLs first)"
    host = settings.BASE_URL.rstrip("/") or "https://<this site>"
    return f"{host}{path}"

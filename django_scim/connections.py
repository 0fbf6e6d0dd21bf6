"""Public API over connections, for a site's own settings page and for scripts."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.utils import timezone

from .adapters import linking, names
from .adapters.registry import scopes as available_scopes
from .conf import settings
from .models import Connection, Token


class IssuedToken(NamedTuple):
    """A new token, with the secret that is shown this once and stored nowhere."""

    token: Token
    secret: str


def create(
    name: str,
    *,
    profile: str = "default",
    scope: str = "own",
    progress: Callable[[int], None] | None = None,
    **options: Any,
) -> Connection:
    """Create a connection and prepare the site's users for it.

    Every user gets the key by which names are compared; with scope ``site`` also a link.
    Raises ValidationError for a name that is taken or a value that is none of the choices.
    """
    connection = Connection(name=name, profile=profile, scope=scope, **options)
    connection.full_clean()
    connection.save()
    prepare(connection, progress)
    return connection


def prepare(connection: Connection, progress: Callable[[int], None] | None = None) -> None:
    """Make keys for users without, and links for scope ``site``. It can be run again."""
    names.add_missing_keys(get_user_model()._default_manager.all())
    if connection.scope == Connection.Scope.SITE:
        linking.link_site(connection, progress)


def issue_token(
    connection: Connection,
    *,
    scopes: Iterable[str] | None = None,
    lifetime: timedelta | None = None,
) -> IssuedToken:
    """Issue a token. Without ``lifetime`` it lives as long as the settings say.

    Raises ValueError for a scope that does not exist.
    """
    known = available_scopes()
    wanted = known if scopes is None else list(scopes)
    if unknown := sorted(set(wanted) - set(known)):
        raise ValueError(f"unknown scopes: {', '.join(unknown)}; there are {', '.join(known)}")
    if lifetime is None and settings.TOKEN_DAYS:
        lifetime = timedelta(days=settings.TOKEN_DAYS)
    expires = timezone.now() + lifetime if lifetime else None
    return IssuedToken(*Token.issue(connection, wanted, expires))

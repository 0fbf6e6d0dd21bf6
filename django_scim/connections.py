"""Public API over connections, for a site's own settings page and for scripts.

Who may call it, the site decides: nothing here asks for a permission.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from .adapters import guarding, linking, names
from .adapters.registry import adapter_classes
from .adapters.registry import scopes as available_scopes
from .conf import settings
from .models import AbstractLink, Connection, Guard, Token, UserLink


class IssuedToken(NamedTuple):
    """A new token, with the secret that is shown this once and stored nowhere."""

    token: Token
    secret: str


def create(
    name: str,
    *,
    profile: str = "default",
    scope: str = "own",
    tenant: Any = None,
    progress: Callable[[int], None] | None = None,
    **options: Any,
) -> Connection:
    """Create a connection and prepare the site's users for it.

    Every user gets the key by which names are compared; with scope ``site`` also a link.
    ``tenant`` is the site's own object that the connection belongs to; ``options`` are other
    fields of Connection. Raises ValidationError for a name that is taken or a value that is none
    of the choices.
    """
    if tenant is not None:
        options["tenant"] = tenant
    connection = Connection(name=name, profile=profile, scope=scope, **options)
    policies = ("none", *settings.ADOPTION_POLICIES)
    if connection.adoption not in policies:
        raise ValidationError({"adoption": f"There are {', '.join(policies)}."})
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


def rotate(
    token: Token, *, overlap: timedelta | None = None, lifetime: timedelta | None = None
) -> IssuedToken:
    """Issue a successor with the same scopes; the old token works on for a while and then ends.

    Without ``overlap`` as long as the settings say. Raises ValueError for a token that is not
    usable any more.
    """
    now = timezone.now()
    with transaction.atomic():
        locked = Token.objects.select_for_update().get(pk=token.pk)
        if not locked.is_usable(now) or locked.replaced_by_id is not None:
            raise ValueError("only a usable token that has no successor can be rotated")
        issued = issue_token(locked.connection, scopes=locked.scopes, lifetime=lifetime)
        end = now + (timedelta(days=settings.TOKEN_OVERLAP_DAYS) if overlap is None else overlap)
        locked.expires = min(end, locked.expires) if locked.expires else end
        locked.replaced_by = issued.token
        locked.save(update_fields=["expires", "replaced_by"])
    token.refresh_from_db()
    return issued


def pause(connection: Connection) -> None:
    """Refuse every request of a connection, until ``resume``."""
    connection.is_active = False
    connection.save(update_fields=["is_active"])


def resume(connection: Connection) -> None:
    connection.is_active = True
    connection.save(update_fields=["is_active"])


def close(connection: Connection) -> None:
    """End a connection: it is paused and its tokens are revoked. What it made stays as it is."""
    with transaction.atomic():
        pause(connection)
        connection.tokens.filter(revoked=None).update(revoked=timezone.now())


# What a connection may touch


def give(connection: Connection, target: Any) -> AbstractLink:
    """Give a connection an object that the site has: a user, a group, an object of another type.

    A group is shared under its own name. Give one that carries permissions only with
    ``share_privileged``. Raises ValidationError for staff and superusers, for a group with
    permissions, and for a model that no resource type is on.
    """
    return _give(connection, target, share_privileged=False)


def share_privileged(connection: Connection, group: Any) -> AbstractLink:
    """Share a group although it carries permissions, which its members then get."""
    return _give(connection, group, share_privileged=True)


def _give(connection: Connection, target: Any, *, share_privileged: bool) -> AbstractLink:
    adapter = _adapter_of(target, connection)
    link = adapter.link._default_manager.filter(connection=connection, target=target).first()
    if link is not None:
        if link.automatic:
            link.automatic, link.given = False, True
            link.save(update_fields=["automatic", "given"])
        if getattr(link, "unconfirmed", False):
            confirm(link)  # an admin gives it on purpose
            link.unconfirmed = False
        return link  # type: ignore[no-any-return]
    link = adapter.link(connection=connection, target=target, given=True)
    privileges = getattr(target, "permissions", None)
    if privileges is not None and privileges.exists() and not share_privileged:
        raise ValidationError(f"{target} carries permissions, which every member would get.")
    adapter.adopt(link)
    link.save()
    if not adapter.link._default_manager.filter(adapter.unprotected(), pk=link.pk).exists():
        link.delete()
        raise ValidationError(f"{target} is protected: no connection may have it.")
    if isinstance(target, get_user_model()):
        names.write_key(target)
        linking.refresh_mirrors(target)
    return link  # type: ignore[no-any-return]


def take(connection: Connection, target: Any) -> None:
    """Take an object from a connection: to its client it is gone, on the site nothing changes."""
    adapter = _adapter_of(target, connection)
    for link in adapter.link._default_manager.filter(connection=connection, target=target):
        link.former, link.target = str(link.target_id), None
        link.save(update_fields=["former", "target"])


def confirm(link: UserLink) -> None:
    """Confirm that an adopted account is the connection's: it may change name and addresses."""
    UserLink.objects.filter(pk=link.pk).update(unconfirmed=False)


def _adapter_of(target: Any, connection: Connection) -> Any:
    for adapter in adapter_classes(connection).values():
        if isinstance(target, adapter.model):
            return adapter
    raise ValidationError(f"{target!r} is no object of any resource type.")


# The guard


def guard_of(connection: Connection) -> Guard | None:
    """Return what the guard has counted and whether it has stopped a connection."""
    return guarding.state(connection)  # type: ignore[no-any-return]


def lift_guard(connection: Connection, lasting: timedelta = Guard.WINDOW) -> None:
    """Let a connection go on that the guard has stopped, unguarded for a while."""
    guarding.lift(connection, lasting)

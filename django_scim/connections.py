"""Public API over connections, for a site's own settings page and for scripts.

Who may call it, the site decides: nothing here asks for a permission. Whoever passes an ``actor``
gets an event of each deed in the log, written in the deed's own transaction. A wrong argument is
refused with ValueError, or with ValidationError where a form could show it.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from .adapters import linking
from .adapters.accounts import usernames as names
from .adapters.registry import adapter_classes
from .adapters.registry import scopes as available_scopes
from .adapters.writing import guard as guarding
from .argument_validation import end_of, require, require_stored
from .audit.administration import Actor as Actor
from .audit.administration import Description, record
from .audit.explanations import explain as explain
from .conf import settings
from .models import AbstractLink, Connection, Guard, Token, UserLink
from .transactions import writing


class IssuedToken(NamedTuple):
    """A new token, with the secret that is shown this once and stored nowhere."""

    token: Token
    secret: str

    def __repr__(self) -> str:
        return f"<IssuedToken {self.token}>"


def create(
    name: str,
    *,
    profile: str = "default",
    scope: str = "own",
    tenant: Any = None,
    progress: Callable[[int], None] | None = None,
    actor: Actor | None = None,
    **options: Any,
) -> Connection:
    """Create a connection and prepare the site's users for it.

    Every user gets the key by which names are compared; with scope ``site`` also a link.
    ``tenant`` is the site's own object that the connection belongs to; ``options`` are other
    fields of Connection. Raises ValidationError for a name that is taken, a value that is none
    of the choices, a tenant that is not stored, and an option that there is not.
    """
    given = {"profile": profile, "scope": scope, **options}
    fields = {field.name for field in Connection._meta.concrete_fields if field.editable} - {"id"}
    if unknown := sorted(set(given) - fields):
        raise ValidationError(f"{', '.join(unknown)}: no option of a connection")
    connection = Connection(name=name, **given)
    if tenant is not None:
        _place_in(connection, tenant)
    policies = ("none", *settings.ADOPTION_POLICIES)
    if connection.adoption not in policies:
        raise ValidationError({"adoption": f"There are {', '.join(policies)}."})
    connection.full_clean()
    with writing():
        connection.save()
        changes = [{"path": key, "old": None, "new": getattr(connection, key)} for key in given]
        changes += [] if tenant is None else [{"path": "tenant", "old": None, "new": str(tenant)}]
        _note(actor, connection, Description.CREATED, changes=changes)
    prepare(connection, progress)
    return connection


def prepare(connection: Connection, progress: Callable[[int], None] | None = None) -> None:
    """Make keys for users without, and links for scope ``site``. It can be run again."""
    names.add_missing_keys(get_user_model()._default_manager.all())
    if connection.scope == Connection.Scope.SITE:
        linking.link_site(connection, progress)


# Whose a connection is


def for_tenant(tenant: Any) -> QuerySet[Connection]:
    """Return the connections of an object of the site's."""
    require_stored(tenant)
    kind = ContentType.objects.get_for_model(tenant)
    return Connection.objects.filter(tenant_type=kind, tenant_key=str(tenant.pk))


def set_tenant(connection: Connection, tenant: Any, *, actor: Actor | None = None) -> None:
    """Let a connection belong to another object of the site's, or with None to nobody.

    What the connection has stays its own; only whom it creates from now on is placed there.
    """
    with writing():
        require(connection, Connection)
        old = _tenant_name(connection)
        _place_in(connection, tenant)
        connection.save(update_fields=["tenant_type", "tenant_key"])
        change = {"path": "tenant", "old": old, "new": _tenant_name(connection)}
        _note(actor, connection, Description.CHANGED, changes=[change])


def _place_in(connection: Connection, tenant: Any) -> None:
    if tenant is not None:
        require_stored(tenant)
    connection.tenant = tenant
    connection.tenant_key = "" if tenant is None else str(tenant.pk)


def _tenant_name(connection: Connection) -> str | None:
    if connection.tenant_is_gone():
        return connection.tenant_key
    return str(connection.tenant) if connection.has_tenant else None


# Tokens


def issue_token(
    connection: Connection,
    *,
    scopes: Iterable[str] | None = None,
    lifetime: timedelta | None = None,
    actor: Actor | None = None,
) -> IssuedToken:
    """Issue a token. Without ``lifetime`` it lives as long as the settings say.

    Raises ValueError for a scope that does not exist, and for a lifetime that is none.
    """
    known = available_scopes()
    if isinstance(scopes, str) or not isinstance(scopes, Iterable | None):
        raise ValueError(f"scopes are a list, such as {known[:1]}")
    wanted = known if scopes is None else list(scopes)
    if unknown := [str(each) for each in wanted if each not in known]:
        raise ValueError(f"unknown scopes: {', '.join(unknown)}; there are {', '.join(known)}")
    if lifetime is None and settings.TOKEN_DAYS:
        lifetime = timedelta(days=settings.TOKEN_DAYS)
    expires = None if lifetime is None else end_of("lifetime", lifetime)
    with writing():
        require(connection, Connection)
        issued = IssuedToken(*Token.issue(connection, wanted, expires))
        _note(actor, connection, Description.TOKEN_ISSUED, [issued.token])
    return issued


def rotate(
    token: Token,
    *,
    overlap: timedelta | None = None,
    lifetime: timedelta | None = None,
    actor: Actor | None = None,
) -> IssuedToken:
    """Issue a successor with the same scopes; the old token works on for a while and then ends.

    Without ``overlap`` as long as the settings say; with none of it the old token ends at once.
    Raises ValueError for a token that is not usable any more.
    """
    if overlap is None:
        overlap = timedelta(days=settings.TOKEN_OVERLAP_DAYS)
    end = end_of("overlap", overlap, may_be_nothing=True)
    with writing():
        require(token, Token)
        locked = Token.objects.select_for_update().get(pk=token.pk)
        if not locked.is_usable(timezone.now()) or locked.replaced_by_id is not None:
            raise ValueError("only a usable token that has no successor can be rotated")
        issued = issue_token(locked.connection, scopes=locked.scopes, lifetime=lifetime)
        locked.expires = min(end, locked.expires) if locked.expires else end
        locked.replaced_by = issued.token
        locked.save(update_fields=["expires", "replaced_by"])
        change = {"path": "successor", "old": None, "new": str(issued.token)}
        _note(actor, locked.connection, Description.TOKEN_ROTATED, [token], [change])
    token.refresh_from_db()
    return issued


def revoke(token: Token, *, actor: Actor | None = None) -> None:
    """End a token at once. One that is revoked already stays so, without another event."""
    with writing():
        require(token, Token)
        locked = Token.objects.select_for_update().get(pk=token.pk)
        if locked.revoked is None:
            locked.revoke()
            _note(actor, locked.connection, Description.TOKEN_REVOKED, [token])
    token.refresh_from_db()


# The connection as a whole


def pause(connection: Connection, *, actor: Actor | None = None) -> None:
    """Refuse every request of a connection, until ``resume``."""
    _set_active(connection, False, Description.PAUSED, actor)


def resume(connection: Connection, *, actor: Actor | None = None) -> None:
    _set_active(connection, True, Description.RESUMED, actor)


def close(connection: Connection, *, actor: Actor | None = None) -> None:
    """End a connection: it is paused and its tokens are revoked. What it made stays as it is."""
    with writing():
        _set_active(connection, False, Description.CLOSED, actor)
        connection.tokens.filter(revoked=None).update(revoked=timezone.now())


def _set_active(connection: Connection, value: bool, deed: str, actor: Actor | None) -> None:
    with writing():
        require(connection, Connection)
        connection.is_active = value
        connection.save(update_fields=["is_active"])
        _note(actor, connection, deed)


# What a connection may touch


def assign(connection: Connection, target: Any, *, actor: Actor | None = None) -> AbstractLink:
    """Give a connection an object that the site has: a user, a group, an object of another type.

    A group is shared under its own name. Give one that carries permissions only with
    ``share_privileged``. Raises ValidationError for staff and superusers, for a group with
    permissions, and for a model that no resource type is on.
    """
    return _assign(connection, target, share_privileged=False, actor=actor)


def share_privileged(
    connection: Connection, group: Any, *, actor: Actor | None = None
) -> AbstractLink:
    """Share a group although it carries permissions, which its members then get."""
    return _assign(connection, group, share_privileged=True, actor=actor)


def _assign(
    connection: Connection, target: Any, *, share_privileged: bool, actor: Actor | None
) -> AbstractLink:
    with writing():
        require(connection, Connection)
        adapter = _adapter_of(target, connection)
        link = adapter.link._default_manager.filter(connection=connection, target=target).first()
        privileges = getattr(target, "permissions", None)
        is_privileged = privileges is not None and privileges.exists()
        if link is None:
            if is_privileged and not share_privileged:
                raise ValidationError(
                    f"{target} carries permissions, which every member would get."
                )
            link = _new_link(adapter, connection, target)
        elif link.created_by_scope:
            link.created_by_scope, link.preexisting = False, True
            link.save(update_fields=["created_by_scope", "preexisting"])
        if getattr(link, "unconfirmed", False):
            confirm(link)  # an admin gives it on purpose
            link.unconfirmed = False
        what = Description.ASSIGNED_WITH_PERMISSIONS if is_privileged else Description.ASSIGNED
        _note(actor, connection, what, [link])
    given: AbstractLink = link
    return given


def _new_link(adapter: Any, connection: Connection, target: Any) -> Any:
    link = adapter.link(connection=connection, target=target, preexisting=True)
    adapter.adopt(link)
    link.save()
    if not adapter.link._default_manager.filter(adapter.unprotected(), pk=link.pk).exists():
        raise ValidationError(f"{target} is protected: no connection may have it.")
    if isinstance(target, get_user_model()):
        names.write_key(target)
        linking.refresh_mirrors(target)
    return link


def unassign(connection: Connection, target: Any, *, actor: Actor | None = None) -> None:
    """Take an object from a connection: to its client it is gone, on the site nothing changes."""
    with writing():
        require(connection, Connection)
        adapter = _adapter_of(target, connection)
        for link in adapter.link._default_manager.filter(connection=connection, target=target):
            _note(actor, connection, Description.UNASSIGNED, [link])
            link.former_target_key, link.target = str(link.target_id), None
            link.save(update_fields=["former_target_key", "target"])


def confirm(link: UserLink, *, actor: Actor | None = None) -> None:
    """Confirm that an adopted account is the connection's: it may change name and addresses."""
    with writing():
        require(link, UserLink)
        UserLink.objects.filter(pk=link.pk).update(unconfirmed=False)
        _note(actor, link.connection, Description.CONFIRMED, [link])


def _adapter_of(target: Any, connection: Connection) -> Any:
    for adapter in adapter_classes(connection).values():
        if isinstance(target, adapter.model) and target.pk is not None:
            return adapter
    raise ValidationError(f"{target!r} is no object of any resource type.")


# The guard


def guard_of(connection: Connection) -> Guard | None:
    """Return what the guard has counted and whether it has stopped a connection."""
    found: Guard | None = guarding.state(connection)
    return found


def override_guard(
    connection: Connection, lasting: timedelta = Guard.WINDOW, *, actor: Actor | None = None
) -> None:
    """Let a connection go on that the guard has stopped, unguarded for a while."""
    end_of("lasting", lasting)
    with writing():
        require(connection, Connection)
        guard = guard_of(connection)
        counted = ", ".join(guarding.counted_until_trip(guard)) if guard else ""
        guarding.override(connection, lasting)
        stopped_at = f" (stopped at {counted})" if counted else ""
        _note(actor, connection, f"{Description.GUARD_OVERRIDDEN}{stopped_at}")


def _note(
    actor: Actor | None,
    connection: Connection,
    deed: str,
    objects: Iterable[Any] = (),
    changes: Iterable[dict[str, Any]] = (),
) -> None:
    """Write the event of a deed, in its transaction, where it is said whose it is."""
    if actor is not None:
        require(actor, Actor)
        record(connection, deed, actor, objects, changes)

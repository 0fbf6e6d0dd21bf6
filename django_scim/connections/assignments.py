"""Assign existing objects of the site to a connection, and confirm adopted accounts."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..adapters import linking
from ..adapters.accounts import usernames
from ..adapters.registry import adapter_classes
from ..adapters.writing.locks import for_update, locked
from ..argument_validation import require
from ..audit.administration import Actor, Description
from ..models import AbstractLink, Connection, UserLink
from ..transactions import writing
from .events import record_for


def assign(connection: Connection, target: Any, *, actor: Actor | None = None) -> AbstractLink:
    """Assign a user, a group or an object of another resource type to a connection.

    A group keeps its name. Use ``share_privileged`` for a group that has permissions. Raises
    ValidationError for a protected account (staff, superuser), for a group that has permissions,
    and for a model that has no resource type.
    """
    return _assign(connection, target, share_privileged=False, actor=actor)


def share_privileged(
    connection: Connection, group: Any, *, actor: Actor | None = None
) -> AbstractLink:
    """Assign a group even if it has permissions, which all members will get."""
    return _assign(connection, group, share_privileged=True, actor=actor)


def _assign(
    connection: Connection, target: Any, *, share_privileged: bool, actor: Actor | None
) -> AbstractLink:
    with writing():
        require(connection, Connection)
        adapter = _adapter_of(target, connection)
        own = adapter.link._default_manager.filter(connection=connection)
        link = _lock(adapter, own, target)
        permissions = getattr(target, "permissions", None)
        is_privileged = permissions is not None and permissions.exists()
        if link is None:
            if is_privileged and not share_privileged:
                raise ValidationError(
                    _("%(object)s has permissions, which every member would get."),
                    params={"object": target},
                )
            link = _new_link(adapter, connection, target)
            tombstones = own.filter(former_target_key=str(target.pk))
            tombstones.update(unassigned=False, granted_by_scope=False)
        elif link.created_by_scope or link.granted_by_scope:
            link.created_by_scope = link.granted_by_scope = False
            link.preexisting = True
            link.save(update_fields=["created_by_scope", "granted_by_scope", "preexisting"])
        if getattr(link, "unconfirmed", False):
            confirm(link)
            link.unconfirmed = False
        with_permissions = Description.ASSIGNED_WITH_PERMISSIONS
        description = with_permissions if is_privileged else Description.ASSIGNED
        record_for(actor, connection, description, [link])
    assigned: AbstractLink = link
    return assigned


def _new_link(adapter: Any, connection: Connection, target: Any) -> Any:
    adapter.link.end_releases([target.pk])
    link = adapter.link(connection=connection, target=target, preexisting=True)
    adapter.adopt(link)
    link.save()
    if not adapter.link._default_manager.filter(adapter.unprotected(), pk=link.pk).exists():
        raise ValidationError(
            _("%(object)s is protected and cannot be assigned to a connection."),
            params={"object": target},
        )
    if isinstance(target, get_user_model()):
        usernames.write_key(target)
        linking.refresh_mirrors(target)
    return link


def unassign(connection: Connection, target: Any, *, actor: Actor | None = None) -> None:
    """Remove an object from a connection. Its client sees a deletion; the object is unchanged.

    The connection cannot get an account back by creating the user again, even if it has deleted
    the account itself; only ``assign`` returns it.
    """
    with writing():
        require(connection, Connection)
        adapter = _adapter_of(target, connection)
        own = adapter.link._default_manager.filter(connection=connection)
        if (link := _lock(adapter, own, target)) is not None:
            record_for(actor, connection, Description.UNASSIGNED, [link])
            link.detach()
        adapter.link.end_releases([target.pk])
        # Not granted by the scope: a later change of the scope does not return the object either.
        tombstones = own.filter(former_target_key=str(target.pk))
        tombstones.update(unassigned=True, granted_by_scope=False)


def confirm(link: UserLink, *, actor: Actor | None = None) -> None:
    """Confirm an adopted account: the connection may then change its user name and e-mail.

    It may also activate an account that was inactive when it got it; this does not activate it.
    """
    with writing():
        require(link, UserLink)
        UserLink.objects.filter(pk=link.pk).update(unconfirmed=False, held_inactive=False)
        record_for(actor, link.connection, Description.CONFIRMED, [link])


def _lock(adapter: Any, links: Any, target: Any) -> Any:
    """Lock an object and the connection's link to it. Return the link, or None.

    Then no request can delete, adopt or revive the object at the same time.
    """
    link = locked(links.filter(target=target), adapter.model)
    if link is None:
        for_update(adapter.model._base_manager.filter(pk=target.pk)).first()
    return link


def _adapter_of(target: Any, connection: Connection) -> Any:
    for adapter in adapter_classes(connection).values():
        if isinstance(target, adapter.model) and target.pk is not None:
            return adapter
    raise ValidationError(
        _("%(object)r is not a stored object of any resource type."), params={"object": target}
    )

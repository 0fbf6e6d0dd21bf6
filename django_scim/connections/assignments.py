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
    return assign_object(connection, target, is_privileged=False, actor=actor)


def assign_object(
    connection: Connection, target: Any, *, is_privileged: bool, actor: Actor | None
) -> AbstractLink:
    """Assign an object as ``assign`` does; with ``is_privileged``, mark its link as privileged."""
    with writing():
        require(connection, Connection)
        adapter = adapter_of(target, connection)
        own = adapter.link._default_manager.filter(connection=connection)
        link = lock_link(adapter, own, target)
        has_permissions, is_new = carries_permissions(adapter, target), link is None
        if link is None:
            if has_permissions and not is_privileged:
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
        is_marked = is_privileged and not link.privileged
        if is_marked:
            link.privileged = True
            link.save(update_fields=["privileged"])
        if is_new and is_marked and has_permissions:
            record_for(actor, connection, Description.ASSIGNED_WITH_PERMISSIONS, [link])
        else:
            if is_new or not is_marked:
                record_for(actor, connection, Description.ASSIGNED, [link])
            if is_marked:
                record_for(actor, connection, Description.SHARED, [link])
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
        adapter = adapter_of(target, connection)
        own = adapter.link._default_manager.filter(connection=connection)
        if (link := lock_link(adapter, own, target)) is not None:
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


def lock_link(adapter: Any, links: Any, target: Any) -> Any:
    """Lock an object and the connection's link to it. Return the link, or None.

    Then no request can delete, adopt or revive the object at the same time.
    """
    link = locked(links.filter(target=target), adapter.model)
    if link is None:
        for_update(adapter.model._base_manager.filter(pk=target.pk)).first()
    return link


def carries_permissions(adapter: Any, target: Any) -> bool:
    """Return whether the members of an object get permissions."""
    privileged = adapter.declaration().privileged
    return privileged is not None and bool(privileged.filter(pk=target.pk).exists())


def adapter_of(target: Any, connection: Connection) -> Any:
    """Return the adapter class of a stored object. Raise ValidationError if no adapter fits."""
    for adapter in adapter_classes(connection).values():
        if isinstance(target, adapter.model) and target.pk is not None:
            return adapter
    raise ValidationError(
        _("%(object)r is not a stored object of any resource type."), params={"object": target}
    )

"""Allow a connection to change objects that have permissions, and list such objects."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q

from ..adapters.registry import adapter_classes
from ..argument_validation import require
from ..audit.administration import Actor, Description
from ..conf import settings
from ..models import AbstractLink, Connection
from ..transactions import writing
from .assignments import adapter_of, assign_object, lock_link
from .events import record_for


def share_privileged(
    connection: Connection, group: Any, *, actor: Actor | None = None
) -> AbstractLink:
    """Assign a group even if it has permissions, and mark its link as privileged.

    The connection may then change its members, who get all permissions that the group has or will
    have. A group that the connection has already is only marked.
    """
    return assign_object(connection, group, is_privileged=True, actor=actor)


def unshare_privileged(connection: Connection, group: Any, *, actor: Actor | None = None) -> None:
    """Remove the mark of ``share_privileged``. The connection keeps the group and its members.

    While the group has permissions, the connection cannot change its members.
    """
    with writing():
        require(connection, Connection)
        adapter = adapter_of(group, connection)
        own = adapter.link._default_manager.filter(connection=connection)
        link = lock_link(adapter, own, group)
        if link is not None and link.privileged:
            link.privileged = False
            link.save(update_fields=["privileged"])
            record_for(actor, connection, Description.UNSHARED, [link])


def privileged_links(connection: Connection | None = None, using: str = "") -> list[Any]:
    """Return the links to objects that have permissions, of one connection or of all.

    ``link.privileged`` tells whether an admin allowed the connection to change the object.
    ``using`` is the alias of the database to read.
    """
    found: list[Any] = []
    for adapter, condition in _adapters(connection, using):
        privileged = adapter.declaration().privileged
        if privileged is None:
            continue
        links, objects = adapter.link._default_manager.all(), privileged.all()
        if using:
            links, objects = links.using(using), objects.using(using)
        links = links.filter(condition, target__in=objects.values("pk"))
        found += links.select_related("connection", "target").order_by("pk")
    return sorted(found, key=lambda link: link.connection_id)


def _adapters(connection: Connection | None, using: str) -> Iterator[tuple[Any, Q]]:
    """Yield every adapter class, with a condition on the links that it serves."""
    if connection is not None:
        for adapter in adapter_classes(connection).values():
            yield adapter, Q(connection=connection)
        return
    special = list(settings.CONNECTION_ADAPTERS)
    if special:
        for each in Connection.objects.using(using or None).filter(name__in=special):
            yield from _adapters(each, using)
    for adapter in adapter_classes().values():
        yield adapter, ~Q(connection__name__in=special) if special else Q()

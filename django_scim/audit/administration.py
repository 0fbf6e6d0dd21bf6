"""Events for changes that admins make to a connection, in the admin or on the command line."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from ..adapters import Registry
from ..models import AbstractLink, Connection, Event, Token
from ..protocol.tolerances import Tolerances
from .recorder import printable


@dataclass(frozen=True)
class Actor:
    """The originator of a change, such as "admin ada" or "scim_link on the command line".

    Create one for each request: its events share a correlation id.
    """

    name: str
    address: str | None = None
    user_agent: str = ""
    correlation_id: str = field(default_factory=lambda: uuid4().hex)


def record(
    connection: Connection,
    description: str,
    actor: Actor,
    objects: Iterable[Any] = (),
    changes: Iterable[dict[str, Any]] = (),
) -> None:
    """Write an event for each changed token or link; without ``objects``, one for the connection.

    Call this in the transaction of the change. The event of a link names the link's target.
    """
    changed = list(objects) or [connection]
    adapters = _adapters_by_link(connection) if isinstance(changed[0], AbstractLink) else {}
    template = Event(
        connection=connection,
        connection_name=connection.name,
        action=Event.Action.ADMINISTRATION,
        outcome=Event.Outcome.SUCCESS,
        detail=printable(f"{description} by {actor.name}"),
        changes=list(changes),
        correlation_id=actor.correlation_id,
        address=actor.address,
        user_agent=printable(actor.user_agent)[:255],
    )
    Event.objects.bulk_create(_copy(template, _names(each, adapters)) for each in changed)


def _copy(template: Event, names: dict[str, Any]) -> Event:
    event = copy.copy(template)
    for name, value in names.items():
        setattr(event, name, value)
    return event


def _names(changed: Any, adapters: dict[Any, Any]) -> dict[str, Any]:
    if not isinstance(changed, AbstractLink):
        name = changed.prefix if isinstance(changed, Token) else str(changed)
        return _object(changed._meta.label_lower, changed.pk, name)
    link: Any = changed
    adapter = adapters.get(type(link))
    label = type(link)._meta.get_field("target").related_model._meta.label_lower
    name = adapter.name_of(link) if adapter else str(link.target)
    return _object(label, link.target_id, name) | {
        "resource_type": adapter.name if adapter else "",
        "scim_id": link.scim_id,
        "external_id": link.external_id,
    }


def _object(label: str, key: Any, name: str) -> dict[str, Any]:
    return {"object_type": label, "object_key": str(key)[:64], "object_name": name[:256]}


def _adapters_by_link(connection: Connection) -> dict[Any, Any]:
    """Return the adapter of each link model, for the names of the links' targets."""
    registry = Registry(connection, Tolerances(connection.tolerated), "")
    return {adapter.link: adapter for adapter in map(registry.adapter, registry.names())}

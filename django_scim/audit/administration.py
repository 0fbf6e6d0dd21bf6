"""The events of what admins do to a connection, in the admin and on the command line."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.db.models.base import ModelState

from ..adapters import Registry
from ..models import AbstractLink, Connection, Event, Token
from ..protocol.tolerances import Tolerances
from .recorder import printable


@dataclass(frozen=True)
class Actor:
    """Who does it: "admin ada", "scim_link on the command line". One for each request."""

    name: str
    address: str | None = None
    user_agent: str = ""
    correlation_id: str = field(default_factory=lambda: uuid4().hex)


def record(
    connection: Connection,
    deed: str,
    actor: Actor,
    objects: Iterable[Any] = (),
    changes: Iterable[dict[str, Any]] = (),
) -> None:
    """Write one event for each token or link that a deed is about, else one for the connection.

    To be called in the transaction of the deed. A link is recorded as the object behind it.
    """
    about = list(objects) or [connection]
    names = _namers(connection) if isinstance(about[0], AbstractLink) else {}
    pattern = Event(
        connection=connection,
        connection_name=connection.name,
        action=Event.Action.ADMINISTRATION,
        outcome=Event.Outcome.SUCCESS,
        detail=printable(f"{deed} by {actor.name}"),
        changes=list(changes),
        correlation_id=actor.correlation_id,
        address=actor.address,
        user_agent=printable(actor.user_agent)[:255],
    )
    Event.objects.bulk_create(_event(pattern, _named(each, names)) for each in about)


def _event(pattern: Event, named: dict[str, Any]) -> Event:
    event = copy.copy(pattern)
    event._state = ModelState()
    event.__dict__.update(named)
    return event


def _named(about: Any, names: dict[Any, Any]) -> dict[str, Any]:
    if not isinstance(about, AbstractLink):
        name = about.prefix if isinstance(about, Token) else str(about)
        return _object(about._meta.label_lower, about.pk, name)
    link: Any = about
    adapter = names.get(type(link))
    label = type(link)._meta.get_field("target").related_model._meta.label_lower
    name = adapter.name_of(link) if adapter else str(link.target)
    return _object(label, link.target_id, name) | {
        "resource_type": adapter.name if adapter else "",
        "scim_id": link.scim_id,
        "external_id": link.external_id,
    }


def _object(label: str, key: Any, name: str) -> dict[str, Any]:
    return {"object_type": label, "object_key": str(key)[:64], "object_name": name[:256]}


def _namers(connection: Connection) -> dict[Any, Any]:
    """Return the adapter of each kind of link: it knows what an object is called."""
    registry = Registry(connection, Tolerances(connection.tolerated), "")
    return {adapter.link: adapter for adapter in map(registry.adapter, registry.names())}

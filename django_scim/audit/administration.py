"""Events for changes that admins make to a connection, in the admin or on the command line."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext_noop

from ..adapters import Registry
from ..models import AbstractLink, Connection, Event, Token
from ..protocol.tolerances import Tolerances
from .event_log import log_events
from .naming import known_names
from .recorder import set_object
from .redacted_text import DETAIL_LIMIT, shown_text


class Description(StrEnum):
    """Descriptions of the changes that admins make; ``{}`` stands for the token or object.

    Events store them in English. ``explanations.acts`` translates them for the reader.
    """

    CREATED = gettext_noop("connection created")
    CHANGED = gettext_noop("settings changed")
    SCOPE_CHANGED = gettext_noop("scope changed")
    SCOPE_LINKED = gettext_noop("accounts of the site linked")
    SCOPE_WITHDRAWN = gettext_noop("accounts of the site withdrawn")
    DELETED = gettext_noop("connection deleted")
    PAUSED = gettext_noop("connection paused")
    RESUMED = gettext_noop("connection resumed")
    CLOSED = gettext_noop("connection closed and its tokens revoked")
    GUARD_OVERRIDDEN = gettext_noop("guard overridden")
    TOKEN_ISSUED = gettext_noop("token {} issued")  # nosec B105
    TOKEN_ROTATED = gettext_noop("token {} rotated")  # nosec B105
    TOKEN_REVOKED = gettext_noop("token {} revoked")  # nosec B105
    ASSIGNED = gettext_noop("{} assigned to the connection")
    ASSIGNED_WITH_PERMISSIONS = gettext_noop("{}, with its permissions, assigned to the connection")
    SHARED = gettext_noop(
        "{} marked as privileged: the connection may change it while it has permissions"
    )
    UNSHARED = gettext_noop("{} no longer marked as privileged")
    UNASSIGNED = gettext_noop("{} unassigned from the connection")
    CONFIRMED = gettext_noop("link of {} confirmed")
    EXPORTED = gettext_noop("events exported")
    PRUNED = gettext_noop("{} events deleted")


@dataclass(frozen=True)
class Actor:
    """The originator of a change, such as "admin ada" or "scim_link on the command line".

    Create one for each request: its events share a correlation id.
    """

    name: str
    address: str | None = None
    user_agent: str = ""
    correlation_id: str = field(default_factory=lambda: uuid4().hex)

    def log(self, connection: Connection, subject: Any, text: str) -> None:
        """Log a change elsewhere, too: a hook, called after its event in the same transaction."""


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
    subjects = list(objects) or [connection]
    adapters = _adapters_by_link(connection) if isinstance(subjects[0], AbstractLink) else {}
    template = Event(
        connection=connection,
        connection_name=connection.name,
        action=Event.Action.ADMINISTRATION,
        outcome=Event.Outcome.SUCCESS,
        changes=list(changes),
        correlation_id=actor.correlation_id,
        address=actor.address,
        user_agent=shown_text(actor.user_agent, 255),
    )
    events, texts = [], []
    for subject in subjects:
        event = copy.copy(template)
        texts.append(description.format(_set_subject(event, subject, adapters)))
        event.detail = shown_text(f"{texts[-1]} by {actor.name}", DETAIL_LIMIT)
        events.append(event)
    Event.objects.bulk_create(events)
    log_events(events)
    for subject, text in zip(subjects, texts, strict=True):
        actor.log(connection, subject, text)


def record_act(
    text: str, actor: Actor, connection: Connection | None = None, changes: Any = ()
) -> None:
    """Write an event for an act that concerns no single object, such as an export."""
    event = Event(
        connection=connection,
        connection_name=connection.name if connection else "",
        action=Event.Action.ADMINISTRATION,
        outcome=Event.Outcome.SUCCESS,
        changes=list(changes),
        correlation_id=actor.correlation_id,
        address=actor.address,
        user_agent=shown_text(actor.user_agent, 255),
        detail=shown_text(f"{text} by {actor.name}", DETAIL_LIMIT),
    )
    event.save(force_insert=True)
    log_events([event])


def _set_subject(event: Event, subject: Any, adapters: dict[type, Any]) -> str:
    """Store the token, link or connection of an event; return its name for the description."""
    if not isinstance(subject, AbstractLink):
        event.object_type, event.object_key = subject._meta.label_lower, str(subject.pk)
        event.object_name = subject.prefix if isinstance(subject, Token) else str(subject)
        return str(subject)
    adapter = adapters.get(type(subject))
    name = adapter.name_of(subject) if adapter else str(subject.target)  # type: ignore[attr-defined]
    event.resource_type = adapter.name if adapter else ""
    paths = adapter.declared.subject if adapter else None
    set_object(event, subject, name, known_names(subject, adapter) if adapter else None, paths)
    return name


def _adapters_by_link(connection: Connection) -> dict[type, Any]:
    """Return the adapter of each link model, for the names of the links' targets."""
    registry = Registry(connection, Tolerances(connection.tolerated), "")
    return {adapter.link: adapter for adapter in map(registry.adapter, registry.names())}

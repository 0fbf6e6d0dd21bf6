"""Record the changes that the public API makes."""

from collections.abc import Iterable
from typing import Any

from ..argument_validation import require
from ..audit.administration import Actor, record
from ..models import Connection


def record_for(
    actor: Actor | None,
    connection: Connection,
    description: str,
    objects: Iterable[Any] = (),
    changes: Iterable[dict[str, Any]] = (),
) -> None:
    """Record an administration event if an actor is given.

    Call this in the transaction of the change. Raises ValueError if ``actor`` is no Actor.
    """
    if actor is not None:
        require(actor, Actor)
        record(connection, description, actor, objects, changes)

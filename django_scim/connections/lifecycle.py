"""Pause, resume and close connections."""

from django.utils import timezone

from ..argument_validation import require
from ..audit.administration import Actor, Description
from ..models import Connection
from ..transactions import writing
from .events import record_for


def pause(connection: Connection, *, actor: Actor | None = None) -> None:
    """Reject all requests of a connection until ``resume`` is called."""
    _set_active(connection, False, Description.PAUSED, actor)


def resume(connection: Connection, *, actor: Actor | None = None) -> None:
    """Accept the requests of a paused connection again."""
    _set_active(connection, True, Description.RESUMED, actor)


def close(connection: Connection, *, actor: Actor | None = None) -> None:
    """Pause a connection and revoke its tokens. The objects that it created stay as they are."""
    with writing():
        _set_active(connection, False, Description.CLOSED, actor)
        connection.tokens.filter(revoked=None).update(revoked=timezone.now())


def _set_active(connection: Connection, value: bool, description: str, actor: Actor | None) -> None:
    with writing():
        require(connection, Connection)
        connection.is_active = value
        connection.save(update_fields=["is_active"])
        record_for(actor, connection, description)

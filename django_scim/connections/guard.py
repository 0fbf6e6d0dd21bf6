"""Read and override the guard of a connection."""

from datetime import timedelta

from ..adapters.writing import guard as guarding
from ..argument_validation import end_of, require
from ..audit.administration import Actor, Description
from ..models import Connection, Guard, GuardCount
from ..transactions import writing
from .events import record_for


def guard_of(connection: Connection) -> Guard | None:
    """Return the guard's state, None if the connection has lost nothing yet.

    ``connection.guard_counts`` are the counts of the current hour.
    """
    found: Guard | None = guarding.state(connection)
    return found


def override_guard(
    connection: Connection, duration: timedelta = GuardCount.WINDOW, *, actor: Actor | None = None
) -> None:
    """Let a stopped connection continue, and turn its guard off for a duration."""
    end_of("duration", duration)
    with writing():
        require(connection, Connection)
        guard = guard_of(connection)
        is_tripped = guard is not None and guard.tripped is not None
        counted = ", ".join(guarding.counted(connection)) if is_tripped else ""
        guarding.override(connection, duration)
        stopped_at = f" (stopped at {counted})" if counted else ""
        record_for(actor, connection, f"{Description.GUARD_OVERRIDDEN}{stopped_at}")

"""The connection whose request is being served, for code of the site that a write calls."""

from contextvars import ContextVar

from .models import Connection

#: None outside of a request of an identity provider, and until its token is known.
connection: ContextVar[Connection | None] = ContextVar("scim_connection", default=None)


def current_connection() -> Connection | None:
    """Return the connection whose request is being served, or None.

    A receiver of the site finds here who makes a change: the request's user is anonymous.
    """
    return connection.get()

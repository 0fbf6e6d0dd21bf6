"""The adapters of one request: one for each resource type, created when it is first used."""

from concurrent.futures import Executor
from typing import Any

from ..conf import settings
from ..models import Connection
from ..protocol.tolerances import Tolerances
from .base import ResourceAdapter


def adapter_classes(connection: Connection | None = None) -> dict[str, type[ResourceAdapter]]:
    """Return the adapter class of every resource type that the site publishes.

    For a connection, the setting CONNECTION_ADAPTERS may replace some of them.
    """
    return settings.adapter_classes(connection.name if connection else "")


#: The scopes of the audit log, which a token has only if they were asked for: its connection's own
#: events, and the events of every connection.
AUDIT_SCOPES = ("audit:read", "audit:read-all")


def scopes() -> list[str]:
    """Return the scopes that a token has by default: read and write for each resource type."""
    endpoints = [adapter.endpoint.lower() for adapter in adapter_classes().values()]
    return [f"{endpoint}:{verb}" for endpoint in endpoints for verb in ("read", "write")]


class Registry:
    """The adapters of one request, with its connection, tolerances and base URL.

    ``pool`` hashes passwords in the background; without it they are hashed immediately.
    """

    def __init__(
        self,
        connection: Connection,
        tolerances: Tolerances,
        base_url: str,
        pool: Executor | None = None,
    ) -> None:
        self.connection, self.tolerances, self.base_url = connection, tolerances, base_url
        self.pool = pool
        #: True if the request is for /Me, and so for a person and not for a provider.
        self.acts_for_person = False
        self._classes = adapter_classes(connection)
        #: The adapter classes of all resource types.
        self.all_classes = tuple(self._classes.values())
        self.endpoints = {name: each.endpoint for name, each in self._classes.items()}
        self._adapters: dict[str, Any] = {}
        #: The changes of other objects that the request's write caused.
        self.side_effects: list[Any] = []

    def start_again(self) -> None:
        """Discard the adapters with their cached data, before a write is retried."""
        self._adapters, self.side_effects = {}, []

    def names(self) -> list[str]:
        return list(self._classes)

    def adapter(self, name: str) -> Any:
        """Return the adapter of a resource type. Raise KeyError if it is not published."""
        if name not in self._adapters:
            adapter_class = self._classes[name]
            self._adapters[name] = adapter_class(
                self, self.connection, self.tolerances, self.base_url
            )
        return self._adapters[name]

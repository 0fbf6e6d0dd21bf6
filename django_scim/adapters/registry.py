"""The adapters of one request: one for each resource type, made when it is needed."""

from concurrent.futures import Executor
from typing import Any

from ..conf import settings
from ..models import Connection
from ..protocol.tolerances import Tolerances
from .base import ResourceAdapter


def adapter_classes(connection: Connection | None = None) -> dict[str, type[ResourceAdapter]]:
    """Return the adapter class of every resource type that the site publishes.

    With a connection, those that the settings give it in place of the site's.
    """
    return settings.adapter_classes(connection.name if connection else "")


def scopes() -> list[str]:
    """Return what a token can be permitted: to read and to write each resource type."""
    endpoints = [adapter.endpoint.lower() for adapter in adapter_classes().values()]
    return [f"{endpoint}:{verb}" for endpoint in endpoints for verb in ("read", "write")]


class Registry:
    """Gives every adapter of a request the same connection, tolerances and base URL.

    ``pool`` is where passwords are hashed, if not at once.
    """

    def __init__(
        self,
        connection: Connection,
        tolerances: Tolerances,
        base_url: str,
        pool: Executor | None = None,
    ) -> None:
        self._arguments = (connection, tolerances, base_url)
        self.pool = pool
        self._classes = adapter_classes(connection)
        self._made: dict[str, Any] = {}
        #: What followed from the request's write to other objects than the one it is about.
        self.side_effects: list[Any] = []

    def names(self) -> list[str]:
        return list(self._classes)

    def classes(self) -> list[type[ResourceAdapter]]:
        return list(self._classes.values())

    def adapter(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._classes[name](self, *self._arguments)
        return self._made[name]

    def endpoint(self, name: str) -> str:
        return self._classes[name].endpoint

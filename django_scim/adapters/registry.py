"""The adapters of one request: one for each resource type, made when it is needed."""

from concurrent.futures import Executor
from typing import Any

from ..conf import settings
from ..models import Connection
from ..protocol.tolerances import Tolerances
from .base import ResourceAdapter


def adapter_classes(connection: Connection | None = None) -> dict[str, type[ResourceAdapter]]:
    """Return the adapter class of every resource type that the site publishes.

    For a connection, CONNECTION_ADAPTERS may replace some of them.
    """
    return settings.adapter_classes(connection.name if connection else "")


def scopes() -> list[str]:
    """Return the scopes of tokens: to read and to write each resource type."""
    endpoints = [adapter.endpoint.lower() for adapter in adapter_classes().values()]
    return [f"{endpoint}:{verb}" for endpoint in endpoints for verb in ("read", "write")]


class Registry:
    """The adapters of one request, with its connection, tolerances and base URL.

    ``pool`` hashes passwords in the background; without it they are hashed at once.
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
        self._classes = adapter_classes(connection)
        self.endpoints = {name: made.endpoint for name, made in self._classes.items()}
        self._made: dict[str, Any] = {}
        #: The changes of other objects that followed from the request's own write.
        self.side_effects: list[Any] = []

    def start_again(self) -> None:
        """Forget what the adapters have looked up, before a write is tried again."""
        self._made, self.side_effects = {}, []

    def names(self) -> list[str]:
        return list(self._classes)

    def classes(self) -> list[type[ResourceAdapter]]:
        return list(self._classes.values())

    def adapter(self, name: str) -> Any:
        if name not in self._made:
            made = self._classes[name]
            self._made[name] = made(self, self.connection, self.tolerances, self.base_url)
        return self._made[name]

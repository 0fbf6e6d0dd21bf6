"""The adapters of one request: one for each resource type, made when it is needed."""

from typing import Any

from ..conf import settings
from ..models import Connection
from ..protocol.tolerances import Tolerances
from .base import ResourceAdapter


def adapter_classes() -> dict[str, type[ResourceAdapter]]:
    """Return the adapter class of every resource type that the site publishes."""
    return settings.adapter_classes()


class Registry:
    """Gives every adapter of a request the same connection, tolerances and base URL."""

    def __init__(self, connection: Connection, tolerances: Tolerances, base_url: str) -> None:
        self._arguments = (connection, tolerances, base_url)
        self._classes = adapter_classes()
        self._made: dict[str, Any] = {}

    def adapter(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._classes[name](self, *self._arguments)
        return self._made[name]

    def endpoint(self, name: str) -> str:
        return self._classes[name].endpoint

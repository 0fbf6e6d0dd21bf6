"""Queries for what a connection sees, whose text all connections share."""

from collections.abc import Callable, Hashable
from typing import Any

from django.db import router

from ..models import Connection
from .compiled import CompiledQueries, Values

#: The methods of adapters that the text of such a query depends on.
_METHODS = ("queryset", "unprotected", "display", "display_column", "_display_text")


class VisibleQueries(CompiledQueries):
    """Queries on links that differ only in the connection and in one value or list of values."""

    def rows_for(
        self,
        adapter: Any,
        link: Any,
        key: Hashable,
        build: Callable[[Any, Any], Any],
        field: Any,
        wanted: Any,
    ) -> list[Any]:
        """Return the rows of ``build(adapter, wanted)``, in general without calling it.

        ``link`` is the model that the query starts at, ``field`` the model field of what is
        wanted. ``build`` may be called with an adapter of another connection.

        If the site's own adapters decide what a connection sees, the query is built each time:
        their conditions may depend on the request.
        """
        classes = adapter.registry.all_classes
        if not all(map(_is_standard, classes)):
            return list(build(adapter, wanted))

        def build_for(values: Values) -> Any:
            return build(_seen_by(adapter, values["connection"]), values["wanted"])

        fields = {"connection": Connection._meta.pk, "wanted": field}
        values = {"connection": adapter.connection.pk, "wanted": wanted}
        using = router.db_for_read(link)
        return self.rows((classes, key), using, build_for, fields, values)


def _is_standard(adapter_class: type[Any]) -> bool:
    return all(
        getattr(adapter_class, name).__module__.startswith("django_scim.") for name in _METHODS
    )


def _seen_by(adapter: Any, connection_key: Any) -> Any:
    """Return an adapter like this one for a connection with another key, to build queries."""
    registry = type(adapter.registry)(Connection(pk=connection_key), adapter.tolerances, "")
    return registry.adapter(adapter.name)

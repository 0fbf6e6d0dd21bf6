"""A query on one resource type: filter, sort, page (RFC 7644 section 3.4.2)."""

from dataclasses import dataclass, replace
from typing import Any

from ..protocol.attributes import AttributePath
from ..protocol.errors import InvalidValue
from ..protocol.filters import Comparison, Filter
from ..protocol.projection import FULL, Projection
from .translate import translate


@dataclass(frozen=True)
class Search:
    """What a client asks for, parsed."""

    filter: Filter | None = None
    sort_by: AttributePath | None = None
    descending: bool = False
    start_index: int = 1
    count: int = 100
    projection: Projection = FULL


def search(adapter: Any, query: Search) -> tuple[list[dict[str, Any]], int]:
    """Return the resources of one page, and how many match in all.

    Raises InvalidFilter and InvalidValue for an attribute that cannot be searched or sorted by.
    """
    links = adapter.queryset()
    if query.filter is not None:
        links = links.filter(translate(query.filter, adapter))
    page = _page(links, adapter, query) if query.count else []
    if not page and query.start_index == 1 and query.count and query.filter is not None:
        page = _by_unkeyed_name(adapter, query)
    return page, _total(links, page, query)


def search_all(queries: list[tuple[Any, Search]]) -> tuple[list[dict[str, Any]], int]:
    """Return one page of several types' resources as one list, type after type."""
    resources: list[dict[str, Any]] = []
    total = 0
    for adapter, query in queries:
        before = max(0, query.start_index - 1 - total)
        room = query.count - len(resources)
        page, found = search(adapter, replace(query, start_index=before + 1, count=room))
        resources += page
        total += found
    return resources, total


def _page(links: Any, adapter: Any, query: Search) -> list[dict[str, Any]]:
    first = query.start_index - 1
    ordered = links.order_by(*_order(adapter, query))[first : first + query.count]
    return adapter.read(ordered, query.projection)  # type: ignore[no-any-return]


def _total(links: Any, page: list[Any], query: Search) -> int:
    """A page that is not full tells the total by itself."""
    if query.count and len(page) < query.count and (page or query.start_index == 1):
        return query.start_index - 1 + len(page)
    return int(links.count())


def _order(adapter: Any, query: Search) -> list[Any]:
    """Absent values last ascending, first descending; ties in order of creation (3.4.2.3)."""
    if query.sort_by is None:
        return ["pk"]
    mappings = adapter.mappings_for(query.sort_by)
    if len(mappings) != 1:
        raise InvalidValue(f"sortBy: {query.sort_by} cannot be sorted by; name a sub-attribute")
    key = mappings[0].sort_key(query.sort_by, adapter)
    return [key.desc(nulls_first=True) if query.descending else key.asc(nulls_last=True), "pk"]


def _by_unkeyed_name(adapter: Any, query: Search) -> list[dict[str, Any]]:
    """Find by the exact text what the site renamed without a signal (``queryset.update``)."""
    term = query.filter
    if not isinstance(term, Comparison) or term.op != "eq":
        return []
    mappings = adapter.mappings_for(term.path)
    column = getattr(mappings[0], "query_column", None) if len(mappings) == 1 else None
    if column is None or not column.key_may_drift:
        return []
    links = adapter.queryset().filter(column.as_written(term.value))
    return _page(links, adapter, query)

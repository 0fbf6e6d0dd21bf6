"""A query on one resource type or several: filter, sort, page (RFC 7644 section 3.4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..protocol.attributes import AttributePath
from ..protocol.errors import InvalidCursor, TooMany
from ..protocol.filters import Comparison, Filter
from ..protocol.projection import FULL, Projection
from .ordering import CursorPosition, ResourceSlice, parts_of, places
from .translate import condition


@dataclass(frozen=True)
class Search:
    """What a client asks for, parsed. ``limit`` is how many may match, 0 for any number.

    A walk by cursor begins without ``after``, and goes on after the place of its last resource.
    """

    filter: Filter | None = None
    sort_by: AttributePath | None = None
    descending: bool = False
    start_index: int = 1
    count: int = 100
    projection: Projection = FULL
    limit: int = 0
    by_cursor: bool = False
    after: CursorPosition | None = None


class Found(NamedTuple):
    """One page of a list, how many match in all, and where a walk by cursor goes on."""

    resources: list[dict[str, Any]]
    total: int
    place: CursorPosition | None = None


class Row(NamedTuple):
    """A resource of a list, None where it went away meanwhile, and its place for a cursor."""

    resource: dict[str, Any] | None
    place: CursorPosition | None = None


Queries = Sequence[tuple[Any, Search]]


def search(queries: Queries) -> Found:
    """Return one page of the resources that several types' adapters find, as one list.

    The queries are one query in the terms of each type: they page and order alike.

    Raises InvalidFilter and InvalidValue for an attribute that cannot be searched or sorted by,
    TooMany beyond the query's limit.
    """
    query = queries[0][1]
    found = _found(queries, [_links(*each) for each in queries])
    is_empty = not found.resources and query.count and query.start_index == 1 and not query.after
    if is_empty and query.filter is not None:
        drifted = [_by_unkeyed_name(*each) for each in queries]
        if any(links is not None for links in drifted):
            found = _found(queries, drifted)
    if query.limit and found.total > query.limit:
        raise TooMany(
            f"{found.total} resources match, more than {query.limit}: filter, or page by count"
        )
    return found


def _found(queries: Queries, finds: list[Any]) -> Found:
    """Return the page of what was found of each type; None for none of it."""
    query = queries[0][1]
    of_types = [
        (adapter, adapter.queryset().none() if links is None else links)
        for (adapter, _), links in zip(queries, finds, strict=True)
    ]
    parts = parts_of(of_types, [each.sort_by for _, each in queries], query.descending)
    rest = parts if query.after is None else _after(parts, query.after)
    first = query.start_index - 1
    window = slice(first, first + query.count + (1 if query.by_cursor else 0))
    rows = _rows(rest, queries, window) if query.count else []
    total = first + len(rows)
    tells = query.count and not query.after and (rows or not first)
    if not tells or len(rows) == window.stop - window.start:  # else the list ends with the page
        total = sum(int(part.links.count()) for part in parts)
    page = [row.resource for row in rows[: query.count] if row.resource is not None]
    return Found(page, total, rows[query.count - 1].place if len(rows) > query.count else None)


def _rows(parts: list[ResourceSlice], queries: Queries, window: slice) -> list[Row]:
    if len(parts) > 1:
        return _mixed(parts, queries, window)
    (part,), query = parts, queries[0][1]
    links = part.ordered()[window]
    if not query.by_cursor:
        return [Row(each) for each in part.adapter.read(links, query.projection)]
    read = part.adapter.read_with_columns(
        part.marked(links), query.projection, "scim_key", "scim_tie"
    )
    return [Row(resource, part.place(*marks)) for resource, marks in read]


def _mixed(parts: list[ResourceSlice], queries: Queries, window: slice) -> list[Row]:
    """Find the places of the page in one statement, then read it type by type."""
    found = [
        (rank, parts[rank].place(key, pk), parts[rank].key_of(pk))
        for rank, key, pk, _ in places(parts)[window]
    ]
    resources: dict[Any, dict[str, Any]] = {}
    for rank, (part, (_, query)) in enumerate(zip(parts, queries, strict=True)):
        if keys := [key for each, _, key in found if each == rank]:
            links = part.adapter.queryset().filter(pk__in=keys)
            read = part.adapter.read_with_columns(links, query.projection, "pk")
            resources |= {(rank, key): resource for resource, (key,) in read}
    return [Row(resources.get((rank, key)), place) for rank, place, key in found]


def _after(parts: list[ResourceSlice], place: CursorPosition) -> list[ResourceSlice]:
    names = [part.adapter.name for part in parts]
    if place.kind not in names:
        raise InvalidCursor
    own = names.index(place.kind)
    return [
        part.after(place, None if rank == own else rank > own) for rank, part in enumerate(parts)
    ]


def _links(adapter: Any, query: Search) -> Any:
    links = adapter.queryset()
    return links if query.filter is None else links.filter(condition(query.filter, adapter))


def _by_unkeyed_name(adapter: Any, query: Search) -> Any:
    """Find by the exact text what the site renamed without a signal (``queryset.update``)."""
    term = query.filter
    if not isinstance(term, Comparison) or term.op != "eq" or term.path.is_foreign:
        return None
    mappings = adapter.declared.mappings_for(term.path)
    column = getattr(mappings[0], "query_column", None) if len(mappings) == 1 else None
    if column is None or not column.key_may_drift:
        return None
    return adapter.queryset().filter(column.as_written(term.value))

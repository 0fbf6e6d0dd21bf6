"""Queries for the resources of one or several types: filter, sort, page (RFC 7644 3.4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..protocol.attributes import AttributePath
from ..protocol.errors import InvalidCursor, TooMany
from ..protocol.filters import Comparison, Filter
from ..protocol.projection import FULL, Projection
from .ordering import CursorPosition, ResourceSlice, merged_positions, slices_of
from .translate import condition


@dataclass(frozen=True)
class Search:
    """The parsed parameters of a query, in terms of one resource type."""

    filter: Filter | None = None
    sort_by: AttributePath | None = None
    descending: bool = False
    start_index: int = 1
    count: int = 100
    projection: Projection = FULL
    #: The number of resources that may match, 0 for any number.
    limit: int = 0
    by_cursor: bool = False
    #: The position of the last resource of the previous page; None for the first page.
    after: CursorPosition | None = None


class SearchResult(NamedTuple):
    """One page of resources and the number of all matches.

    ``position`` is where the next page of a query by cursor continues; None on the last page.
    """

    resources: list[dict[str, Any]]
    total: int
    position: CursorPosition | None = None


class Row(NamedTuple):
    """A resource, or None if it was deleted during the query, and its position."""

    resource: dict[str, Any] | None
    position: CursorPosition | None = None


Queries = Sequence[tuple[Any, Search]]


def search(queries: Queries) -> SearchResult:
    """Return one page of a list that covers several resource types.

    ``queries`` are pairs of an adapter and the query in terms of its type; paging and order are
    the same in all of them. Raises InvalidFilter or InvalidValue for an attribute that cannot be
    filtered or sorted by, TooMany if more resources match than the query's limit allows.
    """
    query = queries[0][1]
    result = _page(queries, [_matches(*each) for each in queries])
    is_empty = not result.resources and query.count and query.start_index == 1 and not query.after
    if is_empty and query.filter is not None:
        drifted = [_matches_without_key(*each) for each in queries]
        if any(links is not None for links in drifted):
            result = _page(queries, drifted)
    if query.limit and result.total > query.limit:
        raise TooMany(
            f"{result.total} resources match, more than {query.limit}: "
            "send a more specific filter, or count to get pages"
        )
    return result


def _page(queries: Queries, matches: list[Any]) -> SearchResult:
    """Return the page of the matching links of each type; None stands for no match."""
    query = queries[0][1]
    found = [
        (adapter, adapter.queryset().none() if links is None else links)
        for (adapter, _), links in zip(queries, matches, strict=True)
    ]
    slices = slices_of(found, [each.sort_by for _, each in queries], query.descending)
    remaining = slices if query.after is None else _after(slices, query.after)
    first = query.start_index - 1
    window = slice(first, first + query.count + (1 if query.by_cursor else 0))
    rows = _rows(remaining, queries, window) if query.count else []
    # A page that is not full ends the list, so its last index is the total. Otherwise count.
    total = first + len(rows)
    can_tell_total = query.count and not query.after and (rows or not first)
    if not can_tell_total or len(rows) == window.stop - window.start:
        total = sum(int(each.links.count()) for each in slices)
    resources = [row.resource for row in rows[: query.count] if row.resource is not None]
    position = rows[query.count - 1].position if len(rows) > query.count else None
    return SearchResult(resources, total, position)


def _rows(slices: list[ResourceSlice], queries: Queries, window: slice) -> list[Row]:
    if len(slices) > 1:
        return _merged_rows(slices, queries, window)
    (single,), query = slices, queries[0][1]
    links = single.ordered()[window]
    if not query.by_cursor:
        read = single.adapter.read_with_columns(links, query.projection)
        return [Row(resource) for resource, _ in read]
    links = single.with_position(links)
    read = single.adapter.read_with_columns(links, query.projection, "scim_key", "scim_tie")
    return [Row(resource, single.position(*columns)) for resource, columns in read]


def _merged_rows(slices: list[ResourceSlice], queries: Queries, window: slice) -> list[Row]:
    """Find the positions of the page in one statement, then read the resources of each type."""
    found = [
        (rank, slices[rank].position(key, pk), slices[rank].link_pk(pk))
        for rank, key, pk, _ in merged_positions(slices)[window]
    ]
    resources: dict[Any, dict[str, Any]] = {}
    for rank, (each, (_, query)) in enumerate(zip(slices, queries, strict=True)):
        if keys := [pk for found_rank, _, pk in found if found_rank == rank]:
            links = each.adapter.queryset().filter(pk__in=keys)
            read = each.adapter.read_with_columns(links, query.projection, "pk")
            resources |= {(rank, pk): resource for resource, (pk,) in read}
    return [Row(resources.get((rank, pk)), position) for rank, position, pk in found]


def _after(slices: list[ResourceSlice], position: CursorPosition) -> list[ResourceSlice]:
    names = [each.adapter.name for each in slices]
    if position.kind not in names:
        raise InvalidCursor
    own = names.index(position.kind)
    return [
        each.after(position, None if rank == own else rank > own)
        for rank, each in enumerate(slices)
    ]


def _matches(adapter: Any, query: Search) -> Any:
    links = adapter.queryset()
    return links if query.filter is None else links.filter(condition(query.filter, adapter))


def _matches_without_key(adapter: Any, query: Search) -> Any:
    """Return the links found by the exact text if the folded key may be outdated, else None.

    ``queryset.update`` sends no signal, so it can change the text without the key.
    """
    term = query.filter
    if not isinstance(term, Comparison) or term.op != "eq" or term.path.is_foreign:
        return None
    mappings = adapter.declared.mappings_for(term.path)
    column = mappings[0].query_column if len(mappings) == 1 else None
    if column is None or not column.key_may_drift:
        return None
    return adapter.queryset().filter(column.equals_exactly(term.value))

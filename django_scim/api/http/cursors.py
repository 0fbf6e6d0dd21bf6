"""Cursors: encrypted texts that contain a position in a list (RFC 9865).

The server stores nothing. The key depends on the connection and the query, so that a cursor is
invalid for any other connection or query.

A cursor contains the sort key of the last resource of a page, so that the next page is correct even
if that resource was renamed or deleted. Neither this nor the primary key can be read from it.
"""

import hashlib
import json
import time
from collections.abc import Sequence
from typing import Any

from ...conf import settings
from ...models import Connection
from ...protocol.errors import ExpiredCursor, InvalidCount, InvalidCursor
from ...protocol.filters import And, Comparison, Filter, Not, Or, ValueFilter
from ...protocol.projection import Projection
from ...query.ordering import CursorPosition
from ...query.search import Search
from .sealed_text import seal, unseal


def write_cursor(place: CursorPosition, connection: Connection, queries: Sequence[Search]) -> str:
    """Return the cursor for the page after a position.

    It consists of unreserved characters (RFC 3986 section 2.3).
    """
    content = [int(time.time()), queries[0].count, place.kind, place.key, place.pk]
    return seal(json.dumps(content), _purpose(connection, queries))


def read_cursor(
    cursor: str, connection: Connection, queries: Sequence[Search]
) -> CursorPosition | None:
    """Return the position in a cursor, None for the empty cursor of the first request.

    Raise InvalidCursor or ExpiredCursor, or InvalidCount if only the count differs.
    """
    if not cursor:
        return None
    text = unseal(cursor, _purpose(connection, queries))
    if text is None:
        raise InvalidCursor
    written, count, *place = json.loads(text)
    if time.time() - written > settings.CURSOR_TIMEOUT:
        raise ExpiredCursor(
            f"cursor: is older than {settings.CURSOR_TIMEOUT} seconds; start with an empty cursor"
        )
    if count != queries[0].count:
        raise InvalidCount(f"count: must be {count}, as in the first request with this cursor")
    return CursorPosition(*place)


def _purpose(connection: Connection, queries: Sequence[Search]) -> str:
    """Return a text that is different for each connection and query."""
    query = json.dumps([_identity(each) for each in queries])
    digest = hashlib.sha256(query.encode()).hexdigest()
    return f"cursor {connection.pk} {digest}"


def _identity(query: Search) -> list[Any]:
    """Return the parts of a query that must be equal in the requests for all pages."""
    return [
        query.filter and _terms(query.filter),
        str(query.sort_by),
        query.descending,
        _names(query.projection),
    ]


def _terms(term: Filter) -> list[Any]:
    match term:
        case And(terms) | Or(terms):
            return [type(term).__name__, *map(_terms, terms)]
        case Not(inner):
            return ["Not", _terms(inner)]
        case ValueFilter(path, inner):
            return [str(path), _terms(inner)]
        case Comparison(path, op, value):
            return [str(path), op, repr(value)]


def _names(projection: Projection) -> list[Any]:
    names = projection.attributes
    return [None if names is None else sorted(names), sorted(projection.excluded)]

"""Cursors: signed texts that contain a position in a list (RFC 9865).

The server stores nothing. The signature covers the connection and the query, so that a cursor is
invalid for any other connection or query.

A cursor contains the sort key of the last resource of a page, so that the next page is correct even
if that resource was renamed or deleted. A cursor is not secret: if a list is sorted by names, its
URLs contain names, as with filters. To avoid that, use POST to ``.search``.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.core.signing import (
    BadSignature,
    SignatureExpired,
    TimestampSigner,
    b64_decode,
    b64_encode,
)

from ...conf import settings
from ...models import Connection
from ...protocol.errors import ExpiredCursor, InvalidCount, InvalidCursor
from ...protocol.filters import And, Comparison, Filter, Not, Or, ValueFilter
from ...protocol.projection import Projection
from ...query.ordering import CursorPosition
from ...query.search import Search


def write_cursor(place: CursorPosition, connection: Connection, queries: Sequence[Search]) -> str:
    """Return the cursor for the page after a position.

    It consists of unreserved characters (RFC 3986 section 2.3).
    """
    text = json.dumps([queries[0].count, place.kind, place.key, place.pk])
    return _signer(connection, queries).sign(b64_encode(text.encode()).decode())


def read_cursor(
    cursor: str, connection: Connection, queries: Sequence[Search]
) -> CursorPosition | None:
    """Return the position in a cursor, None for the empty cursor of the first request.

    Raise InvalidCursor or ExpiredCursor, or InvalidCount if only the count differs.
    """
    if not cursor:
        return None
    try:
        signed = _signer(connection, queries).unsign(cursor, max_age=settings.CURSOR_TIMEOUT)
    except SignatureExpired:
        raise ExpiredCursor(
            f"cursor: is older than {settings.CURSOR_TIMEOUT} seconds; start with an empty cursor"
        ) from None
    except BadSignature:
        raise InvalidCursor from None
    count, *place = json.loads(b64_decode(signed.encode()))
    if count != queries[0].count:
        raise InvalidCount(f"count: must be {count}, as in the first request with this cursor")
    return CursorPosition(*place)


def _signer(connection: Connection, queries: Sequence[Search]) -> TimestampSigner:
    """Return the signer for the cursors of a connection and a query."""
    query = json.dumps([_identity(each) for each in queries])
    digest = hashlib.sha256(query.encode()).hexdigest()
    salt = f"django_scim.cursor {connection.pk} {digest}"
    return TimestampSigner(sep=".", salt=salt)


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

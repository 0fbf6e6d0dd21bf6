"""Cursors: a place in a list as text (RFC 9865).

Nothing is kept on the server. A cursor is signed, and the signature covers the connection and the
query: for another one it is as wrong as if it were forged.

It holds the sort key of the last resource, and not only which resource that was: a walk goes on
where it stood although the resource was renamed or deleted since. It is not secret: like a filter,
a walk in the order of names has names in its URLs, unless it goes by POST to ``.search``.
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
    """Return the cursor that leads on from a place, of unreserved characters (RFC 3986 2.3)."""
    text = json.dumps([queries[0].count, place.kind, place.key, place.pk])
    return _signer(connection, queries).sign(b64_encode(text.encode()).decode())


def read_cursor(
    cursor: str, connection: Connection, queries: Sequence[Search]
) -> CursorPosition | None:
    """Return the place that a cursor leads on from; None for the empty one of a first request.

    Raises InvalidCursor, ExpiredCursor, or InvalidCount where only the count is another one.
    """
    if not cursor:
        return None
    try:
        signed = _signer(connection, queries).unsign(cursor, max_age=settings.CURSOR_TIMEOUT)
    except SignatureExpired:
        raise ExpiredCursor(
            f"cursor: it is older than {settings.CURSOR_TIMEOUT} seconds; begin with an empty one"
        ) from None
    except BadSignature:
        raise InvalidCursor from None
    count, *place = json.loads(b64_decode(signed.encode()))
    if count != queries[0].count:
        raise InvalidCount(f"count: the walk began with {count}, and so it must go on")
    return CursorPosition(*place)


def _signer(connection: Connection, queries: Sequence[Search]) -> TimestampSigner:
    """Return the signer of one connection's cursors for one query."""
    query = json.dumps([_identity(each) for each in queries])
    digest = hashlib.sha256(query.encode()).hexdigest()
    salt = f"django_scim.cursor {connection.pk} {digest}"
    return TimestampSigner(sep=".", salt=salt)


def _identity(query: Search) -> list[Any]:
    """Return what must be the same on every page of a walk; names of attributes have no case."""
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
    wanted = projection.attributes
    return [None if wanted is None else sorted(wanted), sorted(projection.excluded)]

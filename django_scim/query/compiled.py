"""Queries that Django compiles once per process. After that, only their parameters change.

Building a SELECT with many columns takes Django ten times as long as the database needs to run it.
So the text of a frequent query is kept, under a key that is known before anything is built. It is
run with Django's own cursor, so that routers, wrappers and debugging tools see it.

To find out which parameter belongs to which value, the query is compiled twice, with different
placeholders. What differs between the two is a value; what does not is a constant of the query.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from threading import Lock
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections

from ..compat import CompiledSelect, compile_select

#: The lengths of lists of values. A shorter list is filled up by repeating its last value, so
#: that a few statements serve lists of any length.
LENGTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
KEPT = 64
#: The values of a query by their names: single values, or lists of values.
Values = Mapping[str, Any]
#: The model field of each value of a query, by the same names.
Fields = Mapping[str, Any]
#: Returns the query with these values, as a ``values_list``.
Build = Callable[[Values], Any]
_UNKNOWN: Any = object()


class CompiledQuery:
    """The text of a query, its parameters in order, and the converters of its columns.

    Each parameter is a pair: the position of a value in the list of all values, or None and a
    constant.
    """

    def __init__(self, select: CompiledSelect, parameters: list[tuple[int | None, Any]]) -> None:
        self.text, self.parameters = select.sql, parameters
        self._converters = list(select.converters.items())

    def rows(self, using: str, values: Sequence[Any]) -> list[Sequence[Any]]:
        """Run the query. Return its rows, converted as ``values_list`` does.

        ``values`` are in the form that the database driver takes.
        """
        connection = connections[using]
        parameters = [constant if at is None else values[at] for at, constant in self.parameters]
        with connection.cursor() as cursor:
            cursor.execute(self.text, parameters)
            rows: list[Any] = [list(row) for row in cursor.fetchall()]
        for row in rows:
            for at, (functions, expression) in self._converters:
                for convert in functions:
                    row[at] = convert(row[at], expression, connection)
        return rows


class CompiledQueries:
    """The compiled queries of one kind, by their keys. The latest ones are kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, CompiledQuery | None] = OrderedDict()
        self._lock = Lock()

    def rows(
        self, key: Hashable, using: str, build: Build, fields: Fields, values: Values
    ) -> list[Sequence[Any]]:
        """Return the rows of ``build(values)``, in general without calling it.

        Queries with the same key differ in nothing but their values, and the lengths of lists.
        """
        lengths = tuple(len(each) for each in values.values() if isinstance(each, list))
        place = (using, key, lengths)
        query = self._kept.get(place, _UNKNOWN)
        if query is _UNKNOWN:
            query = compiled(build, fields, values, using)
            with self._lock:
                self._kept[place] = query
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        if query is None:
            return list(build(values))
        found: list[Sequence[Any]] = query.rows(using, _prepared(fields, values, using))
        return found


def compiled(build: Build, fields: Fields, values: Values, using: str) -> CompiledQuery | None:
    """Compile a query for values of the same shape as these.

    Return None if it cannot be run with other values: a field has no placeholders, or the query
    is empty, or its text or another parameter depends on the values or on the time.
    """
    first, second = (_placeholders(fields, values, variant) for variant in (0, 1))
    if first is None or second is None:
        return None
    try:
        one, other = compile_select(build(first)), compile_select(build(second))
    except EmptyResultSet:
        return None
    if one.sql != other.sql or len(one.parameters) != len(other.parameters):
        return None
    positions = {each: at for at, each in enumerate(_prepared(fields, first, using))}
    parameters: list[tuple[int | None, Any]] = []
    for parameter, varied in zip(one.parameters, other.parameters, strict=True):
        if parameter == varied:
            parameters.append((None, parameter))
        elif isinstance(parameter, Hashable) and parameter in positions:
            parameters.append((positions[parameter], None))
        else:
            return None
    return CompiledQuery(one, parameters)


def _prepared(fields: Fields, values: Values, using: str) -> list[Any]:
    """Return all values, those of lists one by one, in the form that the driver takes."""
    connection = connections[using]
    found = []
    for name, value in values.items():
        field = fields[name]
        for each in value if isinstance(value, list) else (value,):
            found.append(field.get_db_prep_value(field.get_prep_value(each), connection, True))
    return found


def _placeholders(fields: Fields, values: Values, variant: int) -> Values | None:
    """Return a placeholder for each value, or None if a field's type is not known."""
    number = 20_001 + variant * 5_000  # even a small integer column takes these
    found: dict[str, Any] = {}
    for name, value in values.items():
        make = _placeholder_of(fields[name])
        if make is None:
            return None
        if isinstance(value, list):
            found[name] = [make(number + index) for index in range(len(value))]
            number += len(value)
        else:
            found[name], number = make(number), number + 1
    return found


def _placeholder_of(field: Any) -> Callable[[int], Any] | None:
    kind = getattr(field, "target_field", field).get_internal_type()
    if "Integer" in kind or kind.endswith("AutoField"):
        return int
    if kind in ("CharField", "TextField", "SlugField"):
        return "\x01{}".format
    return (lambda number: UUID(int=number)) if kind == "UUIDField" else None


def padded(values: Sequence[Any]) -> list[Any]:
    """Return values filled up to the next of LENGTHS. There must be 1 to 1,000 of them."""
    length = next(each for each in LENGTHS if each >= len(values))
    return [*values, *[values[-1]] * (length - len(values))]


def in_batches(values: Sequence[Any]) -> list[Sequence[Any]]:
    """Return values in batches that ``padded`` takes."""
    size = LENGTHS[-1]
    return [values[start : start + size] for start in range(0, len(values), size)]

"""The statement that reads one resource: built by Django once, and then kept as text.

To build a SELECT anew for every request costs more than the database does, and the more, the more
attributes are declared. Between two requests nothing differs but what picks the row, and what a
sub-select asks of its connection. A narrow statement has that alone: it is built each time, its
text finds the wide one, and its parameters are the wide one's, too.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections

from ...compat import compile_select, compile_sql

KEPT = 32
_UNKNOWN: Any = object()


class Statement:
    """A statement as text, and how its columns become Python values."""

    def __init__(self, text: str, converters: dict[int, Any]) -> None:
        self.text, self._converters = text, list(converters.items())

    def rows(self, using: str, parameters: Sequence[Any]) -> list[Sequence[Any]]:
        """Run it through Django's own cursor, and so through whatever wraps that."""
        connection = connections[using]
        with connection.cursor() as cursor:
            cursor.execute(self.text, parameters)
            rows: list[Any] = [list(row) for row in cursor.fetchall()]
        for row in rows:
            for at, (functions, expression) in self._converters:
                for convert in functions:
                    row[at] = convert(row[at], expression, connection)
        return rows


class Statements:
    """The statements of one plan, each for one shape of a queryset."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Statement | None] = OrderedDict()
        self._lock = Lock()

    def rows(self, links: Any, columns: Iterable[Any]) -> list[Sequence[Any]]:
        """Return the rows of a queryset of links, as ``values_list`` of the columns has them."""
        columns, using = list(columns), links.db
        varying = [each for each in columns if not isinstance(each, str)]
        try:
            text, parameters = compile_sql(links.values_list("pk", *varying))
        except EmptyResultSet:
            return []
        statement = self._kept.get((using, text), _UNKNOWN)
        if statement is _UNKNOWN:
            statement = self._build(links.values_list(*columns), parameters)
            self._keep((using, text), statement)
        if statement is None:
            return list(links.values_list(*columns))
        return statement.rows(using, parameters)

    def _keep(self, key: tuple[str, str], statement: Statement | None) -> None:
        with self._lock:
            self._kept[key] = statement
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    @staticmethod
    def _build(rows: Any, parameters: Sequence[Any]) -> Statement | None:
        """Return the wide statement; None where its parameters are not the narrow one's."""
        compiled = compile_select(rows)
        if tuple(compiled.parameters) != tuple(parameters):
            return None
        return Statement(compiled.sql, compiled.converters)

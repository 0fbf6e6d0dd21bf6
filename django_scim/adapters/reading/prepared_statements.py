"""The statement that reads one resource: compiled by Django once, and then cached as text.

Compiling a SELECT with many attributes takes longer than running it. Between two requests only the
parameters of the conditions and of the sub-selects differ. A narrow statement contains just those
parts. It is compiled for each request; its text is the cache key of the wide statement, and its
parameters are also those of the wide statement.
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
    """The text of a statement, and the converters of its columns."""

    def __init__(self, text: str, converters: dict[int, Any]) -> None:
        self.text, self._converters = text, list(converters.items())

    def rows(self, using: str, parameters: Sequence[Any]) -> list[Sequence[Any]]:
        """Run the statement with Django's cursor and its wrappers. Return the converted rows."""
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
    """The cached statements of one plan, one for each form of queryset."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Statement | None] = OrderedDict()
        self._lock = Lock()

    def rows(self, links: Any, columns: Iterable[Any]) -> list[Sequence[Any]]:
        """Return the rows of a queryset of links, like ``values_list`` of the columns."""
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
        """Return the wide statement, None if its parameters differ from the narrow one's."""
        compiled = compile_select(rows)
        if tuple(compiled.parameters) != tuple(parameters):
            return None
        return Statement(compiled.sql, compiled.converters)

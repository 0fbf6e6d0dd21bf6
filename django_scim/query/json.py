"""What stands in a JSON column, as SQL on every database.

A column whose value is a list is taken apart by the database's own table function, so that a
condition in brackets is met by one and the same element.
"""

from typing import Any

from django.core.exceptions import FullResultSet
from django.db.models import BooleanField, F, FloatField, Func, Q, TextField
from django.db.models.fields.json import KeyTextTransform, KeyTransform

ELEMENT = "scim_element"


def json_value(path: str, keys: tuple[str, ...], as_text: bool) -> Any:
    """Return the expression of what keys lead to in the JSON column at an ORM path."""
    expression: Any = F(path)
    for index, key in enumerate(keys):
        last = index == len(keys) - 1
        expression = (KeyTextTransform if as_text and last else KeyTransform)(key, expression)
    return expression


class Element(Func):
    """The element of a list that ``AnyElement`` is looking at, or one of its members.

    Texts compare as text; ``numeric`` and ``boolean`` make the value what it is in JSON.
    """

    def __init__(self, sub: str = "", kind: str = "text") -> None:
        super().__init__(output_field=_FIELDS[kind]())
        self.sub, self.kind = sub, kind

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        if not self.sub:
            return f"{ELEMENT}.value", []
        return f"JSON_EXTRACT({ELEMENT}.value, %s)", [_path((self.sub,))]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, params = f"{ELEMENT}.value #>> %s", [[self.sub] if self.sub else []]
        cast = {"text": "", "plain": "::numeric", "boolean": "::boolean"}[self.kind]
        return f"({sql}){cast}", params

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql = f"JSON_UNQUOTE(JSON_EXTRACT({ELEMENT}.value, %s))"
        if self.kind == "boolean":
            sql = f"({sql} = 'true')"
        elif self.kind == "plain":
            sql = f"CAST({sql} AS DECIMAL(38, 10))"
        return sql, [_path((self.sub,) if self.sub else ())]


class AnyElement(Func):
    """Whether any element of the list in a JSON column meets a condition on ``Element``."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, column: Any, keys: tuple[str, ...], condition: Q) -> None:
        super().__init__(column, condition)
        self.keys = keys

    def _as(self, compiler: Any, source: str, params: list[Any]) -> Any:
        column, condition = self.get_source_expressions()
        column_sql, column_params = compiler.compile(column)
        try:
            condition_sql, condition_params = compiler.compile(condition)
        except FullResultSet:
            condition_sql, condition_params = "1 = 1", []
        rows = source.format(column_sql)
        sql = f"EXISTS (SELECT 1 FROM {rows} WHERE {condition_sql})"  # noqa: S608 # nosec B608
        repeated = list(column_params) * source.count("{0}")
        return sql, [*_interleave(source, repeated, params), *condition_params]

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        source = (
            f"JSON_EACH(CASE JSON_TYPE({{0}}, %s) WHEN 'array' THEN {{0}} END, %s) AS {ELEMENT}"
        )
        return self._as(compiler, source, [_path(self.keys)] * 2)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        found = "{0} #> %s"
        source = (
            f"JSONB_ARRAY_ELEMENTS(CASE JSONB_TYPEOF({found}) WHEN 'array' THEN {found} END)"
            f" AS {ELEMENT}(value)"
        )
        return self._as(compiler, source, [list(self.keys)] * 2)

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        source = f"JSON_TABLE({{0}}, %s COLUMNS (value JSON PATH '$')) AS {ELEMENT}"
        return self._as(compiler, source, [f"{_path(self.keys)}[*]"])


def _interleave(source: str, columns: list[Any], params: list[Any]) -> list[Any]:
    """Every path follows its column in the text; column expressions hold few parameters."""
    if not columns:
        return params
    share = len(columns) // source.count("{0}")
    parts = [columns[i * share : (i + 1) * share] for i in range(source.count("{0}"))]
    return [each for part, param in zip(parts, params, strict=True) for each in (*part, param)]


def _path(keys: tuple[str, ...]) -> str:
    """Return the SQL/JSON path of keys, each of them quoted."""
    return "$" + "".join(f'."{key}"' for key in keys)


_FIELDS: dict[str, Any] = {"text": TextField, "boolean": BooleanField, "plain": FloatField}

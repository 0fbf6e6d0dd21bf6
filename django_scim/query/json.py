"""What stands in a JSON column, as SQL on every database.

A value that is not of its attribute's type is absent, whatever the site has written there: every
expression asks for the type before it looks. A column whose value is a list is taken apart by the
database's own table function, so that a condition in brackets is met by one and the same element.
"""

from typing import Any

from django.core.exceptions import FullResultSet
from django.db.models import BooleanField, FloatField, Func, Q, TextField

ELEMENT = "scim_element"
#: Moments that compare as texts once their fraction is filled up; others are no values.
MOMENT = (
    "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    "([.][0-9]{1,6})?Z$"
)
_FIELDS: dict[str, Any] = {
    "text": TextField,
    "moment": TextField,
    "boolean": BooleanField,
    "plain": FloatField,
    "integer": FloatField,
}
_INTEGER = "^-?[0-9]{1,18}$"
_TYPES: dict[str, dict[str, tuple[str, ...]]] = {
    "sqlite": {
        "text": ("text",),
        "moment": ("text",),
        "boolean": ("true", "false"),
        "plain": ("integer", "real"),
        "integer": ("integer",),
    },
    "postgresql": {
        "text": ("string",),
        "moment": ("string",),
        "boolean": ("boolean",),
        "plain": ("number",),
        "integer": ("number",),
    },
    "mysql": {
        "text": ("STRING",),
        "moment": ("STRING",),
        "boolean": ("BOOLEAN",),
        "plain": ("INTEGER", "DOUBLE", "DECIMAL"),
        "integer": ("INTEGER",),
    },
}


def _among(vendor: str, kind: str) -> str:
    return ", ".join(f"'{name}'" for name in _TYPES[vendor][kind])


class Typed(Func):
    """A value of one kind in a document: text, moment, boolean, integer, plain (a number)."""

    def __init__(self, *sources: Any, kind: str) -> None:
        super().__init__(*sources, output_field=_FIELDS[kind]())
        self.kind = kind

    def _typed(self, vendor: str, kind_sql: str, value_sql: str) -> str:
        return f"CASE WHEN {kind_sql} IN ({_among(vendor, self.kind)}) THEN {value_sql} END"

    def _sqlite(self, kind_sql: str, value_sql: str) -> str:
        if self.kind == "moment":
            value_sql = f"SCIM_MOMENT({value_sql})"
        elif self.kind == "integer":
            value_sql = f"SCIM_INTEGER({value_sql})"
        return self._typed("sqlite", kind_sql, value_sql)

    def _postgresql(self, json_sql: str, text_sql: str) -> str:
        value = {
            "plain": f"({text_sql})::numeric",
            "integer": f"CASE WHEN ({text_sql}) ~ '{_INTEGER}' THEN ({text_sql})::numeric END",
            "boolean": f"({text_sql})::boolean",
            "moment": _filled_up(f"({text_sql})", "~", "||"),
        }.get(self.kind, f"({text_sql})")
        return self._typed("postgresql", f"JSONB_TYPEOF({json_sql})", value)

    def _mysql(self, json_sql: str) -> str:
        text = f"JSON_UNQUOTE({json_sql})"
        value = {
            "plain": f"CAST({text} AS DOUBLE)",
            "integer": f"CASE WHEN {text} REGEXP '{_INTEGER}' THEN CAST({text} AS DOUBLE) END",
            "boolean": f"({text} = 'true')",
            "moment": _filled_up(text, "REGEXP", ""),
        }.get(self.kind, text)
        return self._typed("mysql", f"JSON_TYPE({json_sql})", value)


def _filled_up(text: str, matches: str, concat: str) -> str:
    """Return the SQL of a moment with six digits of fraction; NULL for another text."""
    without = f"LEFT({text}, LENGTH({text}) - 1)"
    dot = f"CASE WHEN LENGTH({text}) = 20 THEN '.' ELSE '' END"
    if concat:
        filled = f"RPAD({without} || {dot}, 26, '0') || 'Z'"
    else:
        filled = f"CONCAT(RPAD(CONCAT({without}, {dot}), 26, '0'), 'Z')"
    return f"CASE WHEN {text} {matches} '{MOMENT}' THEN {filled} END"


class Within(Typed):
    """What keys lead to in a JSON column; without keys the column's value itself."""

    def __init__(self, column: Any, keys: tuple[str, ...], kind: str) -> None:
        super().__init__(column, kind=kind)
        self.keys = keys

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, params = compiler.compile(self.get_source_expressions()[0])
        path = _path(self.keys)
        sql = self._sqlite(f"JSON_TYPE({column}, %s)", f"JSON_EXTRACT({column}, %s)")
        return sql, [*params, path, *params, path]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, params = compiler.compile(self.get_source_expressions()[0])
        sql = self._postgresql(f"{column} #> %s", f"{column} #>> %s")
        return sql, [*params, list(self.keys)] * (1 + sql.count("#>>"))

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, params = compiler.compile(self.get_source_expressions()[0])
        sql = self._mysql(f"JSON_EXTRACT({column}, %s)")
        return sql, [*params, _path(self.keys)] * sql.count("JSON_EXTRACT(")


class Element(Typed):
    """The element of a list that ``AnyElement`` is looking at, or one of its members."""

    def __init__(self, sub: str = "", kind: str = "text") -> None:
        super().__init__(kind=kind)
        self.sub = sub

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        if not self.sub:
            return self._sqlite(f"{ELEMENT}.type", f"{ELEMENT}.value"), []
        path = _path((self.sub,))
        inner = self._sqlite(
            f"JSON_TYPE({ELEMENT}.value, %s)", f"JSON_EXTRACT({ELEMENT}.value, %s)"
        )
        return f"CASE WHEN {ELEMENT}.type = 'object' THEN {inner} END", [path, path]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql = self._postgresql(f"{ELEMENT}.value #> %s", f"{ELEMENT}.value #>> %s")
        return sql, [[self.sub] if self.sub else []] * (1 + sql.count("#>>"))

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql = self._mysql(f"JSON_EXTRACT({ELEMENT}.value, %s)")
        return sql, [_path((self.sub,) if self.sub else ())] * sql.count("JSON_EXTRACT(")


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

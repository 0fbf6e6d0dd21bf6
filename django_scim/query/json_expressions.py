"""SQL expressions for values in JSON columns, on every supported database.

The site may have stored anything in the column; a value that does not have the type of its
attribute counts as absent. ``value_of`` implements this rule in Python, and SQLite calls it. The
SQL for the other databases tests the type before it converts the value. Lists are expanded by a
table function of the database, so that one element has to meet all conditions in brackets.
"""

import math
import re
from datetime import datetime
from typing import Any, Literal

from django.core.exceptions import FullResultSet
from django.db.models import BigIntegerField, BooleanField, FloatField, Func, Q, TextField

from ..protocol.formats import format_datetime, parse_datetime

Kind = Literal["text", "moment", "boolean", "integer", "plain"]
ELEMENT = "scim_element"
LEAST, GREATEST = -(2**63), 2**63 - 1
_OFFSET = "[+-][0-9]{2}:[0-9]{2}$"
#: A dateTime as Python and Django write it: an existing day, at most six fractional digits, and Z
#: or an offset. In the years 1 and 9999 only UTC is valid, because databases have no dates beyond.
MOMENT = (
    f"^(?!0000)(?!(0001|9999).*(?![+-]00:00){_OFFSET})"
    "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    "|02-(0[1-9]|1[0-9]|2[0-8]))"
    "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"
    "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?"
    "(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?$(?!\n)"
)
_MOMENT = re.compile(MOMENT)
_INTEGER = "^-?[0-9]{1,19}$"
_GREATEST_FLOAT, _LEAST_FLOAT = "1.7976931348623157e308", "5e-324"
_FIELDS: dict[str, Any] = {
    "text": TextField,
    "moment": TextField,
    "boolean": BooleanField,
    "plain": FloatField,
    "integer": BigIntegerField,
}
_TYPES: dict[str, dict[str, tuple[str, ...]]] = {
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


def value_of(kind: Kind, raw: Any) -> Any:
    """Return a JSON value converted to a kind; None if it is not a value of that kind.

    Integers must fit 64 bits, numbers must be finite, and texts must be valid Unicode without NUL.
    A moment is returned in the format of ``written_moment``, whose texts sort by time.
    """
    is_boolean = isinstance(raw, bool)
    match kind:
        case "boolean":
            return raw if is_boolean else None
        case "integer":
            is_integer = isinstance(raw, int) and not is_boolean
            return raw if is_integer and LEAST <= raw <= GREATEST else None
        case "plain":
            if is_boolean or not isinstance(raw, int | float) or not _is_finite(raw):
                return None
            return raw if LEAST <= raw <= GREATEST else float(raw)
    if not isinstance(raw, str) or not raw or not _is_plain(raw):
        return None
    if kind == "text":
        return raw
    moment = parse_datetime(raw) if _MOMENT.match(raw) else None
    return written_moment(moment) if moment else None


def written_moment(moment: datetime) -> str:
    """Return a datetime as text, in UTC and with six fractional digits."""
    text = format_datetime(moment).removesuffix("Z")
    return f"{text}{'' if '.' in text else '.000000'}Z"


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(float(number))
    except OverflowError:
        return False


def _is_plain(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _among(vendor: str, kind: str) -> str:
    return ", ".join(f"'{name}'" for name in _TYPES[vendor][kind])


class Typed(Func):
    """Base class of expressions for a JSON value of one kind."""

    def __init__(self, *sources: Any, kind: Kind) -> None:
        super().__init__(*sources, output_field=_FIELDS[kind]())
        self.kind = kind

    def _sqlite(self, pair_sql: str) -> str:
        """Return the SQL that converts a value.

        ``pair_sql`` extracts the value twice. With one path, JSON_EXTRACT returns an SQL value
        that has lost its JSON type; with two paths, it returns a JSON array.
        """
        return f"SCIM_VALUE('{self.kind}', {pair_sql})"

    def _postgresql(self, json_sql: str, text_sql: str) -> str:
        text, number = f"({text_sql})", f"({text_sql})::numeric"
        value = {
            "plain": f"CASE WHEN ABS({number}) < {_LEAST_FLOAT} THEN 0 "
            f"WHEN ABS({number}) <= {_GREATEST_FLOAT} THEN ({number})::double precision END",
            "integer": f"CASE WHEN {text} ~ '{_INTEGER}' THEN "
            f"CASE WHEN {number} BETWEEN {LEAST} AND {GREATEST} THEN {text}::bigint END END",
            "boolean": f"{text}::boolean",
            "moment": f"CASE WHEN {text} ~ '{MOMENT}' THEN TO_CHAR({text}::timestamp - "
            f"COALESCE(SUBSTRING({text} FROM '{_OFFSET}'), '00:00')::interval, "
            '\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\') END',
        }.get(self.kind, text)
        return (
            f"CASE WHEN JSONB_TYPEOF({json_sql}) IN ({_among('postgresql', self.kind)})"
            f" THEN {value} END"
        )

    def _mysql(self, json_sql: str) -> str:
        text = f"JSON_UNQUOTE({json_sql})"
        number = f"CAST({text} AS DECIMAL(20))"
        offset = f"COALESCE(NULLIF(REGEXP_SUBSTR({text}, '{_OFFSET}'), ''), '00:00')"
        local = f"CAST(REGEXP_REPLACE({text}, '(Z|{_OFFSET})', '') AS DATETIME(6))"
        moment = f"CAST(SUBTIME({local}, REPLACE({offset}, '+', '')) AS DATETIME(6))"
        value = {
            "text": f"CASE WHEN LOCATE(CHAR(0), {text}) = 0 THEN {text} END",
            "plain": f"CAST({text} AS DOUBLE)",
            "integer": f"CASE WHEN {text} REGEXP '{_INTEGER}' THEN CASE WHEN {number} "
            f"BETWEEN {LEAST} AND {GREATEST} THEN CAST({text} AS SIGNED) END END",
            "boolean": f"({text} = 'true')",
            "moment": f"CASE WHEN {text} REGEXP '{MOMENT}' THEN "
            f"CONCAT(REPLACE(CAST({moment} AS CHAR), ' ', 'T'), 'Z') END",
        }.get(self.kind, text)
        return f"CASE WHEN JSON_TYPE({json_sql}) IN ({_among('mysql', self.kind)}) THEN {value} END"


class Within(Typed):
    """The value at a path of keys in a JSON column; without keys, the whole value."""

    def __init__(self, column: Any, keys: tuple[str, ...], kind: Kind) -> None:
        super().__init__(column, kind=kind)
        self.keys = keys

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, params = compiler.compile(self.get_source_expressions()[0])
        path = _path(self.keys)
        return self._sqlite(f"JSON_EXTRACT({column}, %s, %s)"), [*params, path, path]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, params = compiler.compile(self.get_source_expressions()[0])
        sql = self._postgresql(f"{column} #> %s", f"{column} #>> %s")
        return sql, [*params, list(self.keys)] * (1 + sql.count("#>>"))

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, params = compiler.compile(self.get_source_expressions()[0])
        sql = self._mysql(f"JSON_EXTRACT({column}, %s)")
        return sql, [*params, _path(self.keys)] * sql.count("JSON_EXTRACT(")


class Element(Typed):
    """The list element that ``AnyElement`` tests, or one of its sub-attributes."""

    def __init__(self, sub: str = "", kind: Kind = "text") -> None:
        super().__init__(kind=kind)
        self.sub = sub

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        if not self.sub:
            at = f"{ELEMENT}.fullkey"
            return self._sqlite(f"JSON_EXTRACT({ELEMENT}.json, {at}, {at})"), []
        path = _path((self.sub,))
        inner = self._sqlite(f"JSON_EXTRACT({ELEMENT}.value, %s, %s)")
        return f"CASE WHEN {ELEMENT}.type = 'object' THEN {inner} END", [path, path]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql = self._postgresql(f"{ELEMENT}.value #> %s", f"{ELEMENT}.value #>> %s")
        return sql, [[self.sub] if self.sub else []] * (1 + sql.count("#>>"))

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql = self._mysql(f"JSON_EXTRACT({ELEMENT}.value, %s)")
        return sql, [_path((self.sub,) if self.sub else ())] * sql.count("JSON_EXTRACT(")


class AnyElement(Func):
    """True if any element of a list in a JSON column meets a condition on ``Element``."""

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
    """Return all parameters in the order of the SQL, in which each path follows its column."""
    if not columns:
        return params
    share = len(columns) // source.count("{0}")
    parts = [columns[i * share : (i + 1) * share] for i in range(source.count("{0}"))]
    return [each for part, param in zip(parts, params, strict=True) for each in (*part, param)]


def _path(keys: tuple[str, ...]) -> str:
    """Return the SQL/JSON path of the keys, each in quotes."""
    return "$" + "".join(f'."{key}"' for key in keys)

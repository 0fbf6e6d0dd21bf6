"""SQL functions with which text comparisons give the same result on every database."""

import json
from typing import Any

from django.db.backends.signals import connection_created
from django.db.models import Func, TextField, Value

from ..models.fields import KEY_LENGTH
from ..protocol.values import fold
from .json_expressions import value_of

MYSQL_EXACT = "utf8mb4_nopad_bin"
_MYSQL_TEXT = f"CONVERT(%(expressions)s USING utf8mb4) COLLATE {MYSQL_EXACT}"
#: The collations whose LOWER covers most letters: Unicode 5.2, and Unicode 14 since MariaDB 10.10.
_MYSQL_LOWER_COLLATIONS = ("utf8mb4_unicode_520_ci", "utf8mb4_uca1400_ai_ci")


class Fold(Func):
    """``protocol.values.fold`` in SQL: NFKC and lower case, compared by code point.

    SQLite calls the Python function. MariaDB cannot normalize; it only converts to lower case.
    """

    function = "SCIM_FOLD"
    arity = 1
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            "NORMALIZE(REPLACE(LOWER(REPLACE(NORMALIZE(%(expressions)s, NFKC), 'İ', U&'i\\0307')), "
            "'ς', 'σ')) COLLATE \"C\""
        )
        return super().as_sql(compiler, connection, template=template, **context)

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        collation = _MYSQL_LOWER_COLLATIONS[connection.mysql_version >= (10, 10)]
        template = (
            f"REPLACE(LOWER(REPLACE({_MYSQL_TEXT}, 'İ', 'i\u0307') COLLATE {collation}), 'ς', 'σ') "
            f"COLLATE {MYSQL_EXACT}"
        )
        return super().as_sql(compiler, connection, template=template, **context)


class FoldWithKey(Func):
    """A folded text; on MariaDB its key, unless the key was truncated."""

    output_field = TextField()

    def __init__(self, text: Any, key: Any) -> None:
        super().__init__(Fold(text), key)

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        return compiler.compile(self.get_source_expressions()[0])

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        (fold_sql, params), (key, key_params) = map(compiler.compile, self.get_source_expressions())
        sql = f"CASE WHEN CHAR_LENGTH({key}) < {KEY_LENGTH} THEN {key} ELSE {fold_sql} END"
        return f"({sql}) COLLATE {MYSQL_EXACT}", [*key_params, *key_params, *params]


class Exactly(Func):
    """A text compared by code point, regardless of the collation of its column."""

    template = "%(expressions)s"
    arity = 1
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = '(%(expressions)s) COLLATE "C"'
        return super().as_sql(compiler, connection, template=template, **context)

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return super().as_sql(compiler, connection, template=_MYSQL_TEXT, **context)


class PlainText(Func):
    """A text without the collation of its column, so that texts of several columns combine."""

    template = "%(expressions)s"
    arity = 1
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = '(%(expressions)s)::text COLLATE "default"'
        return super().as_sql(compiler, connection, template=template, **context)

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return super().as_sql(compiler, connection, template=_MYSQL_TEXT, **context)


class TypedNull(Value):
    """NULL with the type of a field, as PostgreSQL requires it in a UNION."""

    def __init__(self, field: Any) -> None:
        super().__init__(None, output_field=field)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return f"CAST(NULL AS {self.output_field.cast_db_type(connection)})", []


def register_functions(*, connection: Any, **kwargs: object) -> None:
    """Add the functions that SQLite lacks; a receiver of ``connection_created``."""
    if connection.vendor == "sqlite":
        create = connection.connection.create_function
        create("SCIM_FOLD", 1, _fold_text, deterministic=True)
        create("SCIM_VALUE", 2, _value_in_json, deterministic=True)


def _fold_text(text: Any) -> str | None:
    return fold(text) if isinstance(text, str) else None


def _value_in_json(kind: Any, pair: str | None) -> Any:
    """Return the first value of a JSON array converted to a kind; None if it is of another."""
    try:
        return value_of(kind, json.loads(pair)[0]) if pair else None
    except ValueError:  # an integer with thousands of digits
        return None


connection_created.connect(register_functions, dispatch_uid="django_scim.functions")

"""SQL functions that make texts compare alike on every database."""

import json
from typing import Any

from django.db.backends.signals import connection_created
from django.db.models import Func, TextField, Value

from ..protocol.values import fold
from .json import value_of

MYSQL_EXACT = "utf8mb4_nopad_bin"


class Fold(Func):
    """``protocol.values.fold`` in SQL: NFKC and lower case, compared by code point.

    SQLite calls the Python function itself. MariaDB cannot normalise: there it lowers only.
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
        template = f"REPLACE(LOWER(%(expressions)s), 'ς', 'σ') COLLATE {MYSQL_EXACT}"
        return super().as_sql(compiler, connection, template=template, **context)


class Exactly(Func):
    """A text compared by code point, whatever the collation of its column."""

    template = "%(expressions)s"
    arity = 1
    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = '(%(expressions)s) COLLATE "C"'
        return super().as_sql(compiler, connection, template=template, **context)

    def as_mysql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = f"(%(expressions)s) COLLATE {MYSQL_EXACT}"
        return super().as_sql(compiler, connection, template=template, **context)


class Nothing(Value):
    """NULL as a value of a column, which PostgreSQL asks of it in a UNION."""

    def __init__(self, field: Any) -> None:
        super().__init__(None, output_field=field)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return f"CAST(NULL AS {self.output_field.cast_db_type(connection)})", []


def register_fold(*, connection: Any, **kwargs: object) -> None:
    """Give SQLite the functions that it lacks; a receiver of ``connection_created``."""
    if connection.vendor == "sqlite":
        create = connection.connection.create_function
        create("SCIM_FOLD", 1, _fold_text, deterministic=True)
        create("SCIM_VALUE", 2, _value_in_json, deterministic=True)


def _fold_text(text: Any) -> str | None:
    return fold(text) if isinstance(text, str) else None


def _value_in_json(kind: Any, pair: str | None) -> Any:
    """Return the value of a kind that JSON text holds in an array; None for what is none."""
    try:
        return value_of(kind, json.loads(pair)[0]) if pair else None
    except ValueError:  # an integer of thousands of digits
        return None


connection_created.connect(register_fold, dispatch_uid="django_scim.fold")

"""SQL functions that make texts compare alike on every database."""

import re
from typing import Any

from django.db.backends.signals import connection_created
from django.db.models import Func, TextField

from ..protocol.values import fold
from .json import MOMENT

MYSQL_EXACT = "utf8mb4_nopad_bin"
_MOMENT = re.compile(MOMENT)


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


def register_fold(*, connection: Any, **kwargs: object) -> None:
    """Give SQLite the functions that it lacks; a receiver of ``connection_created``."""
    if connection.vendor == "sqlite":
        create = connection.connection.create_function
        create(
            "SCIM_FOLD", 1, lambda t: fold(t) if isinstance(t, str) else None, deterministic=True
        )
        create("SCIM_MOMENT", 1, filled_up, deterministic=True)
        create("SCIM_INTEGER", 1, whole_number, deterministic=True)


def _fold_text(text: Any) -> str | None:
    return fold(text) if isinstance(text, str) else None


def whole_number(value: Any) -> int | None:
    """Return an integer of eighteen digits at most, None for what is none."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and abs(value) < 10**18 else None


def filled_up(text: Any) -> str | None:
    """Return a moment with six digits of fraction, so that texts compare as moments do.

    None for what is no moment in UTC, as ``query.json`` has it on the other databases.
    """
    if not isinstance(text, str) or not _MOMENT.match(text):
        return None
    whole, _, fraction = text[:-1].partition(".")
    return f"{whole}.{fraction:0<6}Z"


connection_created.connect(register_fold, dispatch_uid="django_scim.fold")

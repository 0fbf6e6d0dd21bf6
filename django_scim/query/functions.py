"""SQL functions that make texts compare alike on every database."""

from typing import Any

from django.db.backends.signals import connection_created
from django.db.models import Func, TextField

from ..protocol.values import fold

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


def register_fold(*, connection: Any, **kwargs: object) -> None:
    """Give SQLite the folding function; a receiver of ``connection_created``."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(
            "SCIM_FOLD", 1, lambda text: None if text is None else fold(text), deterministic=True
        )


connection_created.connect(register_fold, dispatch_uid="django_scim.fold")

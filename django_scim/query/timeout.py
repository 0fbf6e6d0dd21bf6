"""The time that the database may take for the answer to one read.

SQLite has no such limit. On PostgreSQL, the timeout is set in a separate transaction, or in a
savepoint if a transaction is already open, so that it works behind a PgBouncer that pools
transactions and is reset afterwards. Usually all of this is sent as one message together with the
query. MariaDB has a syntax for single statements.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connections

from ..conf import settings
from ..protocol.errors import TooMany

_SAVEPOINT = "scim_read"
_CANCELED = {"57014", 1969}  # SQLSTATE of PostgreSQL, error code of MariaDB


def limited_reads(using: str) -> AbstractContextManager[None]:
    """Limit the SELECTs within the context to QUERY_TIMEOUT seconds, all of them together.

    Raise TooMany if they take longer.
    """
    wrappers = {"postgresql": _on_postgresql, "mysql": _on_mariadb}
    wrapper = wrappers.get(connections[using].vendor)
    if wrapper is None or settings.QUERY_TIMEOUT <= 0:
        return nullcontext()
    return _limited(using, wrapper, settings.QUERY_TIMEOUT)


@contextmanager
def _limited(using: str, wrapper: Callable[..., Any], seconds: int) -> Iterator[None]:
    deadline = time.monotonic() + seconds

    def execute(run: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if many or not sql.lstrip("( ").startswith("SELECT"):
            return run(sql, params, many, context)
        left = max(1, int((deadline - time.monotonic()) * 1000))
        return wrapper(left, run, sql, params, context)

    try:
        with connections[using].execute_wrapper(execute):
            yield
    except OperationalError as error:
        cause = error.__cause__
        codes = {getattr(cause, "sqlstate", None), *getattr(cause, "args", ())[:1]}
        if not codes & _CANCELED:
            raise
        raise TooMany(
            f"the database needs more than {seconds} seconds for this query: send a more specific "
            f"filter, fewer terms, or a smaller count"
        ) from None


def _on_mariadb(milliseconds: int, run: Any, sql: str, params: Any, context: dict[str, Any]) -> Any:
    limit = f"SET STATEMENT max_statement_time={milliseconds / 1000:.3f} FOR "
    return run(limit + sql, params, False, context)


def _on_postgresql(
    milliseconds: int, run: Any, sql: str, params: Any, context: dict[str, Any]
) -> Any:
    connection, cursor = context["connection"], context["cursor"].cursor
    begin, end = "BEGIN", ("COMMIT", "ROLLBACK")
    if connection.in_atomic_block:
        undo = f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}; RELEASE SAVEPOINT {_SAVEPOINT}"
        begin, end = f"SAVEPOINT {_SAVEPOINT}", (undo, undo)
    begin += f"; SET LOCAL statement_timeout = {milliseconds}"
    after, after_error = end
    try:
        if _sends_text(cursor):
            result = run(f"{begin}; {sql}; {after}", params, False, context)
            cursor.nextset()  # from the result of BEGIN to that of SET
            cursor.nextset()  # to that of the query
            return result
        _send(connection, begin)
        result = run(sql, params, False, context)
        _send(connection, after)
        return result
    except Exception:
        with suppress(DatabaseError, InterfaceError):  # the connection is lost, and so is its state
            _send(connection, after_error)
        raise


def _sends_text(cursor: Any) -> bool:
    """Return whether a cursor of psycopg 3 sends the parameters within the text of the query.

    Only then can one message contain several statements.
    """
    try:
        from psycopg import ClientCursor
    except ImportError:
        return False
    return isinstance(cursor, ClientCursor)


def _send(connection: Any, statements: str) -> None:
    """Run statements with a separate cursor, so that the query's result is kept."""
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        for statement in statements.split("; "):
            cursor.execute(statement)

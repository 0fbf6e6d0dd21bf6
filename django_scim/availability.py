"""Recognise errors of a database that cannot serve a request now, but may soon do so again."""

from django.db import DatabaseError, InterfaceError, OperationalError

#: Classes and codes of PostgreSQL's errors: connection, resources, intervention by an operator,
#: system, deadlock and serialization, locks, a read-only transaction.
POSTGRESQL = ("08", "53", "57", "58", "40", "55P03", "25006")
#: Numbers of MariaDB's and MySQL's errors: the server is gone, restarts, has no connections, disk,
#: memory or time left, waits for a lock, or is read-only.
MYSQL = frozenset(
    {0, 1021, 1028, 1030, 1040, 1041, 1053, 1114, 1129, 1152, 1158, 1159, 1160, 1161, 1184, 1203}
    | {1205, 1213, 1226, 1290, 1317, 1836, 1927, 1969, 2002, 2003, 2006, 2013, 2014, 2055, 3024}
    | {4031}
)
#: Parts of SQLite's messages; Django's errors do not show its codes.
SQLITE = ("locked", "disk is full", "readonly", "unable to open", "disk i/o error")


def is_unavailable(error: BaseException) -> bool:
    """Return whether a database is down, restarting, full, locked, read-only or too slow."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, DatabaseError):
        return False
    cause = error.__cause__ or error
    number = _number(cause)
    if number is not None:
        return number in MYSQL
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str):
        return state.startswith(POSTGRESQL)
    if not isinstance(error, OperationalError):
        return False
    if type(cause).__module__ == "sqlite3":
        return any(part in str(cause).lower() for part in SQLITE)
    return True  # psycopg has no code for a server that cannot be reached


def _number(cause: BaseException) -> int | None:
    first = cause.args[0] if cause.args else None
    return first if isinstance(first, int) else None


def on_one_line(error: BaseException) -> str:
    """Return the text of an error, without the line breaks that drivers put into it."""
    return " ".join(str(error).split())

"""The transaction of a write, and its repetition after a conflict with another request."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError, connections, router, transaction

from .compat import replace_commit_hooks
from .models import Connection
from .primary import on_primary

logger = logging.getLogger("django_scim")

T = TypeVar("T")
RETRIES = 2


def in_transaction(
    work: Callable[[], T],
    start_again: Callable[[], None],
    note: Callable[[Exception], None] | None = None,
    leaves_out: Callable[[Exception], bool] = lambda error: False,
) -> T:
    """Return the result of ``work``, run in a transaction.

    If it fails because of a concurrent request, call ``start_again`` and run it again, at most
    RETRIES times; it then sees what the other request wrote. It is also run again after an error
    for which ``leaves_out`` returns True: the next run then leaves out the cause.

    With ``note``, a function that was to run after the commit, and fails, does not make the write
    fail: its error is logged, and ``note`` is called with it.
    """
    lost = 0
    while True:
        try:
            with writing(note):
                return work()
        except Exception as error:
            is_race = isinstance(error, IntegrityError | OperationalError) and is_lost_race(error)
            lost += is_race
            if not (is_race and lost <= RETRIES) and not leaves_out(error):
                raise
            start_again()


def writing(note: Callable[[Exception], None] | None = None) -> AbstractContextManager[None]:
    """Open a transaction on the database that the app's models are written to.

    ``note`` is called with the error of a function that runs after the commit and fails.

    SQLite cannot upgrade a read transaction while another connection writes. Unless the site sets
    ``transaction_mode`` to IMMEDIATE or EXCLUSIVE, the first statement is therefore an UPDATE that
    matches no row.
    """
    return _on_primary(note) if router.routers else _writing(note)


@contextmanager
def _on_primary(note: Callable[[Exception], None] | None) -> Iterator[None]:
    with on_primary(), _writing(note):
        yield


@contextmanager
def _writing(note: Callable[[Exception], None] | None) -> Iterator[None]:
    alias = router.db_for_write(Connection)
    connection = connections[alias]
    with transaction.atomic(using=alias):
        if connection.vendor == "sqlite" and not _begins_as_write(connection):
            Connection.objects.using(alias).filter(pk=0).update(created=None)
        if note is None:
            yield
            return
        first = len(connection.run_on_commit)
        yield
        if len(connection.run_on_commit) > first:
            replace_commit_hooks(alias, first, lambda hook: _Noted(hook, note))


@contextmanager
def without_waiting(alias: str) -> Iterator[None]:
    """Let a write to SQLite fail at once if another one holds the lock, instead of waiting for it.

    Other databases lock rows, so that such a write does not wait.
    """
    connection: Any = connections[alias]
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    raw = connection.connection
    (timeout,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        raw.execute(f"PRAGMA busy_timeout = {int(timeout)}")


class _Noted:
    """A function that runs after the commit. Its error is logged and noted, not raised."""

    def __init__(self, hook: Callable[[], object], note: Callable[[Exception], None]) -> None:
        self._hook, self._note = hook, note

    def __call__(self) -> None:
        try:
            self._hook()
        except Exception as error:
            logger.exception("the change is stored, but a function that runs after it failed")
            self._note(error)


def is_lost_race(error: Exception) -> bool:
    """Return whether a concurrent request caused the error, so that a retry may succeed.

    That is an IntegrityError (a unique value was taken), a deadlock, or a serialization failure.
    """
    if isinstance(error, IntegrityError):
        return True
    cause = error.__cause__
    codes = {getattr(cause, "sqlstate", None), *getattr(cause, "args", ())[:1]}
    return bool(codes & {"40001", "40P01", 1213})


def _begins_as_write(connection: object) -> bool:
    mode = getattr(connection, "transaction_mode", None) or ""
    return mode.upper() in ("IMMEDIATE", "EXCLUSIVE")

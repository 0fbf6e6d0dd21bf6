"""The transaction of a write, and its repetition after a conflict with another request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import IntegrityError, OperationalError, connections, router, transaction

from .models import Connection

T = TypeVar("T")
RETRIES = 2


def in_transaction(
    work: Callable[[], T],
    start_again: Callable[[], None],
    leaves_out: Callable[[Exception], bool] = lambda error: False,
) -> T:
    """Return the result of ``work``, run in a transaction.

    If it fails because of a concurrent request, call ``start_again`` and run it again, at most
    RETRIES times; it then sees what the other request wrote. It is also run again after an error
    for which ``leaves_out`` returns True: the next run then leaves out the cause.
    """
    lost = 0
    while True:
        try:
            with writing():
                return work()
        except Exception as error:
            is_race = isinstance(error, IntegrityError | OperationalError) and is_lost_race(error)
            lost += is_race
            if not (is_race and lost <= RETRIES) and not leaves_out(error):
                raise
            start_again()


@contextmanager
def writing() -> Iterator[None]:
    """Open a transaction on the database that the app's models are written to.

    SQLite cannot upgrade a read transaction while another connection writes. Unless the site sets
    ``transaction_mode`` to IMMEDIATE or EXCLUSIVE, the first statement is therefore an UPDATE that
    matches no row.
    """
    alias = router.db_for_write(Connection)
    connection = connections[alias]
    with transaction.atomic(using=alias):
        if connection.vendor == "sqlite" and not _begins_as_write(connection):
            Connection.objects.using(alias).filter(pk=0).update(created=None)
        yield


def is_lost_race(error: Exception) -> bool:
    """Return whether a concurrent request caused the error, so that a retry may succeed.

    That is an IntegrityError (a unique value was taken), a deadlock, or a serialization failure.
    """
    if isinstance(error, IntegrityError):
        return True
    cause = error.__cause__
    code = getattr(cause, "sqlstate", None) or next(iter(getattr(cause, "args", ())), None)
    return code in ("40001", "40P01", 1205, 1213)


def _begins_as_write(connection: object) -> bool:
    mode = getattr(connection, "transaction_mode", None) or ""
    return mode.upper() in ("IMMEDIATE", "EXCLUSIVE")

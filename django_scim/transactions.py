"""The one transaction of a write."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import IntegrityError, OperationalError, connections, router, transaction

from .models import Connection

T = TypeVar("T")
RETRIES = 2


def in_transaction(work: Callable[[], T], start_again: Callable[[], None]) -> T:
    """Run ``work`` in a transaction; after a lost race again, with what the other wrote."""
    for _ in range(RETRIES):
        try:
            with writing():
                return work()
        except (IntegrityError, OperationalError) as error:
            if not is_lost_race(error):
                raise
            start_again()
    with writing():
        return work()


@contextmanager
def writing() -> Iterator[None]:
    """Open the transaction of a write, on the database that the app's models are written to.

    SQLite cannot turn a read transaction into a write one while another writes: there the first
    statement is a write, of no row, unless the site begins its transactions as IMMEDIATE.
    """
    alias = router.db_for_write(Connection)
    connection = connections[alias]
    with transaction.atomic(using=alias):
        if connection.vendor == "sqlite" and not _begins_as_write(connection):
            Connection.objects.using(alias).filter(pk=0).update(created=None)
        yield


def is_lost_race(error: Exception) -> bool:
    """Whether another request was quicker: it took a unique value, or the two stood in each
    other's way (deadlock, serialization failure), and the same work may succeed now."""
    if isinstance(error, IntegrityError):
        return True
    cause = error.__cause__
    code = getattr(cause, "sqlstate", None) or next(iter(getattr(cause, "args", ())), None)
    return code in ("40001", "40P01", 1205, 1213)


def _begins_as_write(connection: object) -> bool:
    mode = getattr(connection, "transaction_mode", None) or ""
    return mode.upper() in ("IMMEDIATE", "EXCLUSIVE")

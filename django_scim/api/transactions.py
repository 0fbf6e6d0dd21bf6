"""The one transaction of a write."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, router, transaction

from ..models import Connection


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


def _begins_as_write(connection: object) -> bool:
    mode = getattr(connection, "transaction_mode", None) or ""
    return mode.upper() in ("IMMEDIATE", "EXCLUSIVE")

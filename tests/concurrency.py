"""Requests at the same time, each in a thread with its own database connection."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from .client import ScimClient

needs_row_locks = pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite in memory allows only one thread"
)


def run_concurrently(scim, calls):
    """Call each function in a thread with its own client, and return the sorted statuses."""
    barrier = Barrier(len(calls))

    def run(call):
        barrier.wait()
        try:
            return call(ScimClient(scim.connection, scim.secret)).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(run, calls))

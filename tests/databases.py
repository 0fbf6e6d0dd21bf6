"""Differences between databases, and their query plans."""

import re

import pytest
from django.db import connection

MARIADB = connection.vendor == "mysql"

needs_case_sensitive_columns = pytest.mark.skipif(
    MARIADB, reason="MariaDB's collation ignores case, so the site cannot have both names"
)


def quoted(table):
    return connection.ops.quote_name(table)


def first_on(captured, table):
    """Return the first captured query that selects from a table."""
    return next(q["sql"] for q in captured if f"FROM {quoted(table)}" in q["sql"])


def analyze():
    """Update the statistics of PostgreSQL.

    MariaDB does so automatically, and its ANALYZE would commit the test's transaction.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def scans(sql, least):
    """Return the steps of a query plan that scan a table of at least so many rows."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("EXPLAIN QUERY PLAN " + sql)
            return [row[3] for row in cursor.fetchall() if row[3].startswith("SCAN")]
        cursor.execute("EXPLAIN " + sql)
        if MARIADB:
            names = [column[0] for column in cursor.description]
            steps = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            walks = [step for step in steps if step["type"] in ("ALL", "index")]
            return [step for step in walks if int(step["rows"] or 0) >= least]
        steps = [row[0] for row in cursor.fetchall() if "Seq Scan on" in row[0]]
        cursor.execute("SELECT relname FROM pg_class WHERE reltuples >= %s", [least])
        large = {name for (name,) in cursor.fetchall()}
        return [step for step in steps if re.search(r"Scan on (\w+)", step)[1] in large]

"""Wait until a database accepts connections: ``await_database.py URL SECONDS [--time-zones]``.

The exit status is 0 as soon as it does, and 1 after that many seconds, with the reason on standard
error. ``--time-zones`` also asks whether the time zone tables of MariaDB are filled.
"""

import sys
import time
from urllib.parse import unquote, urlsplit

import psycopg
import pymysql


def main(url: str, seconds: str, *options: str) -> int:
    deadline = time.monotonic() + float(seconds)
    while True:
        try:
            connect(url, *options)
        except (psycopg.OperationalError, pymysql.err.OperationalError, LookupError) as error:
            if time.monotonic() > deadline or isinstance(error, LookupError):
                print(f"{url}: {error}", file=sys.stderr)
                return 1
            time.sleep(0.5)
        else:
            return 0


def connect(url: str, *options: str) -> None:
    """Connect once. Raises OperationalError, or LookupError for missing time zones."""
    parts = urlsplit(url)
    if parts.scheme.startswith("postgres"):
        psycopg.connect(url.replace("postgres://", "postgresql://"), connect_timeout=2).close()
        return
    connection = pymysql.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        connect_timeout=2,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT CONVERT_TZ('2020-01-01', 'UTC', 'Europe/Berlin')")
        if "--time-zones" in options and cursor.fetchone() == (None,):
            raise LookupError("the time zone tables are empty")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

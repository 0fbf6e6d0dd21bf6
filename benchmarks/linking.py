"""Measure how long it takes to link 100,000 existing accounts of a site to a connection.

    [DATABASE_URL=...] python benchmarks/linking.py [--users 100000]

It creates a test database, on the server in DATABASE_URL or as a SQLite file, and drops it
afterwards.
"""

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import django

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "testproject")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100_000)
    count = parser.parse_args().users
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"] = {"NAME": tempfile.mktemp(suffix=".sqlite3")}  # noqa: S306
    django.setup()
    from django.contrib.auth.models import User
    from django.db import connection

    from django_scim import connections
    from django_scim.adapters.bulk_linking import assign_matching, survey
    from django_scim.models import Connection, UserLink

    name = connection.creation.create_test_db(verbosity=0, serialize=False)
    try:
        for start in range(0, count, 5_000):
            User.objects.bulk_create(
                User(username=f"User{number}", email=f"user{number}@example.com")
                for number in range(start, min(start + 5_000, count))
            )

        def timed(what, work):
            started = time.perf_counter()
            result = work()
            print(f"{connection.vendor:12}{what:34}{time.perf_counter() - started:7.1f} s")
            return result

        timed("scim_connect --scope site", lambda: connections.create("Site", scope="site"))
        timed("  run again", lambda: connections.prepare(Connection.objects.get()))
        own = connections.create("Own")
        for by in ("username", "email"):
            UserLink.objects.filter(connection=own).delete()
            found = timed(f"scim_link --by {by} --dry-run", partial(survey, own, by))
            timed(f"scim_link --by {by}", partial(assign_matching, own, found))
            assert UserLink.objects.filter(connection=own).count() == count
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()

"""Measure what an event costs on PostgreSQL, with its indexes, and how long the admin's reads take.

    DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres python benchmarks/event_size.py
    ... --events 1000000 --people 100000     as many as the target is for

The script creates a separate database for the events and deletes it at the end. One event in a
hundred is refused, with its request and response; the others are updates of one attribute.
"""

import argparse
import os
import sys
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "00u1a2b3c4"


def events(count: int, people: int) -> Any:
    """Yield events about people, in the order of their times."""
    from django.utils import timezone

    from django_scim.audit.repetition import repeat_key
    from django_scim.models import Connection, Event

    connections = [
        Connection.objects.create(name=f"Provider {number}", profile="okta") for number in range(4)
    ]
    start = timezone.now() - timedelta(seconds=count)
    for number in range(count):
        person = (number * 7919) % people
        name = f"maria.rossi{person}@example.com"
        connection = connections[person % 4]
        event = Event(
            created=start + timedelta(seconds=number),
            connection=connection,
            connection_name=connection.name,
            token_prefix="scim_AbCdEf",
            action="update",
            outcome="success",
            resource_type="User",
            scim_id=str(uuid.UUID(int=person * 2**90 + person)),
            external_id=f"{PREFIX}{person:010}",
            object_type="auth.user",
            object_key=str(person),
            object_name=name,
            name_key=name,
            display_key=f"maria rossi{person}",
            last_name_key=f"rossi{person}",
            email_key=None if person % 2 else f"m.rossi{person}@example.com",
            external_key=f"{PREFIX}{person:010}",
            changes=[{"path": "title", "old": "Guide", "new": "Chief guide"}],
            method="PATCH",
            path=f"/scim/v2/Users/{uuid.UUID(int=person)}",
            status=200,
            correlation_id=uuid.uuid4().hex,
            address="203.0.113.7",
            user_agent="Okta SCIM Client 1.0.0",
            duration=12,
        )
        if number % 100 == 0:
            event.outcome, event.action, event.status = "failure", "create", 409
            event.scim_type, event.reason = "uniqueness", "name_taken"
            event.reason_params, event.changes = {"value": name}, []
            event.detail = f"userName: {name!r} is taken"
            event.refused, event.repeat_key = event.created, repeat_key(event)
            event.request_body = '{"schemas": ["x"], "userName": "x"}' * 5
            event.response_body = event.detail * 3
        yield event


def fill(count: int, people: int) -> None:
    """Insert the events in batches."""
    from django_scim.models import Event

    batch = []
    for event in events(count, people):
        batch.append(event)
        if len(batch) == 2_000:
            Event.objects.bulk_create(batch)
            batch = []
    Event.objects.bulk_create(batch)


def sizes() -> tuple[int, int, list[tuple[str, int]]]:
    """Return the bytes of the table and of all indexes together, and of each index."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_table_size(%s), pg_indexes_size(%s)", ["django_scim_event"] * 2)
        table, indexes = cursor.fetchone()
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_relation_size(indexrelid) FROM pg_index "
            "WHERE indrelid = 'django_scim_event'::regclass ORDER BY 2 DESC"
        )
        return table, indexes, cursor.fetchall()


def reads() -> list[tuple[str, float]]:
    """Return the milliseconds of what the admin's list reads."""
    from django_scim.audit.search import search
    from django_scim.models import Event

    listed = Event.objects.defer("request_body", "response_body")
    queries = {
        "newest": listed,
        "needs attention": listed.filter(refused__isnull=False).order_by("-refused", "-id"),
        "search for one person": search(listed, "maria.rossi4321@"),
        "search for a common beginning": search(listed, "maria"),
        "search by request id": search(listed, Event.objects.first().correlation_id[:12]),
    }
    timed = []
    for name, query in queries.items():
        started = time.perf_counter()
        list(query[:51])
        len(query.values_list("pk", flat=True)[:5_001])  # the count of the paginator
        timed.append((name, (time.perf_counter() - started) * 1_000))
    return timed


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=10_000)
    options = parser.parse_args()
    sys.path[:0] = [str(ROOT / "testproject"), str(ROOT)]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "testproject.settings")
    import django

    django.setup()
    from django.db import connection

    if connection.vendor != "postgresql":
        parser.error("set DATABASE_URL to a PostgreSQL server")
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        fill(options.events, options.people)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE django_scim_event")
        table, indexes, each = sizes()
        print(f"{options.events:,} events about {options.people:,} people")
        print(f"{(table + indexes) / options.events:7.0f} bytes per event")
        print(f"{table / options.events:7.0f}   table")
        for index, size in each:
            print(f"{size / options.events:7.0f}   {index}")
        for query, duration in reads():
            print(f"{duration:7.0f} ms  {query}")
        return 0 if (table + indexes) / options.events <= 1_200 else 1
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    sys.exit(main())

"""Carry out the recipe for monthly partitions."""

import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from django_scim.models import Connection, Event

PAGE = (Path(__file__).parents[2] / "docs/how-to/audit.md").read_text("utf-8")

pytestmark = [
    pytest.mark.skipif(connection.vendor != "postgresql", reason="a recipe for PostgreSQL"),
    pytest.mark.django_db,  # PostgreSQL rolls changes of tables back, too
]


def block(start):
    (found,) = [each for each in re.findall(r"```\w+\n(.*?)```", PAGE, re.S) if start in each]
    return found


@pytest.fixture
def partitioned(connect):
    scim = connect()
    now = timezone.now()
    Event.objects.bulk_create(
        [
            Event(
                connection=scim.connection,
                action="update",
                outcome="success",
                object_name=f"user{n}",
                created=now - timedelta(days=30 * n),
            )
            for n in range(5)
        ]
    )
    with connection.cursor() as cursor:  # as a commit would do
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    code = {}
    exec(compile(block("def partition("), "recipe", "exec"), code)
    with connection.schema_editor(atomic=False) as editor:
        code["partition"](apps, editor)
    return scim


def partition_of(event):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM django_scim_event WHERE id = %s", [event.pk]
        )
        return cursor.fetchone()[0]


def test_events_before_and_after(partitioned):
    assert Event.objects.count() == 5
    made = partitioned.make_user("maria")
    event = Event.objects.get(scim_id=made["id"])
    assert event.pk == max(Event.objects.values_list("pk", flat=True))
    assert partition_of(event) == "django_scim_event_until_now"
    assert Event.objects.filter(connection=partitioned.connection).count() == 6


def test_the_table_keeps_its_indexes_and_constraints(partitioned):
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "django_scim_event")
    indexes = {name for name, each in found.items() if each["index"]}
    assert {index.name for index in Event._meta.indexes} <= indexes
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.create(action="update", outcome="success", connection_id=10**9)
        connection.check_constraints()
    Connection.objects.all().delete()
    assert Event.objects.filter(connection=None).count() == 5


def test_the_next_month_has_its_own_partition(partitioned):
    with connection.cursor() as cursor:
        cursor.execute(block("CREATE TABLE IF NOT EXISTS"))
        cursor.execute(block("CREATE TABLE IF NOT EXISTS"))  # can be repeated
    now = datetime.now(UTC)
    month = (now.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0)
    event = Event.objects.create(action="update", outcome="success", created=month)
    name = f"django_scim_event_{month:%Y_%m}"
    assert partition_of(event) == name
    event.created = month + timedelta(days=70)  # as the repetition of a refusal does
    event.save()
    assert partition_of(event) == "django_scim_event_default"
    event.created = month
    event.save()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # as after a commit
        cursor.execute(block("DROP TABLE").replace("django_scim_event_2026_01", name))
    assert Event.objects.count() == 5


def test_prune_works(partitioned):
    call_command("scim_prune", "--older-than", "45d", stdout=StringIO())
    assert Event.objects.filter(action="update").count() == 2

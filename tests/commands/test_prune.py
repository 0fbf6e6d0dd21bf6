"""scim_prune."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from django_scim.audit import retention
from django_scim.audit.administration import Actor
from django_scim.models import Event


def run(*arguments):
    output = StringIO()
    call_command("scim_prune", *arguments, stdout=output, stderr=StringIO())
    return output.getvalue()


@pytest.fixture
def old(db):
    """Create an event of each of the last 10 days, at noon of the day counted back from now."""
    now = timezone.now()
    return Event.objects.bulk_create(
        [
            Event(action="update", outcome="success", created=now - timedelta(days=n, minutes=1))
            for n in range(10)
        ]
    )


def remaining():
    return Event.objects.exclude(action="administration").count()


def test_deletes_older_events(old):
    assert "7 events before" in run("--older-than", "3d")
    assert remaining() == 3
    event = Event.objects.get(action="administration")
    assert event.detail == "7 events deleted by scim_prune on the command line"
    assert event.changes[0]["path"] == "before"


def test_units(old):
    run("--older-than", "1w")
    assert remaining() == 7
    run("--older-than", "48h")
    assert remaining() == 2


def test_a_dry_run_deletes_nothing(old):
    assert "7 events before" in run("--older-than", "3d", "--dry-run")
    assert Event.objects.count() == 10


def test_nothing_to_delete_is_no_event(old):
    assert "0 events" in run("--older-than", "20d")
    assert Event.objects.count() == 10


@pytest.mark.parametrize("size", [1, 2, 7, 8])
def test_batches(old, size, django_assert_max_num_queries):
    with django_assert_max_num_queries(5 * (7 // size + 1) + 13):  # 13: count the events
        run("--older-than", "3d", "--batch-size", str(size))
    assert remaining() == 3 and Event.objects.filter(action="administration").count() == 1


def test_an_interruption_keeps_and_records_the_finished_batches(old):
    before = timezone.now() - timedelta(days=3)
    work = retention.prune(before, 2, Actor("test"))
    assert next(work) == 2
    assert next(work) == 4
    work.close()
    assert remaining() == 6
    assert Event.objects.get(action="administration").detail == "4 events deleted by test"


def test_json(old):
    answer = json.loads(run("--older-than", "3d", "--json", "--dry-run"))
    assert (answer["events"], answer["dry_run"]) == (7, True)
    assert json.loads(run("--older-than", "3d", "--json"))["events"] == 7


def test_the_setting(old):
    with pytest.raises(CommandError, match="EVENT_RETENTION"):
        run()
    with override_settings(DJANGO_SCIM={"EVENT_RETENTION": 3}):
        run()
    assert remaining() == 3


@pytest.mark.parametrize("age", ["90", "d", "0d", "-1d", "1.5d", "90 days", "999999d", "٣d"])
def test_a_wrong_age_is_an_error(old, age):
    with pytest.raises(CommandError, match="older-than"):
        run(f"--older-than={age}")
    assert remaining() == 10


@pytest.mark.parametrize("size", ["0", "-5", "x"])
def test_a_wrong_size_is_an_error(old, size):
    with pytest.raises(CommandError, match="batch-size"):
        run("--older-than", "3d", f"--batch-size={size}")


def test_a_check_asks_for_the_age(db):
    def ids():
        return {each.id for each in run_checks(include_deployment_checks=True)}

    assert "django_scim.W013" in ids()
    with override_settings(DJANGO_SCIM={"EVENT_RETENTION": 90}):
        assert "django_scim.W013" not in ids()


def test_the_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        call_command("scim_prune", "--help")
    assert "manage.py scim_prune --older-than 90d --dry-run" in capsys.readouterr().out

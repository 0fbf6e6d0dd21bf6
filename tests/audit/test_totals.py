"""The daily totals of events: counted once, on the right day, and kept when events are deleted."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connections
from django.utils import timezone

from django_scim.audit import totals
from django_scim.audit.administration import Actor
from django_scim.audit.retention import prune
from django_scim.audit.totals import activity, day_of, reading, roll_up
from django_scim.models import CountedEvents, DailyTotal, Event

from ..client import USER
from ..concurrency import needs_row_locks

LONG_AGO = timedelta(hours=1)
MARIA = {"schemas": [USER], "userName": "maria"}


def make(connection, *outcomes, created=None, **values):
    """Create an event with each outcome, by default an hour ago."""
    created = created or timezone.now() - LONG_AGO
    events = [
        Event(connection=connection, outcome=each, created=created, **{"action": "update"} | values)
        for each in outcomes
    ]
    return Event.objects.bulk_create(events)


def sums(connection, since=date(2000, 1, 1)):
    """Return how many events a connection had, by day and outcome."""
    found, is_complete = activity([connection.pk], since)
    assert is_complete
    return {day: dict(outcomes) for day, outcomes in found[connection.pk].days.items()}


def stored():
    """Return the same from the table alone."""
    counts = Counter()
    for total in DailyTotal.objects.all():
        counts[total.day, total.outcome] += total.count
    return counts


@pytest.fixture
def okta(connect):
    return connect().connection


# What is counted


def test_events_by_day_and_outcome(okta, connect):
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    make(okta, "success", "success", "no_change", "failure", "stopped", created=noon)
    make(connect().connection, "failure", created=noon)
    make(okta, "success", created=noon + timedelta(days=1))
    expected = {
        date(2026, 3, 10): {"success": 2, "no_change": 1, "failure": 1, "stopped": 1},
        date(2026, 3, 11): {"success": 1},
    }
    assert sums(okta) == expected  # nothing is in the table yet
    roll_up()
    assert sums(okta) == expected and DailyTotal.objects.count() == 6
    assert sums(okta, since=date(2026, 3, 11)) == {date(2026, 3, 11): {"success": 1}}


def test_acts_of_admins_and_unknown_clients_are_not_counted(okta):
    make(okta, "success", action="administration")
    make(None, "failure")
    roll_up()
    assert sums(okta) == {} and not DailyTotal.objects.exists()
    assert CountedEvents.objects.get().last_event == Event.objects.latest("pk").pk


def test_nothing_is_counted_twice(okta):
    for number in range(1, 4):
        make(okta, "success")
        assert list(sums(okta).values()) == [{"success": number}]
        roll_up()
        roll_up()
        assert list(sums(okta).values()) == [{"success": number}]
    assert DailyTotal.objects.count() == 1  # rows of one day are merged


def test_the_newest_success(okta):
    first, second = make(okta, "success", "success")
    make(okta, "failure")
    assert activity([okta.pk], date(2000, 1, 1))[0][okta.pk].last_success[1] == second.pk
    roll_up()
    (third,) = make(okta, "success")
    assert first.pk < second.pk < third.pk
    make(okta, "success", created=timezone.now() - timedelta(days=3))  # written later
    assert activity([okta.pk], date(2000, 1, 1))[0][okta.pk].last_success[1] == third.pk


# Days


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Chicago", "UTC"])
def test_the_day_is_that_of_the_site(okta, settings, zone):
    settings.TIME_ZONE = zone
    midnight = datetime(2026, 3, 8, tzinfo=ZoneInfo(zone))  # 23 hours long in Chicago
    make(okta, "failure", created=midnight - timedelta(seconds=1))
    make(okta, "success", created=midnight)
    expected = {date(2026, 3, 7): {"failure": 1}, date(2026, 3, 8): {"success": 1}}
    with timezone.override("Asia/Tokyo"):  # the time zone of a reader
        assert sums(okta) == expected
        roll_up()
        assert sums(okta) == expected


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Chicago", "America/Santiago"])
def test_bounds_are_the_first_moments_of_days(settings, zone):
    settings.TIME_ZONE = zone
    for day in (date(2026, 3, 8), date(2026, 9, 6), date(2026, 11, 1)):  # clocks change
        start, end = totals.bounds(day)
        assert day_of(start) == day and day_of(end) == day + timedelta(days=1)
        assert day_of(end - timedelta(seconds=1)) == day


def test_a_repeated_refusal_counts_on_each_of_its_days(scim):
    User.objects.create_user("maria")
    for _ in range(2):
        scim.post("/Users", MARIA)
    event = Event.objects.get(outcome="failure")
    yesterday = event.created - timedelta(hours=23, minutes=59)
    Event.objects.update(created=yesterday, first=yesterday - timedelta(minutes=1))
    roll_up()
    for _ in range(2):
        scim.post("/Users", MARIA)
    assert Event.objects.get(outcome="failure").occurrences == 4
    days = {day_of(yesterday - timedelta(minutes=1)), day_of(timezone.now())}
    assert len(days) == 2
    expected = {day: {"failure": 1} for day in days}
    assert sums(scim.connection) == expected
    Event.objects.update(created=timezone.now() - LONG_AGO)
    roll_up()
    assert sums(scim.connection) == expected


# Transactions that commit late


def test_an_event_that_commits_late_is_counted(okta):
    """The transaction of the first event commits after that of the second."""
    early, _late = make(okta, "failure", "success", created=timezone.now())
    Event.objects.filter(pk=early.pk).delete()
    roll_up()
    assert sums(okta) == {day_of(timezone.now()): {"success": 1}} and not stored()
    early.save(force_insert=True)
    expected = {day_of(timezone.now()): {"success": 1, "failure": 1}}
    assert sums(okta) == expected
    Event.objects.update(created=timezone.now() - LONG_AGO)
    roll_up()
    assert sum(stored().values()) == 2


def test_a_repeated_event_does_not_end_the_wait_for_others(okta):
    """Its time moves, so it says nothing about the age of the events before it."""
    make(okta, "success", created=timezone.now())
    (repeated,) = make(okta, "failure", first=timezone.now() - LONG_AGO)
    assert repeated.pk > Event.objects.earliest("pk").pk
    roll_up()
    assert not stored()


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_two_processes_count_every_event_once(connect, monkeypatch):
    monkeypatch.setattr("django_scim.audit.totals.counting.BATCH", 7)
    okta = connect().connection
    make(okta, *["success"] * 200)

    def work(_number):
        try:
            return roll_up()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(work, range(4))) == {Event.objects.latest("pk").pk}
    assert sum(stored().values()) == 200


# Pruning


@pytest.mark.parametrize("is_counted", [True, False])
@pytest.mark.parametrize("age", [LONG_AGO, timedelta(0)], ids=["old", "new"])
def test_totals_outlive_their_events(okta, is_counted, age):
    make(okta, *["success"] * 5, "failure", created=timezone.now() - age)
    make(okta, *["success"] * 4, created=timezone.now() - timedelta(days=3))
    if is_counted:
        roll_up()
    before = sums(okta)
    deleted = list(prune(timezone.now() + timedelta(seconds=1), 3, Actor("test")))
    assert max(deleted) == 10 and sums(okta) == before
    make(okta, "success", created=timezone.now() - timedelta(days=3))
    roll_up()
    assert sum(stored().values()) == 11


def test_totals_of_a_deleted_connection_are_deleted(okta):
    make(okta, "success")
    roll_up()
    okta.delete()
    assert not DailyTotal.objects.exists()
    roll_up()


# Many events


def test_a_reader_adds_many_events_to_the_totals(okta, monkeypatch):
    monkeypatch.setattr(reading, "WORTH_ADDING", 3)
    make(okta, *["success"] * 3)
    sums(okta)
    assert not stored()
    make(okta, "success")
    assert list(sums(okta).values()) == [{"success": 4}] and sum(stored().values()) == 4


def test_a_log_that_was_never_counted_is_counted_bit_by_bit(okta, monkeypatch):
    monkeypatch.setattr(reading, "WORTH_ADDING", 3)
    monkeypatch.setattr(reading, "MOST_EVENTS", 4)
    monkeypatch.setattr("django_scim.audit.totals.counting.BATCH", 5)
    make(okta, *["success"] * 50)
    complete = [activity([okta.pk], date(2000, 1, 1))[1] for _ in range(3)]
    assert complete == [False, False, True]
    assert list(sums(okta).values()) == [{"success": 50}]


def test_a_database_that_accepts_no_writes(okta, monkeypatch):
    def refuse(_batches):
        raise OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(reading, "WORTH_ADDING", 0)
    monkeypatch.setattr(reading, "roll_up", refuse)
    make(okta, "success")
    assert list(sums(okta).values()) == [{"success": 1}]


def test_reading_takes_two_statements(okta, connect, django_assert_num_queries):
    others = [connect().connection for _ in range(5)]
    make(okta, "success")
    roll_up()
    make(okta, "success")
    with django_assert_num_queries(2):
        activity([okta.pk, *(each.pk for each in others)], date(2000, 1, 1))

"""Equal refusals are counted in one event, with the first and the last time."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from django_scim.audit.totals import bounds, today
from django_scim.models import DailyTotal, Event, Token

from ..client import USER

MARIA = {"schemas": [USER], "userName": "maria", "externalId": "7"}


@pytest.fixture
def taken(db):
    return User.objects.create_user("maria")


def age(**delta):
    for event in Event.objects.all():
        event.created -= timedelta(**delta)
        event.first = event.first and event.first - timedelta(**delta)
        event.save()


def test_equal_refusals_share_an_event(scim, taken, events):
    answers = []
    for _ in range(3):
        age(minutes=40)
        answers.append(scim.post("/Users", MARIA))
    (event,) = events()
    assert (event.occurrences, event.status) == (3, 409)
    now = timezone.now()
    assert now - event.created < timedelta(minutes=1)
    assert timedelta(minutes=79) < now - event.first < timedelta(minutes=121)
    assert event.refused == event.created
    assert event.correlation_id == answers[-1].headers["X-Request-Id"]
    assert answers[-1].headers["X-Request-Id"] in event.response_body


@pytest.mark.parametrize("is_late", [False, True])
def test_new_day_is_counted_once_by_two_refusals_at_once(scim, taken, events, is_late):
    """The one that is late finds the time of the other, which has counted the day."""
    scim.post("/Users", MARIA)
    midnight, _ = bounds(today())
    Event.objects.update(created=midnight - timedelta(minutes=1))
    updates = []

    def after_another(execute, sql, params, many, context):
        if "occurrences" in sql and sql.startswith("UPDATE"):
            updates.append(sql)
            if is_late and len(updates) == 1:
                Event.objects.update(created=timezone.now())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(after_another):
        scim.post("/Users", MARIA)
    (event,) = events()
    assert event.occurrences == 2 and len(updates) == 1 + is_late
    assert DailyTotal.objects.filter(day=today()).count() == (0 if is_late else 1)


def test_another_day_is_another_event(scim, taken, events):
    scim.post("/Users", MARIA)
    age(hours=25)
    scim.post("/Users", MARIA)
    assert [event.occurrences for event in events()] == [1, 1]


def test_other_person_reason_connection_or_action(scim, connect, taken, events):
    User.objects.create_user("mario")
    scim.post("/Users", MARIA)
    scim.post("/Users", MARIA | {"userName": "mario", "externalId": "8"})
    scim.post("/Users", MARIA | {"title": {"x": 1}})
    connect().post("/Users", MARIA)
    assert [event.occurrences for event in events()] == [1] * 4


def test_success_in_between_ends_a_repetition(scim, events):
    person = scim.make("/Users", MARIA)
    path = f"/Users/{person['id']}"
    title = {"op": "replace", "path": "title", "value": {"x": 1}}
    scim.patch(path, title)
    scim.patch(path, {"op": "replace", "path": "title", "value": "Guide"})
    scim.patch(path, title)
    assert [event.outcome for event in events()] == ["success", "failure", "success", "failure"]


def test_throttled_requests_share_an_event(scim, events, settings):
    settings.DJANGO_SCIM = {"THROTTLE_RATE": 1, "THROTTLE_BURST": 1}
    statuses = [scim.get(path).status_code for path in ("/Users", "/Groups", "/Users?count=1")]
    assert statuses == [200, 429, 429]
    (event,) = events()  # of a window of the throttle, only the first has an event
    assert (event.reason, event.occurrences) == ("throttled", 1)
    cache.clear()  # the next window
    statuses = [scim.get(path).status_code for path in ("/Users", "/Groups", "/Users?count=1")]
    assert statuses == [200, 429, 429]
    (event,) = events()
    assert (event.reason, event.occurrences) == ("throttled", 2)


def test_stopped_requests_of_one_person_share_an_event(connect, events):
    scim = connect(guard_count=0, guard_percent=0)
    person = scim.make_user()
    scim.connection.django_scim_userlinks.update(created=timezone.now() - timedelta(hours=2))
    for _ in range(3):
        scim.delete(f"/Users/{person['id']}")
    (event,) = events(outcome="stopped")
    assert event.occurrences == 3


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        (("203.0.113.1", "203.0.113.200"), 1),
        (("203.0.113.1", "203.0.114.1"), 2),
        (("2001:db8::1", "2001:db8::ffff:1"), 1),
        (("2001:db8::1", "2001:db8:0:1::1"), 2),
    ],
)
def test_failed_authentications_are_counted_by_network(addresses, expected, scim, events):
    Token.objects.get().revoke()
    scim.secure = True
    for each in addresses:
        scim.http.defaults["REMOTE_ADDR"] = each
        scim.get("/Users")
    assert len(events(action="authentication")) == expected

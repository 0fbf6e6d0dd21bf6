"""The exact limits of the guard: to the microsecond and to the account. A guard that tripped."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from django_scim import connections
from django_scim.audit.administration import Actor
from django_scim.models import Event, Guard, GuardCount
from tests.client import USER, assert_error

INACTIVE = {"op": "replace", "path": "active", "value": False}
MOMENT = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Clock:
    """The time of the tests: it stands still until a test sets it."""

    def __init__(self):
        self.now = self.start = timezone.now()


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def company(connect, clock):
    """Return a connection with ten accounts that are a day old; its guard allows two losses."""
    return begin(connect(guard_count=2, guard_percent=20), clock)


def begin(scim, clock, number=10, name="user"):
    """Give a connection accounts that are a day old."""
    scim.bulk(*[post(f"{name}{each}") for each in range(number)])
    date(scim, clock.start - timedelta(days=1))
    scim.users = scim.get("/Users", {"sortBy": "userName"}).data["Resources"]
    return scim


def post(name):
    data = {"schemas": [USER], "userName": name}
    return {"method": "POST", "path": "/Users", "bulkId": name, "data": data}


def date(scim, created, *resources):
    """Set when the connection created these resources, or all of them."""
    for links in (scim.connection.django_scim_userlinks, scim.connection.django_scim_grouplinks):
        found = links.filter(scim_id__in=[each["id"] for each in resources])
        (found if resources else links).update(created=created)


def leave(scim, *users):
    """Return the statuses of the deactivations of some accounts."""
    return [scim.patch(f"/Users/{user['id']}", INACTIVE).status_code for user in users]


def unite(scim, clock, users, name="Guides"):
    """Return the path of a group of some accounts that is a day old."""
    group = scim.make_group(name, *users)
    date(scim, clock.start - timedelta(days=1), group)
    return f"/Groups/{group['id']}"


def remove(scim, path, *users):
    """Return the response to the removal of some members in one request."""
    return scim.patch(
        path, *[{"op": "remove", "path": f'members[value eq "{user["id"]}"]'} for user in users]
    )


def counts(scim):
    return {each.kind: (each.lost, each.total) for each in scim.connection.guard_counts.all()}


# The window


@pytest.mark.parametrize(("later", "status"), [(HOUR - MOMENT, 403), (HOUR, 200)])
def test_window_ends_after_exactly_one_hour(company, clock, later, status):
    assert leave(company, *company.users[:2]) == [200, 200]
    clock.now += later
    assert leave(company, company.users[2]) == [status]


def test_each_window_begins_with_its_first_loss(company, clock):
    leave(company, *company.users[:2])
    clock.now += 2 * HOUR
    assert leave(company, *company.users[2:4]) == [200, 200]
    clock.now += HOUR - MOMENT
    assert leave(company, company.users[4]) == [403]


def test_loss_after_the_window_begins_another(company, clock):
    """Otherwise the losses would be compared with an outdated total."""
    leave(company, company.users[0])
    date(company, clock.start, company.make_user("new"))
    clock.now += 2 * HOUR
    leave(company, company.users[1])
    assert counts(company) == {"User": (1, 11)}
    assert company.connection.guard_counts.get().started == clock.now


@pytest.mark.parametrize(("age", "status"), [(MOMENT, 403), (timedelta(0), 200), (-MOMENT, 200)])
def test_account_made_since_the_first_loss_does_not_count(company, clock, age, status):
    new = company.make_user("new")
    date(company, clock.start - age, new)
    assert leave(company, *company.users[:2]) == [200, 200]
    clock.now += MINUTE
    assert leave(company, new) == [status]


@pytest.mark.parametrize(("age", "lost"), [(MOMENT, 2), (timedelta(0), 1), (-MOMENT, 1)])
def test_account_made_since_the_first_loss_is_not_added(company, clock, age, lost):
    new = company.make_user("new")
    date(company, clock.start - age, new)
    leave(company, company.users[0])
    clock.now += MINUTE
    leave(company, new)
    assert counts(company) == {"User": (lost, 10)}


@pytest.mark.parametrize(("age", "total"), [(HOUR - MOMENT, 10), (HOUR, 11)])
def test_accounts_of_the_last_hour_are_not_in_the_total(company, clock, age, total):
    date(company, clock.start - age, company.make_user("new"))
    leave(company, company.users[0])
    assert counts(company) == {"User": (1, total)}


@pytest.mark.parametrize("young", ["group", "member"])
@pytest.mark.parametrize(("age", "total"), [(HOUR - MOMENT, 4), (HOUR, 5)])
def test_memberships_of_the_last_hour_are_not_in_the_total(company, clock, age, total, young):
    """A membership is as old as the younger one of the group and the member."""
    path = unite(company, clock, company.users[:4])
    if young == "group":
        date(company, clock.start - age, company.make_group("New", company.users[0]))
    else:
        new = company.make_user("new")
        company.patch(path, {"op": "add", "path": "members", "value": [{"value": new["id"]}]})
        date(company, clock.start - age, new)
    assert remove(company, path, company.users[0]).status_code == 204
    assert counts(company) == {GuardCount.MEMBERSHIPS: (1, total)}


# The two limits


@pytest.mark.parametrize(("count", "percent"), [(3, 0), (0, 30), (3, 30), (1, 30), (3, 10)])
def test_either_limit_allows_exactly_as_many_losses(connect, clock, count, percent):
    scim = begin(connect(guard_count=count, guard_percent=percent), clock)
    assert leave(scim, *scim.users[:4]) == [200, 200, 200, 403]
    assert User.objects.filter(is_active=True).count() == 7


@pytest.mark.parametrize(("count", "percent"), [(3, 0), (0, 30), (3, 30)])
def test_limits_apply_to_one_request_that_loses_many(connect, clock, count, percent):
    scim = begin(connect(guard_count=count, guard_percent=percent), clock)
    path = unite(scim, clock, scim.users)
    refused = remove(scim, path, *scim.users[:4])
    assert_error(refused, 403, None, "which costs 4", "(4 of 10)", "memberships")
    assert connections.guard_of(scim.connection).tripped == clock.start
    connections.override_guard(scim.connection, MINUTE)
    clock.now += MINUTE
    assert remove(scim, path, *scim.users[:3]).status_code == 204
    assert counts(scim) == {GuardCount.MEMBERSHIPS: (3, 10)}
    assert remove(scim, path, scim.users[3]).status_code == 403


def test_percentage_of_99_still_counts(connect, clock):
    scim = begin(connect(guard_count=0, guard_percent=99), clock, 2)
    assert leave(scim, *scim.users) == [200, 403]


# A guard that tripped


def test_refused_losses_do_not_change_the_counts(company, clock, caplog):
    leave(company, *company.users[:3])
    clock.now += 10 * MINUTE
    again = company.patch(f"/Users/{company.users[4]['id']}", INACTIVE)
    assert_error(again, 403, None, "may lose 2 accounts, or 20 %", "costs 1", "(3 of 10)")
    assert connections.guard_of(company.connection).tripped == clock.start
    assert counts(company) == {"User": (3, 10)}
    (warning,) = [each for each in caplog.records if each.levelname == "WARNING"
                  and "guard" in each.getMessage()]  # fmt: skip
    assert warning.name == "django_scim" and str(company.connection) in warning.getMessage()


def test_stays_tripped_after_its_window(company, clock):
    leave(company, *company.users[:3])
    clock.now += 2 * HOUR
    assert leave(company, company.users[4]) == [403]


def test_tripped_guard_stops_accounts_made_since(company, clock):
    leave(company, *company.users[:3])
    new = company.make_user("new")
    date(company, clock.start + MOMENT, new)
    assert leave(company, new) == [403]


@pytest.mark.parametrize("is_counted", [True, False])
def test_tripped_guard_stops_losses_of_every_kind(company, clock, is_counted):
    path = unite(company, clock, company.users)
    if is_counted:
        assert remove(company, path, company.users[9]).status_code == 204
    leave(company, *company.users[:3])
    answer = remove(company, path, company.users[8])
    numbers = ["(1 of 10)"] if is_counted else []
    assert_error(answer, 403, None, "may lose 2 memberships", *numbers)
    assert len(company.get(path).data["members"]) == 10 - is_counted
    if not is_counted:
        assert "it would lose more; an admin" in answer.data["detail"]


def test_losses_of_one_kind_leave_the_others_free(company, clock):
    path = unite(company, clock, company.users)
    assert leave(company, *company.users[:2]) == [200, 200]
    assert remove(company, path, *company.users[8:]).status_code == 204
    renames = [
        company.patch(f"/Users/{user['id']}", {"op": "replace", "path": "userName", "value": name})
        for name, user in zip("ab", company.users[5:], strict=False)
    ]
    assert [answer.status_code for answer in renames] == [200, 200]
    assert counts(company) == {
        "User": (2, 10), GuardCount.MEMBERSHIPS: (2, 10), GuardCount.SIGN_IN: (2, 10)
    }  # fmt: skip


def test_refusal_names_the_resource_type(company, clock):
    groups = [company.make_group(f"Group {number}") for number in range(3)]
    date(company, clock.start - timedelta(days=1), *groups)
    answers = [company.delete(f"/Groups/{group['id']}") for group in groups]
    assert_error(answers[2], 403, None, "2 resources of the type Group", "(3 of 3)")


def test_tripped_guard_of_another_connection_stops_nothing(company, connect, clock):
    other = begin(connect(guard_count=2, guard_percent=20), clock, 3, "other")
    leave(other, other.users[0])
    leave(company, *company.users[:3])
    assert leave(other, other.users[1]) == [200]
    assert leave(other, other.users[2]) == [403]
    connections.override_guard(company.connection)
    assert connections.guard_of(other.connection).tripped == clock.start
    assert counts(other) == {"User": (3, 3)} and counts(company) == {}


# An overridden guard


@pytest.mark.parametrize(("later", "lost"), [(MINUTE - MOMENT, 0), (MINUTE, 1)])
def test_override_ends_after_exactly_its_duration(company, clock, later, lost):
    leave(company, *company.users[:3])
    connections.override_guard(company.connection, MINUTE)
    clock.now += later
    assert leave(company, company.users[3]) == [200]
    assert counts(company) == ({"User": (lost, 10)} if lost else {})


@pytest.mark.parametrize(("later", "lost"), [(HOUR - MOMENT, 0), (HOUR, 1)])
def test_override_lasts_an_hour_by_default(company, clock, later, lost):
    connections.override_guard(company.connection)
    clock.now += later
    leave(company, company.users[3])
    assert sum(each for each, _ in counts(company).values()) == lost


def test_override_reports_the_losses(connect, clock):
    scim = begin(connect(guard_count=2, guard_percent=20), clock)
    path = unite(scim, clock, scim.users)
    remove(scim, path, scim.users[9])
    scim.patch(f"/Users/{scim.users[8]['id']}", {"op": "replace", "path": "userName", "value": "x"})
    group = scim.make_group("Old")
    date(scim, clock.start - timedelta(days=1), group)
    assert scim.delete(f"/Groups/{group['id']}").status_code == 204
    leave(scim, *scim.users[:3])
    GuardCount.objects.filter(kind="User").update(total=1234, lost=1000)
    connections.override_guard(scim.connection, actor=Actor("admin ada"))
    detail = Event.objects.latest("pk").detail
    assert detail.startswith("guard overridden (stopped at ") and detail.endswith(") by admin ada")
    for text in (
        "1,000 of 1,234 accounts", "1 of 10 memberships", "1 of 2 of the type Group",
        "1 of 10 user names or e-mail addresses",
    ):  # fmt: skip
        assert text in detail
    assert Guard.objects.get().tripped is None

"""The guard against mass deprovisioning."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import close_old_connections, connection
from django.utils import timezone

from django_scim import connections
from django_scim.models import Event, Guard, GuardCount, UserLink
from tests.client import assert_error
from tests.databases import quoted

from .test_deactivation import WithoutActive

INACTIVE = {"op": "replace", "path": "active", "value": False}
ACTIVE = {"op": "replace", "path": "active", "value": True}


def age(scim, minutes=90):
    """Make all accounts and groups of the connection older than the guard's window."""
    before = timezone.now() - timedelta(minutes=minutes)
    UserLink.objects.filter(connection=scim.connection).update(created=before)
    scim.connection.django_scim_grouplinks.update(created=before)


@pytest.fixture
def company(connect):
    """Return a connection with thirty accounts whose guard allows three removals."""
    scim = connect(guard_count=3, guard_percent=10)
    scim.users = [scim.make_user(f"user{number}") for number in range(30)]
    age(scim)
    return scim


def leave(scim, *users):
    return [scim.patch(f"/Users/{user['id']}", INACTIVE) for user in users]


def active():
    return User.objects.filter(is_active=True).count()


def test_stops_removals_above_the_limit(company):
    one, two, three, four = leave(company, *company.users[:4])
    assert [each.status_code for each in (one, two, three)] == [200, 200, 200]
    # More than 3, and more than 10 % of 30.
    words = ("the guard has stopped", "may lose 3 accounts, or 10 %", "costs 1", "(4 of 30)")
    assert_error(four, 403, None, *words)
    assert active() == 27
    assert company.get(f"/Users/{company.users[3]['id']}").data["active"] is True
    event = Event.objects.latest("pk")
    assert (event.outcome, event.status) == ("stopped", 403)
    assert event.connection == company.connection and "(4 of 30)" in event.detail
    assert connections.guard_of(company.connection).tripped is not None


def test_other_requests_continue(company):
    leave(company, *company.users[:4])
    company.make_user("joiner")
    title = {"op": "replace", "path": "title", "value": "Guide"}
    assert company.patch(f"/Users/{company.users[9]['id']}", title).status_code == 200
    assert company.patch(f"/Users/{company.users[0]['id']}", ACTIVE).status_code == 200
    assert company.get("/Users").status_code == 200


def test_stays_stopped_until_an_admin_overrides(company):
    leave(company, *company.users[:4])
    GuardCount.objects.update(started=timezone.now() - timedelta(hours=5))
    (later,) = leave(company, company.users[5])
    assert_error(later, 403, None, "an admin")
    connections.override_guard(company.connection)
    answers = leave(company, *company.users[5:15])
    assert {each.status_code for each in answers} == {200}
    assert active() == 17


def test_counts_again_after_the_override(company):
    connections.override_guard(company.connection)
    leave(company, *company.users[:10])
    Guard.objects.update(overridden_until=timezone.now() - timedelta(seconds=1))
    answers = leave(company, *company.users[10:14])
    assert [each.status_code for each in answers] == [200, 200, 200, 403]


def test_counts_again_after_an_hour(company):
    leave(company, *company.users[:3])
    GuardCount.objects.update(started=timezone.now() - timedelta(minutes=61))
    assert {each.status_code for each in leave(company, *company.users[3:6])} == {200}
    assert_error(leave(company, company.users[6])[0], 403)


def test_percentage_must_be_exceeded_as_well(connect):
    """Exceeding the number alone does not trip the guard of a connection with many accounts."""
    scim = connect(guard_count=1, guard_percent=50)
    users = [scim.make_user(f"user{number}") for number in range(10)]
    age(scim)
    answers = leave(scim, *users[:6])
    assert [each.status_code for each in answers] == [200] * 5 + [403]


def test_default_limits_are_twenty_and_ten_percent(connect):
    scim = connect()
    users = [scim.make_user(f"user{number}") for number in range(21)]
    age(scim)
    answers = leave(scim, *users)
    assert [each.status_code for each in answers] == [200] * 20 + [403]


def test_can_be_disabled(connect):
    scim = connect(guard_count=0, guard_percent=100)
    users = [scim.make_user(f"user{number}") for number in range(3)]
    age(scim)
    assert {each.status_code for each in leave(scim, *users)} == {200}
    assert not Guard.objects.exists()


def test_new_accounts_do_not_count(company):
    leave(company, company.users[0])  # starts the window
    young = [company.make_user(f"young{number}") for number in range(8)]
    assert {each.status_code for each in leave(company, *young)} == {200}
    (count,) = company.connection.guard_counts.all()
    assert (count.kind, count.lost, count.total) == ("User", 1, 30)


def test_inactive_accounts_do_not_count(company):
    leave(company, *company.users[:3])
    again = leave(company, company.users[0])  # no change
    assert again[0].status_code == 200
    gone = company.delete(f"/Users/{company.users[0]['id']}")
    assert gone.status_code == 204


def test_deletions_of_active_accounts_count_without_a_place_for_the_attribute(connect, settings):
    adapter = f"{WithoutActive.__module__}.WithoutActive"
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": adapter}}
    scim = connect(guard_count=2, guard_percent=0)
    users = [scim.make_user(f"user{number}") for number in range(5)]
    age(scim)
    User.objects.filter(username="user0").update(is_active=False)
    answers = [scim.delete(f"/Users/{user['id']}") for user in users]
    assert [each.status_code for each in answers] == [204, 204, 204, 403, 403]
    assert active() == 2


@pytest.mark.parametrize("deletion", ["deactivate", "delete"])
def test_deletions_count(connect, deletion):
    scim = connect(deletion=deletion, guard_count=2, guard_percent=0)
    users = [scim.make_user(f"user{number}") for number in range(4)]
    age(scim)
    answers = [scim.delete(f"/Users/{user['id']}") for user in users]
    assert [each.status_code for each in answers] == [204, 204, 403, 403]
    assert User.objects.filter(is_active=True).count() == 2


def test_put_counts(company):
    answers = [
        company.put(f"/Users/{user['id']}", user | {"active": False}) for user in company.users[:4]
    ]
    assert [each.status_code for each in answers] == [200, 200, 200, 403]


# Memberships


@pytest.fixture
def group(connect):
    scim = connect(guard_count=3, guard_percent=10)
    scim.users = [scim.make_user(f"user{number}") for number in range(30)]
    scim.group = scim.make_group("Everyone", *scim.users)
    scim.path = f"/Groups/{scim.group['id']}"
    age(scim)
    return scim


def members(scim):
    return len(scim.get(scim.path).data.get("members", []))


def test_removed_memberships_count(group):
    answers = [
        group.patch(group.path, {"op": "remove", "path": f'members[value eq "{user["id"]}"]'})
        for user in group.users[:4]
    ]
    assert [each.status_code for each in answers] == [204, 204, 204, 403]
    assert members(group) == 27


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "members"},
        {"op": "replace", "path": "members", "value": []},
        {"op": "remove", "path": "members[value pr]"},
    ],
)
def test_emptying_a_group_is_stopped(group, operation):
    assert_error(group.patch(group.path, operation), 403, None, "3 memberships")
    assert members(group) == 30
    assert_error(group.delete(group.path), 403, None, "the guard")
    assert members(group) == 30


def test_put_that_removes_many_members_is_stopped(group):
    kept = [{"value": user["id"]} for user in group.users[:10]]
    body = {"schemas": group.group["schemas"], "displayName": "Everyone", "members": kept}
    assert_error(group.put(group.path, body), 403, None, "memberships")
    assert members(group) == 30


def test_stopped_request_changes_nothing(group):
    rename = {"op": "replace", "path": "displayName", "value": "Nobody"}
    before = group.get(group.path).data
    assert_error(group.patch(group.path, rename, {"op": "remove", "path": "members"}), 403)
    assert group.get(group.path).data == before


def test_other_connections_are_not_stopped(company, connect):
    leave(company, *company.users[:4])
    other = connect(guard_count=3)
    users = [other.make_user(f"other{number}") for number in range(2)]
    age(other)
    assert {each.status_code for each in leave(other, *users)} == {200}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    "connection.vendor == 'sqlite'", reason="SQLite in memory allows only one thread"
)
def test_concurrent_removals_stay_within_the_limit(connect):
    scim = connect(guard_count=3, guard_percent=10)
    users = [scim.make_user(f"user{number}") for number in range(30)]
    age(scim)

    def leave_one(user):
        close_old_connections()
        try:
            return scim.patch(f"/Users/{user['id']}", INACTIVE).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(leave_one, users[:16]))
    assert sorted(codes) == [200] * 3 + [403] * 13
    assert active() == 27


def test_removal_costs_one_more_statement(company, django_assert_num_queries):
    from django.test.utils import CaptureQueriesContext

    leave(company, company.users[0])  # the first one of the hour counts the accounts
    with CaptureQueriesContext(connection) as captured:
        leave(company, company.users[1])
    assert sum(quoted("django_scim_guard") in query["sql"] for query in captured) == 1

"""Ways around the guard: larger numbers to compare with, and losses that look like others."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from django_scim import connections
from django_scim.models import GroupLink, GuardCount, UserLink
from tests.client import GROUP, PATCH, USER, assert_error

INACTIVE = {"op": "replace", "path": "active", "value": False}


def age(minutes=90):
    before = timezone.now() - timedelta(minutes=minutes)
    UserLink.objects.update(created=before)
    GroupLink.objects.update(created=before)


@pytest.fixture
def company(connect):
    """Return a connection with forty old accounts, whose guard allows three losses or 10 %."""
    scim = connect(guard_count=3, guard_percent=10)
    scim.bulk(*[post(f"user{number}", f"{number}@x.example") for number in range(40)])
    age()
    scim.users = scim.get("/Users", {"count": 100}).data["Resources"]
    assert len(scim.users) == 40
    return scim


def path_of(user):
    return f"/Users/{user['id']}"


def post(name, *addresses):
    data = {"schemas": [USER], "userName": name, "emails": [{"value": a} for a in addresses]}
    return {"method": "POST", "path": "/Users", "bulkId": name, "data": data}


def allowed(answers):
    """Return how many of some requests succeeded before the guard refused the first one."""
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 201, 204, 403} and statuses == sorted(statuses)
    return sum(status < 300 for status in statuses)


def counts(scim):
    return {each.kind: (each.lost, each.total) for each in scim.connection.guard_counts.all()}


# A larger total


def test_dummies_of_a_bulk_do_not_raise_the_total(company):
    made = company.bulk(*[post(f"dummy{number}") for number in range(200)])
    assert {each["status"] for each in made.data["Operations"]} == {"201"}
    assert allowed(company.patch(path_of(user), INACTIVE) for user in company.users) == 4
    assert counts(company) == {"User": (5, 40)}


def test_dummies_in_the_same_bulk_as_the_removals(company):
    removals = [{"method": "DELETE", "path": path_of(user)} for user in company.users]
    answer = company.bulk(*[post(f"dummy{number}") for number in range(60)], *removals)
    statuses = [each["status"] for each in answer.data["Operations"][60:]]
    assert statuses == ["204"] * 4 + ["403"] * 36


def test_adopted_accounts_do_not_raise_the_total(connect):
    scim = connect(guard_count=1, guard_percent=10, adoption="username")
    users = [scim.make_user(f"user{number}") for number in range(10)]
    age()
    for number in range(30):
        User.objects.create_user(f"old{number}")
        scim.make_user(f"old{number}")
    assert allowed(scim.patch(path_of(user), INACTIVE) for user in users) == 1


def test_new_members_do_not_raise_the_total_of_memberships(company):
    group = company.make_group("Guides", *company.users[:10])
    GroupLink.objects.update(created=timezone.now() - timedelta(minutes=90))
    path = f"/Groups/{group['id']}"
    new = [company.make_user(f"new{number}") for number in range(60)]
    company.patch(
        path, {"op": "add", "path": "members", "value": [{"value": n["id"]} for n in new]}
    )
    removals = (
        company.patch(path, {"op": "remove", "path": f'members[value eq "{user["id"]}"]'})
        for user in company.users[:10]
    )
    assert allowed(removals) == 3
    assert counts(company)[GuardCount.MEMBERSHIPS] == (4, 10)


# The account's age counts, not the link's


def test_adopted_accounts_count(connect):
    scim = connect(guard_count=2, guard_percent=10, adoption="username")
    scim.delete(path_of(scim.make_user("first")))  # the window begins
    for number in range(4):
        User.objects.create_user(f"old{number}")
    assert allowed(
        scim.delete(path_of(scim.make_user(f"old{number}"))) for number in range(4)
    ) == 1  # fmt: skip


def test_adoption_of_an_account_as_inactive_counts(connect):
    scim = connect(guard_count=2, guard_percent=10, adoption="username")
    for number in range(4):
        User.objects.create_user(f"old{number}")
    answers = (
        scim.post("/Users", {"schemas": [USER], "userName": f"old{number}", "active": False})
        for number in range(4)
    )
    assert allowed(answers) == 2


def test_assigned_accounts_count(connect):
    scim = connect(guard_count=2, guard_percent=10)
    scim.delete(path_of(scim.make_user("first")))
    for number in range(4):
        connections.assign(scim.connection, User.objects.create_user(f"old{number}"))
    ids = UserLink.objects.filter(preexisting=True).values_list("scim_id", flat=True)
    assert allowed(scim.delete(f"/Users/{each}") for each in ids) == 1


def test_revived_accounts_count_again(company):
    """An account that came back is as old as before, however new its link is."""
    body = {"schemas": [USER], "userName": "maria", "externalId": "7"}
    maria = company.make("/Users", body)
    age()
    for _ in range(4):
        assert company.delete(path_of(maria)).status_code == 204
        maria = company.make("/Users", body)
    assert User.objects.filter(username__startswith="maria").count() == 1
    assert_error(company.delete(path_of(maria)), 403, None, "(5 of 41)")


def test_shared_accounts_count(company, connect):
    """Another connection keeps the account active, but it leaves this connection's groups."""
    other = connect().connection
    for user in User.objects.all():
        connections.assign(other, user)
    assert allowed(company.delete(path_of(user)) for user in company.users) == 4
    assert counts(company) == {"User": (5, 40)}


# Sign-in names


def rename(user, number):
    return {"op": "replace", "path": "userName", "value": f"taken{number}"}


def readdress(user, number):
    return {"op": "replace", "path": "emails", "value": [{"value": f"thief{number}@x.example"}]}


def remove_address(user, number):
    return {"op": "remove", "path": "emails"}


@pytest.mark.parametrize("change", [rename, readdress, remove_address])
def test_changed_sign_in_names_count(company, change):
    users = enumerate(company.users)
    assert allowed(company.patch(path_of(user), change(user, n)) for n, user in users) == 4
    assert counts(company) == {GuardCount.SIGN_IN: (5, 40)}
    assert_error(company.patch(path_of(company.users[9]), change({}, 9)), 403, None, "user names")


def test_bulk_counts_changed_sign_in_names(company):
    operations = [
        {"method": "PATCH", "path": path_of(user),
         "data": {"schemas": [PATCH], "Operations": [rename(user, number)]}}
        for number, user in enumerate(company.users)
    ]  # fmt: skip
    statuses = [each["status"] for each in company.bulk(*operations).data["Operations"]]
    assert statuses == ["200"] * 4 + ["403"] * 36


def test_revival_with_another_address_counts(company):
    body = {"schemas": [USER], "externalId": "x", "emails": [{"value": "thief@x.example"}]}
    answers = []
    for number, user in enumerate(company.users[:4]):
        company.patch(path_of(user), {"op": "add", "path": "externalId", "value": "x"})
        assert company.delete(path_of(user)).status_code == 204
        answers.append(company.post("/Users", body | {"userName": f"user{number}"}))
    assert allowed(answers) == 3
    assert User.objects.filter(email="thief@x.example").count() == 3
    assert counts(company)[GuardCount.SIGN_IN] == (4, 39)  # one account was deleted before


def test_put_counts_changed_sign_in_names(company):
    answers = (
        company.put(path_of(user), {"schemas": [USER], "userName": f"taken{number}"})
        for number, user in enumerate(company.users)
    )
    assert allowed(answers) == 4


def test_one_address_for_everybody_is_refused(company):
    one = {"op": "replace", "path": "emails", "value": [{"value": "thief@x.example"}]}
    assert allowed(company.patch(path_of(user), one) for user in company.users) == 4
    assert User.objects.filter(email="thief@x.example").count() == 4


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "title", "value": "Guide"},
        {"op": "add", "path": "emails", "value": [{"value": "more@x.example", "type": "home"}]},
        {"op": "add", "path": "displayName", "value": "Somebody"},
    ],
)
def test_other_changes_do_not_count(company, operation):
    assert allowed(company.patch(path_of(user), operation) for user in company.users[:6]) == 6
    assert counts(company) == {}


def test_spelling_and_first_values_do_not_count(company):
    for user in company.users[:6]:
        upper = {"op": "replace", "path": "userName", "value": user["userName"].upper()}
        assert company.patch(path_of(user), upper).status_code == 200
    first = company.make_user("no address")
    operation = {"op": "add", "path": "emails", "value": [{"value": "first@x.example"}]}
    assert company.patch(path_of(first), operation).status_code == 200
    assert counts(company) == {}


# Other resource types


def test_deleted_groups_count(company):
    groups = [company.make_group(f"Group {number}") for number in range(10)]
    age()
    assert allowed(company.delete(f"/Groups/{group['id']}") for group in groups) == 3
    assert counts(company) == {"Group": (4, 10)}
    assert Group.objects.count() == 7


def test_groups_do_not_raise_the_total_of_users(company):
    for number in range(80):
        company.make("/Groups", {"schemas": [GROUP], "displayName": f"Group {number}"})
    age()
    assert allowed(company.delete(path_of(user)) for user in company.users) == 4

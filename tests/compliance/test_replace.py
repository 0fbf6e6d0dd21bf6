"""Replacing a resource with PUT (RFC 7644 section 3.5.1)."""

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User

from ..client import ENTERPRISE, GROUP, USER, assert_error

SECRET = "Correct-horse-7-battery"
HOME = {"value": "home@example.com", "type": "home"}
WORK = {"value": "work@example.com", "type": "work"}


@pytest.fixture
def strict(connect):
    """Return a strict client that accepts passwords."""
    return connect("strict", passwords="accept")


def put(client, resource, /, **attributes):
    """Replace a user, giving only these attributes."""
    schemas = [USER, *([ENTERPRISE] if ENTERPRISE in attributes else [])]
    body = {"schemas": schemas, "userName": "bjensen", **attributes}
    return client.put(f"/Users/{resource['id']}", body)


def put_members(client, group, **members):
    body = {"schemas": [GROUP], "displayName": group["displayName"], **members}
    return client.put(f"/Groups/{group['id']}", body)


def member_ids(client, group):
    found = client.get(f"/Groups/{group['id']}").data
    return {member["value"] for member in found.get("members", [])}


def test_put_01_is_supported(strict):
    answer = put(strict, strict.make_user(), title="Guide")
    assert answer.status_code == 200 and answer.data["title"] == "Guide"
    answer = put_members(strict, strict.make_group(), externalId="g")
    assert answer.status_code == 200 and answer.data["externalId"] == "g"


def test_put_02_never_creates(strict):
    for unknown in ("unknown", "2819c223-7f76-453a-919d-413861904646"):
        assert_error(put(strict, {"id": unknown}), 404)
    assert strict.get("/Users").data["totalResults"] == 0


def test_put_03_values_are_replaced(strict):
    user = strict.make_user(emails=[WORK, HOME], title="old", password=SECRET)
    answer = put(strict, user, emails=[WORK], title="new", password=f"{SECRET}!")
    assert answer.data["emails"] == [WORK] and answer.data["title"] == "new"
    assert strict.get(f"/Users/{user['id']}").data == answer.data
    assert authenticate(username="bjensen", password=SECRET) is None
    assert authenticate(username="bjensen", password=f"{SECRET}!")


def test_put_04_missing_attributes_are_cleared_or_kept(strict):
    user = strict.make_user(
        title="Guide", emails=[WORK], name={"givenName": "Babs"}, externalId="E1", password=SECRET
    )
    assert put(strict, user).data.keys() & {"title", "emails", "name"} == set()
    kept = strict.get(f"/Users/{user['id']}").data
    assert (kept["externalId"], kept["active"]) == ("E1", True)
    assert authenticate(username="bjensen", password=SECRET)
    put(strict, user, active=False)
    assert put(strict, user).data["active"] is False  # a PUT without active must not reactivate
    assert put(strict, user, active=None).data["active"] is False


@pytest.mark.parametrize("empty", [None, []])
def test_put_05_null_and_empty_array_clear(empty, strict):
    user = strict.make_user(title="Guide", emails=[WORK], name={"givenName": "Babs"})
    data = put(strict, user, title=None, emails=empty, name=None).data
    assert data.keys() & {"title", "emails", "name"} == set()


def test_put_06_immutable_values_must_match(strict, settings):
    settings.DJANGO_SCIM = {
        "ADAPTERS": {"User": "tests.compliance.patch_adapters.FixedTitle"},
    }
    user = strict.make_user()
    assert put(strict, user, title="Guide").data["title"] == "Guide"  # it had no value
    assert put(strict, user, title="Guide", nickName="Babs").status_code == 200
    before = strict.get(f"/Users/{user['id']}").data
    assert_error(put(strict, user, title="Chief"), 400, "mutability", "title")
    assert strict.get(f"/Users/{user['id']}").data == before


def test_put_07_read_only_values_are_ignored(strict):
    user = strict.make_user()
    group = strict.make_group("Guides", user)
    user = strict.get(f"/Users/{user['id']}").data
    stale = {"created": "1999-01-01T00:00:00Z", "resourceType": "Robot", "version": 'W/"0"'}
    answer = put(strict, user, meta=stale, groups=[{"value": "no-such-group"}])
    assert answer.status_code == 200 and answer.data == user
    assert member_ids(strict, group) == {user["id"]}


def test_put_08_other_id_in_the_body_is_ignored(strict):
    user, other = strict.make_user(), strict.make_user("other")
    answer = put(strict, user, id=other["id"], title="Guide")
    assert answer.status_code == 200
    assert (answer.data["id"], answer.data["title"]) == (user["id"], "Guide")
    assert strict.get(f"/Users/{other['id']}").data == other


def test_put_09_required_attributes_are_required(strict):
    user, group = strict.make_user(), strict.make_group()
    answer = strict.put(f"/Users/{user['id']}", {"schemas": [USER], "title": "Guide"})
    assert_error(answer, 400, "invalidValue", "userName")
    answer = strict.put(f"/Groups/{group['id']}", {"schemas": [GROUP]})
    assert_error(answer, 400, "invalidValue", "displayName")
    assert strict.get(f"/Users/{user['id']}").data == user


def test_put_10_response_is_the_complete_resource(strict):
    user = strict.make_user()
    answer = put(strict, user, title="Guide", emails=[WORK])
    fresh = strict.get(f"/Users/{user['id']}")
    assert answer.status_code == 200 and answer.data == fresh.data
    assert answer.headers["ETag"] == fresh.headers["ETag"]
    assert answer.headers["Content-Location"] == user["meta"]["location"]


def test_put_11_username_of_another_user_is_taken(strict):
    strict.make_user("taken")
    user = strict.make_user()
    assert_error(put(strict, user, userName="TAKEN"), 409, "uniqueness", "userName")
    assert strict.get(f"/Users/{user['id']}").data == user


def test_put_12_members_are_replaced(connect):
    for profile, left in (("strict", 0), ("default", 1)):
        client = connect(profile)
        one, two = client.make_user(f"{profile}1"), client.make_user(f"{profile}2")
        group = client.make_group("Guides", one)
        put_members(client, group, members=[{"value": two["id"]}])
        assert member_ids(client, group) == {two["id"]}
        put_members(client, group)
        assert len(member_ids(client, group)) == left
        put_members(client, group, members=[])
        assert member_ids(client, group) == set()


def test_put_13_failure_changes_nothing(strict):
    user = strict.make_user(title="Guide", emails=[WORK, HOME], externalId="E1")
    path = f"/Users/{user['id']}"
    same = strict.put(path, user)
    assert same.status_code == 200 and same.data == user
    wrong = put(strict, user, title="Chief", emails=[], x509Certificates=[{"value": "@@"}])
    assert_error(wrong, 400, "invalidValue", "x509Certificates")
    strict.make_user("taken")
    assert_error(put(strict, user, emails=[], userName="taken"), 409, "uniqueness")
    assert strict.get(path).data == user and User.objects.filter(email=WORK["value"]).exists()


def test_put_14_missing_extension_is_cleared(strict):
    user = strict.make_user(**{ENTERPRISE: {"department": "Tours"}})
    assert user["schemas"] == [USER, ENTERPRISE]
    data = put(strict, user).data
    assert data["schemas"] == [USER] and ENTERPRISE not in data


def test_put_15_members_may_be_replaced(strict):
    one, two, three = (strict.make_user(name) for name in ("one", "two", "three"))
    group = strict.make_group("Guides", one, two)
    answer = put_members(
        strict, group, members=[{"value": two["id"], "type": "User"}, {"value": three["id"]}]
    )
    assert answer.status_code == 200
    assert member_ids(strict, group) == {two["id"], three["id"]}

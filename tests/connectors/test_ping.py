"""PingOne and PingFederate: PUT for users, PATCH for the members of groups."""

import pytest
from django.contrib.auth.models import User

from ..client import ENTERPRISE, USER, assert_error

CREATE = {
    "schemas": [USER, ENTERPRISE],
    "userName": "ada@example.com",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"value": "ada@example.com", "type": "work"}],
    "phoneNumbers": [{"value": "+1 202 456 1111", "type": "mobile"}],
    "active": True,
    ENTERPRISE: {"department": "Engines"},
}


@pytest.fixture
def user(scim):
    answer = scim.post("/Users", CREATE)
    assert answer.status_code == 201
    return answer.data


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "ada@example.com"',
        'emails eq "ada@example.com"',
        'emails eq "ADA@example.com"',
        'emails[type eq "work"].value eq "ada@example.com"',
        'emails[type eq "work" and value eq "ada@example.com"]',
    ],
)
def test_every_filter_expression(text, scim, user):
    scim.make_user("other", emails=[{"value": "other@example.com", "type": "work"}])
    assert [each["id"] for each in scim.find(text)] == [user["id"]]


def test_filter_by_address_and_type(scim, user):
    assert scim.find('emails[type eq "home"].value eq "ada@example.com"') == []


def test_strict_accepts_the_attribute_but_no_suffix(connect):
    """A complex attribute compares by its value (RFC 7643 section 2.4); a suffix is invalid."""
    strict = connect("strict")
    strict.make_user("ada", emails=CREATE["emails"])
    assert strict.find('emails eq "ada@example.com"')
    answer = strict.get("/Users", {"filter": 'emails[type eq "work"].value eq "ada@example.com"'})
    assert_error(answer, 400, "invalidFilter")


def test_update_by_put(scim, user):
    body = CREATE | {"id": user["id"], "name": {"givenName": "Augusta", "familyName": "King"}}
    answer = scim.put(f"/Users/{user['id']}", body)
    assert answer.status_code == 200
    assert answer.data["name"] == {"givenName": "Augusta", "familyName": "King"}
    assert answer.data["phoneNumbers"] == CREATE["phoneNumbers"]


def test_disable_by_put(scim, user):
    answer = scim.put(f"/Users/{user['id']}", CREATE | {"active": False})
    assert answer.data["active"] is False and not User.objects.get().is_active
    assert scim.delete(f"/Users/{user['id']}").status_code == 204


def test_disabled_user_is_created_inactive(scim):
    assert scim.post("/Users", CREATE | {"active": False}).data["active"] is False
    assert not User.objects.get().is_active


def test_groups_are_found_by_listing(scim, user, members):
    wanted, other = scim.make_group("Wanted", user), scim.make_group("Other")
    found = {each["displayName"]: each["id"] for each in scim.get("/Groups").data["Resources"]}
    assert found == {"Wanted": wanted["id"], "Other": other["id"]}


def test_memberships_are_merged_or_overwritten(scim, user, members):
    two, three = scim.make_user("two"), scim.make_user("three")
    group = scim.make_group("G", two)
    path = f"/Groups/{group['id']}"
    merge = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    assert scim.patch(path, merge).status_code == 204
    assert members(scim, group) == {user["id"], two["id"]}
    overwrite = {"op": "replace", "path": "members", "value": [{"value": three["id"]}]}
    assert scim.patch(path, overwrite).status_code == 204
    assert members(scim, group) == {three["id"]}

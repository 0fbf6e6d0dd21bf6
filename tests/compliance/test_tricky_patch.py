"""Tricky cases of PATCH (RFC 7644 section 3.5.2)."""

import pytest
from django.contrib.auth.models import Group, User

from ..client import ENTERPRISE, USER, assert_error

HOME = {"value": "home@b.c", "type": "home"}
WORK = {"value": "work@b.c", "type": "work", "primary": True}
WORK_VALUE = 'emails[type eq "work"].value'
NEW_VALUE = {"path": WORK_VALUE, "value": "a@b.c"}
PROFILES = ["strict", "default"]


@pytest.fixture(params=PROFILES)
def either(request, connect):
    """Return a client of each profile; the response is the same."""
    return connect(request.param)


def patch(client, resource, *operations, **kwargs):
    kind = resource["meta"]["resourceType"]
    return client.patch(f"/{kind}s/{resource['id']}", *operations, **kwargs)


def read(client, resource):
    return client.get(f"/{resource['meta']['resourceType']}s/{resource['id']}").data


def member_ids(client, group):
    return {member["value"] for member in read(client, group).get("members", [])}


def test_t1_strict_replace_without_a_match(connect):
    scim = connect("strict")
    user = scim.make_user(emails=[HOME])
    assert_error(patch(scim, user, {"op": "replace"} | NEW_VALUE), 400, "noTarget")
    assert read(scim, user) == user


def test_t1_replace_without_a_match_in_other_profiles(scim):
    user = scim.make_user(emails=[HOME])
    answer = patch(scim, user, {"op": "replace"} | NEW_VALUE)
    assert answer.status_code == 200
    assert answer.data["emails"] == [HOME, {"type": "work", "value": "a@b.c"}]
    for where in ('type ne "work" and type ne "home"', 'type eq "other" or type eq "pager"'):
        operation = {"op": "replace", "path": f"emails[{where}].value", "value": "x@b.c"}
        assert_error(patch(scim, user, operation), 400, "noTarget")


def test_t2_add_to_an_existing_value(either):
    user = either.make_user(emails=[WORK, HOME])
    answer = patch(either, user, {"op": "add"} | NEW_VALUE)
    assert answer.status_code == 200
    assert answer.data["emails"] == [WORK | {"value": "a@b.c"}, HOME]


@pytest.mark.parametrize("profile", PROFILES)
def test_t2_add_without_a_match(connect, profile):
    scim = connect(profile)
    user = scim.make_user(emails=[HOME])
    answer = patch(scim, user, {"op": "add"} | NEW_VALUE)
    if profile == "strict":
        assert_error(answer, 400, "noTarget")
        assert read(scim, user) == user
    else:
        assert answer.data["emails"] == [HOME, {"type": "work", "value": "a@b.c"}]


@pytest.mark.parametrize("operation", [{"op": "remove"}, {"op": "remove", "value": {"title": 1}}])
def test_t3_remove_without_a_path(either, operation):
    user = either.make_user(title="x")
    assert_error(patch(either, user, operation), 400, "noTarget")
    assert read(either, user) == user


def test_t4_remove_a_required_attribute(either):
    user, group = either.make_user(), either.make_group()
    for resource, path in ((user, "userName"), (group, "displayName")):
        assert_error(patch(either, resource, {"op": "remove", "path": path}), 400, "mutability")
        assert read(either, resource) == resource


def test_t5_remove_a_non_member(either):
    member, stranger = either.make_user("one"), either.make_user("two")
    group = either.make_group("Guides", member)
    for value in (stranger["id"], "not-a-member"):
        operation = {"op": "remove", "path": f'members[value eq "{value}"]'}
        answer = patch(either, group, operation)
        assert answer.status_code in (200, 204)
        assert answer.headers["ETag"] == group["meta"]["version"]
        assert read(either, group) == group


def test_t6_new_primary_replaces_the_old_one(either):
    user = either.make_user(emails=[WORK, HOME])
    new = {"value": "n@b.c", "primary": True}
    answer = patch(either, user, {"op": "add", "path": "emails", "value": [new]})
    assert answer.status_code == 200
    emails = answer.data["emails"]
    assert [email["value"] for email in emails if email.get("primary")] == ["n@b.c"]
    assert {email["value"] for email in emails} == {"work@b.c", "home@b.c", "n@b.c"}


def test_t7_two_new_primaries(either):
    user = either.make_user(emails=[HOME])
    two = [{"value": "a@b.c", "primary": True}, {"value": "b@b.c", "primary": True}]
    answer = patch(either, user, {"op": "add", "path": "emails", "value": two})
    assert_error(answer, 400, "invalidValue", "primary")
    assert read(either, user) == user


def test_t8_failure_changes_nothing(either):
    user = either.make_user(title="old", emails=[WORK])
    group = either.make_group("Guides")
    wrong = {"op": "replace", "path": "externalId", "value": {"nosuch": 1}}
    title = {"op": "replace", "path": "title", "value": "x"}
    emails = {"op": "remove", "path": "emails"}
    assert_error(patch(either, user, title, emails, wrong), 400, "invalidValue", "externalId")
    assert read(either, user) == user
    join = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    assert_error(patch(either, group, join, wrong), 400, "invalidValue", "externalId")
    # An operation that fails when it is applied must undo the others as well.
    taken = {"op": "replace", "path": "displayName", "value": either.make_group("T")["displayName"]}
    assert_error(patch(either, group, join, taken), 409, "uniqueness")
    assert read(either, group) == group
    assert not Group.objects.filter(user__isnull=False).exists()


BY_KEYS = {"name.givenName": "X", f"{ENTERPRISE}:department": "R", "active": "False"}


def test_t32_paths_as_keys(scim):
    user = scim.make_user(name={"givenName": "B", "familyName": "J"})
    answer = patch(scim, user, {"op": "replace", "value": BY_KEYS})
    assert answer.status_code == 200
    assert answer.data["name"] == {"givenName": "X", "familyName": "J"}
    assert answer.data[ENTERPRISE] == {"department": "R"}
    assert answer.data["active"] is False


@pytest.mark.parametrize(
    ("value", "scim_type"),
    [
        ({"name.givenName": "X"}, "invalidPath"),
        ({f"{ENTERPRISE}:department": "R"}, "invalidPath"),
        ({"active": "False"}, "invalidValue"),
    ],
)
def test_t32_strict_rejects_paths_as_keys(connect, value, scim_type):
    scim = connect("strict")
    user = scim.make_user()
    assert_error(patch(scim, user, {"op": "replace", "value": value}), 400, scim_type)
    assert read(scim, user) == user


def test_t33_replace_of_a_complex_attribute_keeps_the_rest(either):
    user = either.make_user(name={"givenName": "B", "familyName": "J"})
    answer = patch(either, user, {"op": "replace", "path": "name", "value": {"givenName": "X"}})
    assert answer.data["name"] == {"givenName": "X", "familyName": "J"}


def test_t35_add_an_extension(either):
    user = either.make_user()
    operation = {"op": "add", "path": f"{ENTERPRISE}:department", "value": "R"}
    answer = patch(either, user, operation)
    assert answer.status_code == 200
    assert set(answer.data["schemas"]) == {USER, ENTERPRISE}
    assert answer.data[ENTERPRISE] == {"department": "R"}
    assert read(either, user) == answer.data


def test_t36_remove_an_extension(either):
    user = either.make_user(**{ENTERPRISE: {"department": "R"}})
    assert user["schemas"] == [USER, ENTERPRISE]
    answer = patch(either, user, {"op": "remove", "path": f"{ENTERPRISE}:department"})
    assert answer.data["schemas"] == [USER] and ENTERPRISE not in answer.data
    assert read(either, user) == answer.data


def test_t37_add_an_existing_member(either):
    user = either.make_user()
    group = either.make_group("Guides", user)
    operation = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    answer = patch(either, group, operation)
    assert answer.status_code in (200, 204)
    assert answer.headers["ETag"] == group["meta"]["version"]
    assert read(either, group) == group


@pytest.mark.parametrize("profile", PROFILES)
def test_t38_remove_with_a_list_of_members(connect, profile):
    scim = connect(profile)
    one, two, three = (scim.make_user(name) for name in ("one", "two", "three"))
    group = scim.make_group("Guides", one, two, three)
    operation = {"op": "remove", "path": "members", "value": [{"value": one["id"]}]}
    answer = patch(scim, group, operation)
    if profile == "strict":
        assert_error(answer, 400, "invalidSyntax")
        assert member_ids(scim, group) == {one["id"], two["id"], three["id"]}
    else:
        assert answer.status_code == 204
        assert member_ids(scim, group) == {two["id"], three["id"]}


def test_t40_patch_with_attributes(either):
    user, group = either.make_user(), either.make_group()
    rename = {"op": "replace", "path": "displayName", "value": "New"}
    for resource in (user, group):
        kind = resource["meta"]["resourceType"]
        path = f"/{kind}s/{resource['id']}?attributes=displayName"
        answer = either.patch(path, rename)
        assert answer.status_code == 200
        assert answer.data == {
            "schemas": resource["schemas"],
            "id": resource["id"],
            "displayName": "New",
        }
    assert User.objects.count() == Group.objects.count() == 1

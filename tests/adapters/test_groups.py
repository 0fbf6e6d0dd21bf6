"""Groups and membership (RFC 7643 section 4.2)."""

import uuid

import pytest
from django.contrib.auth.models import Group, User

from ..client import GROUP, assert_error
from ..factories import GroupFactory, UserFactory


def members(scim, group):
    return {m["value"] for m in scim.get(f"/Groups/{group['id']}").data.get("members", [])}


def test_create_group_with_members(scim):
    user = scim.make_user(displayName="Babs")
    group = scim.make_group("Tour Guides", user)
    location = user["meta"]["location"]
    assert group["members"] == [
        {"value": user["id"], "$ref": location, "type": "User", "display": "Babs"}
    ]
    assert list(Group.objects.get(name="Tour Guides").user_set.all()) == [User.objects.get()]
    shown = scim.get(f"/Users/{user['id']}").data["groups"]
    assert shown == [
        {
            "value": group["id"],
            "$ref": group["meta"]["location"],
            "display": "Tour Guides",
            "type": "direct",
        }
    ]


def test_display_name_is_required(scim):
    assert_error(scim.post("/Groups", {"schemas": [GROUP]}), 400, "invalidValue", "displayName")
    group = scim.make_group()
    remove = {"op": "remove", "path": "displayName"}
    assert_error(scim.patch(f"/Groups/{group['id']}", remove), 400, "mutability")


def test_display_name_is_unique_per_connection(connect):
    one, other = connect(), connect()
    one.make_group("Sales")
    body = {"schemas": [GROUP], "displayName": "SALES"}
    assert_error(one.post("/Groups", body), 409, "uniqueness", "displayName")
    assert other.post("/Groups", body).status_code == 201
    assert Group.objects.count() == 2


def test_unknown_member_is_rejected_even_if_removed_again(scim):
    """Each operation is validated in order (RFC 7644 section 3.5.2)."""
    group = scim.make_group("Guides", scim.make_user("amy"))
    nobody = [{"value": "00000000-0000-4000-8000-000000000000"}]
    answer = scim.patch(
        f"/Groups/{group['id']}",
        {"op": "add", "path": "members", "value": nobody},
        {"op": "remove", "path": "members", "value": nobody},
    )
    assert_error(answer, 400, "invalidValue", "members")
    assert scim.get(f"/Groups/{group['id']}").data == group


def test_preexisting_group_is_never_adopted(scim):
    own = GroupFactory(name="Admins")
    insider = UserFactory()
    insider.groups.add(own)
    group = scim.make_group("Admins", scim.make_user())
    assert group["displayName"] == "Admins"
    assert list(own.user_set.all()) == [insider]
    assert Group.objects.exclude(pk=own.pk).get().name == f"Admins ({scim.connection.name})"
    assert [each["id"] for each in scim.get("/Groups").data["Resources"]] == [group["id"]]


def test_unknown_member_is_rejected(scim):
    group = scim.make_group()
    stranger = str(uuid.uuid4())
    body = {"schemas": [GROUP], "displayName": "x", "members": [{"value": stranger}]}
    assert_error(scim.post("/Groups", body), 400, "invalidValue", "members", stranger)
    assert not Group.objects.filter(name="x").exists()
    add = {"op": "add", "path": "members", "value": [{"value": stranger}]}
    assert_error(scim.patch(f"/Groups/{group['id']}", add), 400, "invalidValue", stranger)


def test_member_of_another_connection_is_unknown(connect):
    one, other = connect(), connect()
    user = one.make_user()
    group = other.make_group()
    add = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    assert_error(other.patch(f"/Groups/{group['id']}", add), 400, "invalidValue")
    assert not User.objects.get().groups.exists()


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "members", "value": [{"value": "BABS"}]},
        {"op": "remove", "path": 'members[value eq "NOBODY"]'},
        {"op": "replace", "path": "members", "value": [{"value": "BABS"}]},
        {"op": "replace", "path": "displayName", "value": "Tour Guides"},
    ],
)
def test_patch_without_effect_keeps_version_and_date(operation, scim):
    user = scim.make_user()
    group = scim.make_group("Tour Guides", user)
    if isinstance(operation.get("value"), list):
        operation = operation | {"value": [{"value": user["id"]}]}
    answer = scim.patch(f"/Groups/{group['id']}", operation)
    assert answer.status_code == 204
    assert answer.headers["ETag"] == group["meta"]["version"]
    assert scim.get(f"/Groups/{group['id']}").data == group


def test_operations_see_earlier_results(scim):
    one, two, three = (scim.make_user(name) for name in ("one", "two", "three"))
    group = scim.make_group("G", one, two)
    scim.patch(
        f"/Groups/{group['id']}",
        {"op": "remove", "path": "members"},
        {"op": "add", "path": "members", "value": [{"value": two["id"]}, {"value": three["id"]}]},
        {"op": "remove", "path": f'members[value eq "{two["id"]}"]'},
    )
    assert members(scim, group) == {three["id"]}
    assert Group.objects.get().user_set.get().username == "three"


def test_remove_members_by_display_filter(scim):
    one, two = scim.make_user("one", displayName="Ann"), scim.make_user("two", displayName="Bob")
    group = scim.make_group("G", one, two)
    scim.patch(f"/Groups/{group['id']}", {"op": "remove", "path": 'members[display sw "an"]'})
    assert members(scim, group) == {two["id"]}


def test_failed_patch_keeps_members(scim):
    one = scim.make_user("one")
    group = scim.make_group("G", one)
    answer = scim.patch(
        f"/Groups/{group['id']}",
        {"op": "remove", "path": "members"},
        {"op": "replace", "path": "/nosuch", "value": 1},
    )
    assert_error(answer, 400, "invalidPath")
    assert members(scim, group) == {one["id"]}


def test_members_added_by_the_site_are_hidden_and_kept(scim):
    user = scim.make_user()
    group = scim.make_group("G", user)
    insider = UserFactory()
    Group.objects.get().user_set.add(insider)
    assert members(scim, group) == {user["id"]}
    scim.patch(f"/Groups/{group['id']}", {"op": "replace", "path": "members", "value": []})
    assert list(Group.objects.get().user_set.all()) == [insider]


def test_put_without_members_keeps_them_unless_strict(connect):
    for profile, expected in (("default", 1), ("strict", 0)):
        scim = connect(profile)
        group = scim.make_group("G", scim.make_user(profile))
        body = {"schemas": [GROUP], "displayName": "H"}
        answer = scim.put(f"/Groups/{group['id']}", body)
        assert answer.status_code == 200 and answer.data["displayName"] == "H"
        assert len(members(scim, group)) == expected
        scim.put(f"/Groups/{group['id']}", body | {"members": []})
        assert not members(scim, group)


def test_rename_renames_the_django_group(scim):
    group = scim.make_group("Old")
    rename = {"op": "replace", "path": "displayName", "value": "New"}
    scim.patch(f"/Groups/{group['id']}", rename)
    assert Group.objects.get().name == "New"


def test_delete_frees_the_name_and_keeps_users(scim):
    user = scim.make_user()
    group = scim.make_group("G", user)
    assert scim.delete(f"/Groups/{group['id']}").status_code == 204
    assert not Group.objects.exists() and User.objects.count() == 1
    assert scim.make_group("G")["id"] != group["id"]
    assert "groups" not in scim.get(f"/Users/{user['id']}").data


def test_group_deleted_by_the_site_is_not_found(scim):
    group = scim.make_group("G")
    Group.objects.all().delete()
    assert_error(scim.get(f"/Groups/{group['id']}"), 404)
    assert scim.make_group("G")


def test_excluded_members_are_not_queried(scim, django_assert_num_queries, settings):
    group = scim.make_group("G", scim.make_user())
    scim.get("/Groups")
    with django_assert_num_queries(2):
        data = scim.get(f"/Groups/{group['id']}", {"excludedAttributes": "members"}).data
    assert "members" not in data


def test_strict_patch_returns_the_group(connect):
    scim = connect("strict")
    group = scim.make_group("G")
    rename = {"op": "replace", "path": "displayName", "value": "H"}
    assert scim.patch(f"/Groups/{group['id']}", rename).status_code == 200


def test_attributes_parameter_returns_the_group(scim):
    group = scim.make_group("G")
    rename = {"op": "replace", "path": "displayName", "value": "H"}
    answer = scim.patch(f"/Groups/{group['id']}?attributes=displayName", rename)
    assert answer.status_code == 200
    assert answer.data == {"schemas": [GROUP], "id": group["id"], "displayName": "H"}


@pytest.mark.parametrize("profile", ["default", "strict", "entra"])
def test_members_without_value_do_not_empty_the_group(connect, profile):
    scim = connect(profile)
    group = scim.make_group("Guides", scim.make_user("one"))
    path = f"/Groups/{group['id']}"
    operation = {"op": "replace", "path": "members", "value": [{"display": "one"}]}
    assert_error(scim.patch(path, operation), 400, "invalidValue", "members[0]")
    body = {"schemas": [GROUP], "displayName": "Guides", "members": [{"display": "one"}]}
    assert_error(scim.put(path, body), 400, "invalidValue", "members[0]")
    assert len(scim.get(path).data["members"]) == 1

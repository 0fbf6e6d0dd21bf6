"""PATCH remove (RFC 7644 section 3.5.2.2)."""

import pytest
from django.contrib.auth.models import Group

from django_scim.models import Event

from ..client import ENTERPRISE, assert_error

HOME = {"value": "home@example.com", "type": "home"}
WORK = {"value": "work@example.com", "type": "work", "display": "W"}


@pytest.fixture(params=["strict", "default"])
def scim(request, connect):
    return connect(request.param)


@pytest.fixture
def user(scim):
    return scim.make_user(
        title="Guide", emails=[WORK, HOME], name={"givenName": "Babs", "familyName": "Jensen"}
    )


@pytest.fixture
def remove(scim, user):
    """Return a function that removes a path and returns the response."""
    return lambda path: scim.patch(f"/Users/{user['id']}", {"op": "remove", "path": path})


def test_pat_26_remove_needs_a_path(scim, user):
    for operation in ({}, {"path": ""}, {"path": None}, {"value": {"title": "Guide"}}):
        answer = scim.patch(f"/Users/{user['id']}", {"op": "remove", **operation})
        assert_error(answer, 400, "noTarget", "path")
    assert scim.get(f"/Users/{user['id']}").data == user


def test_pat_27_single_value_becomes_unassigned(scim, user, remove):
    assert remove("title").status_code == 200
    assert "title" not in scim.get(f"/Users/{user['id']}").data
    assert scim.find("title pr") == []


def test_pat_28_remove_all_values(scim, user, remove):
    assert "emails" not in remove("emails").data
    group = scim.make_group("Guides", user, scim.make_user("other"))
    scim.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})
    assert not scim.get(f"/Groups/{group['id']}").data.get("members")
    assert not Group.objects.get().user_set.exists()


def test_pat_29_remove_selected_values(remove):
    assert remove('emails[type eq "work"]').data["emails"] == [HOME]
    assert "emails" not in remove('emails[value eq "HOME@example.com"]').data


def test_pat_30_required_and_read_only_attributes_are_kept(scim, user, remove):
    is_strict = scim.connection.profile == "strict"
    for path in ("userName", "id", "meta", "meta.created", "groups", "schemas"):
        answer = remove(path)
        if is_strict or path in ("userName", "id", "schemas"):
            assert_error(answer, 400, "mutability", path)
        else:  # ignored, and noted in the event
            assert answer.status_code == 200
    group = scim.make_group("Guides")
    answer = scim.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "displayName"})
    assert_error(answer, 400, "mutability", "displayName")
    assert scim.get(f"/Users/{user['id']}").data == user


def test_pat_31_removing_a_non_member_changes_nothing(scim, user, remove):
    group = scim.make_group("Guides", user)
    for value in (scim.make_user("other")["id"], "no-such-user"):
        operation = {"op": "remove", "path": f'members[value eq "{value}"]'}
        answer = scim.patch(f"/Groups/{group['id']}", operation)
        assert answer.status_code in (200, 204)
        assert answer.headers["ETag"] == group["meta"]["version"]
    assert scim.get(f"/Groups/{group['id']}").data == group
    fresh = scim.get(f"/Users/{user['id']}").data
    assert remove('emails[type eq "other"]').data == fresh


def test_pat_32_remove_with_values_never_empties_a_group(scim, user):
    other = scim.make_user("other")
    group = scim.make_group("Guides", user, other)
    path = f"/Groups/{group['id']}"
    operation = {"op": "Remove", "path": "members", "value": [{"value": user["id"]}]}
    answer = scim.patch(path, operation)
    if scim.connection.profile == "strict":
        assert_error(answer, 400, "invalidSyntax", "members")
        assert scim.get(path).data == group
    else:
        assert answer.status_code == 204
        assert [each["value"] for each in scim.get(path).data["members"]] == [other["id"]]


def test_pat_33_sub_attribute_of_a_selected_value(remove):
    work = {key: value for key, value in WORK.items() if key != "display"}
    assert remove('emails[type eq "work"].display').data["emails"] == [work, HOME]


def test_pat_34_sub_attribute_of_a_complex_attribute(remove):
    assert remove("name.familyName").data["name"] == {"givenName": "Babs"}


@pytest.mark.parametrize("path", ["nickName", "phoneNumbers", "name.middleName", ENTERPRISE,
                                  f"{ENTERPRISE}:manager"])  # fmt: skip
def test_pat_35_unassigned_stays_unassigned(path, user, remove):
    answer = remove(path)
    assert answer.status_code == 200 and answer.data == user


@pytest.mark.parametrize("path", ["title", "name.middleName", f"{ENTERPRISE}:department"])
def test_adding_and_removing_a_value_changes_nothing(scim, path):
    """The attribute is in another table, where a new user has no row yet."""
    user = scim.make_user()
    patched = scim.patch(
        f"/Users/{user['id']}",
        {"op": "add", "path": path, "value": "x"},
        {"op": "remove", "path": path},
    )
    assert patched.status_code == 200 and patched.data == user
    assert Event.objects.latest("pk").outcome == "no_change"

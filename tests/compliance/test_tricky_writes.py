"""Tricky cases of POST, PUT and DELETE (RFC 7644 sections 3.3, 3.5.1 and 3.6)."""

import uuid

import pytest
from django.contrib.auth.models import Group, User

from ..client import GROUP, USER, assert_error

BODY = {"schemas": [USER], "userName": "bjensen"}
PASSWORD = "Correct-horse-7-battery"


@pytest.fixture(params=["strict", "default"])
def either(request, connect):
    """Return a client of each profile; the response is the same."""
    return connect(request.param, passwords="accept")


@pytest.fixture
def user(either):
    return either.make_user(title="Guide", name={"givenName": "Barbara", "familyName": "Jensen"})


def path_of(user):
    return f"/Users/{user['id']}"


def test_t9_put_ignores_read_only_values(either, user):
    group = either.make_group()
    changed = user | {
        "id": str(uuid.uuid4()),
        "meta": {"resourceType": "Group", "created": "1999-01-01T00:00:00Z", "version": 'W/"x"'},
        "groups": [{"value": group["id"]}],
    }
    answer = either.put(path_of(user), changed)
    assert answer.status_code == 200
    assert answer.data == either.get(path_of(user)).data == user
    assert not Group.objects.filter(user__isnull=False).exists()


def test_t10_put_clears_missing_attributes_except_the_password(either, user):
    either.patch(path_of(user), {"op": "add", "path": "password", "value": PASSWORD})
    encoded = User.objects.get().password
    assert User.objects.get().check_password(PASSWORD)
    answer = either.put(path_of(user), BODY)
    assert answer.status_code == 200
    assert "title" not in answer.data
    assert User.objects.get().password == encoded


def test_t11_put_needs_required_attributes(either, user):
    answer = either.put(path_of(user), {"schemas": [USER], "title": "Chief"})
    assert_error(answer, 400, "invalidValue", "userName")
    assert either.get(path_of(user)).data == user


def test_t26_versions_are_compared_weakly(either, user):
    old = user["meta"]["version"]
    assert old.startswith('W/"')
    first = either.put(path_of(user), BODY | {"title": "One"}, if_match=old)
    assert first.status_code == 200
    assert either.put(path_of(user), BODY | {"title": "Two"}, if_match="*").status_code == 200
    assert_error(either.put(path_of(user), BODY | {"title": "Three"}, if_match=old), 412, None)
    assert either.get(path_of(user)).data["title"] == "Two"


@pytest.mark.parametrize("schemas", [["urn:unknown"], [], None])
def test_t28_schemas_are_required(connect, schemas):
    either = connect("strict")
    body = {"userName": "bjensen"} | ({} if schemas is None else {"schemas": schemas})
    assert_error(either.post("/Users", body), 400, "invalidSyntax", "schemas")
    assert not User.objects.exists()


@pytest.mark.parametrize("profile", ["strict", "default"])
def test_t29_unknown_attribute(connect, profile):
    scim = connect(profile)
    answer = scim.post("/Users", BODY | {"foo": 1})
    if profile == "strict":
        assert_error(answer, 400, "invalidSyntax", "foo")
        assert not User.objects.exists()
    else:
        assert answer.status_code == 201
        assert "foo" not in answer.data


def test_t30_deleted_resource_is_not_found(either, user):
    path = path_of(user)
    assert either.delete(path).status_code == 204
    assert_error(either.get(path), 404)
    assert_error(either.put(path, BODY), 404)
    assert_error(either.patch(path, {"op": "replace", "path": "title", "value": "x"}), 404)
    assert_error(either.delete(path), 404)
    again = either.post("/Users", BODY)
    assert again.status_code == 201
    assert again.data["id"] != user["id"]
    assert "title" not in again.data


@pytest.mark.parametrize(
    ("first", "second"), [("bjensen", "BJensen"), ("zo\u00eb", "zoe\u0308"), ("amy", "ａｍｙ")]
)
def test_t31_username_is_taken_in_any_spelling(either, first, second):
    either.make_user(first)
    answer = either.post("/Users", {"schemas": [USER], "userName": second})
    assert_error(answer, 409, "uniqueness", "userName")
    assert User.objects.count() == 1


def test_t34_put_replaces_complex_attributes(either, user):
    answer = either.put(path_of(user), BODY | {"name": {"givenName": "X"}})
    assert answer.data["name"] == {"givenName": "X"}


def test_t43_id_of_the_client_is_ignored(either):
    answer = either.post("/Users", BODY | {"id": "bulkId:1"})
    assert answer.status_code == 201
    assert "bulkid" not in answer.data["id"].lower()
    assert_error(either.get("/Users/bulkId:1"), 404)


def test_t45_unknown_member(either):
    members = [{"value": str(uuid.uuid4())}]
    body = {"schemas": [GROUP], "displayName": "Guides", "members": members}
    assert_error(either.post("/Groups", body), 400, "invalidValue", "members")
    assert not Group.objects.exists()

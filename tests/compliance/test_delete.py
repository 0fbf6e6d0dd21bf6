"""Deleting a resource (RFC 7644 section 3.6)."""

import pytest
from django.contrib.auth.models import Group, User

from ..client import GROUP, SEARCH, USER, assert_error

RETITLE = {"op": "replace", "path": "title", "value": "new"}


@pytest.fixture(params=["deactivate", "delete"])
def scim(request, connect):
    """Return a client of each deletion policy."""
    return connect(deletion=request.param)


@pytest.fixture
def user(scim):
    return scim.make_user(externalId="E1", displayName="Babs")


@pytest.fixture
def path(user):
    return f"/Users/{user['id']}"


def test_del_01_response_is_empty(scim, path):
    answer = scim.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Type" not in answer.headers


def test_del_02_later_requests_find_nothing(scim, path):
    scim.delete(path)
    body = {"schemas": [USER], "userName": "bjensen"}
    for answer in (
        scim.get(path),
        scim.put(path, body),
        scim.patch(path, RETITLE),
        scim.delete(path),
    ):
        assert_error(answer, 404)


def test_del_03_queries_do_not_find_it(scim, user, path):
    scim.delete(path)
    assert scim.get("/Users").data["totalResults"] == 0
    for text in ('userName eq "bjensen"', f'id eq "{user["id"]}"', 'externalId eq "E1"'):
        assert scim.find(text) == []
        body = {"schemas": [SEARCH], "filter": text}
        assert scim.post("/Users/.search", body).data["totalResults"] == 0


@pytest.mark.parametrize("external_id", ["E1", "E2", None])
def test_del_04_its_names_are_free(external_id, scim, user, path):
    group = scim.make_group("Guides")
    scim.delete(path)
    scim.delete(f"/Groups/{group['id']}")
    again = scim.make_user("BJENSEN", externalId=external_id)
    assert again["userName"] == "BJENSEN" and again["id"] != user["id"]
    assert scim.make_group("Guides")["id"] != group["id"]


def test_del_05_if_match(scim, user, path):
    assert_error(scim.delete(path, if_match='W/"stale"'), 412)
    assert scim.get(path).data == user
    assert scim.delete(path, if_match=user["meta"]["version"]).status_code == 204


def test_del_06_deleted_user_leaves_groups(scim, user, path):
    other = scim.make_user("other")
    group = scim.make_group("Guides", user, other)
    scim.delete(path)
    left = scim.get(f"/Groups/{group['id']}").data
    assert [member["value"] for member in left["members"]] == [other["id"]]
    assert left["meta"]["version"] != group["meta"]["version"]
    assert Group.objects.get().user_set.get().username == "other"


def test_del_07_deleted_group_keeps_its_users(scim, user, path):
    group = scim.make_group("Guides", user)
    assert scim.get(path).data["groups"][0]["value"] == group["id"]
    assert scim.delete(f"/Groups/{group['id']}").status_code == 204
    assert scim.get(path).data == user
    assert_error(scim.get(f"/Groups/{group['id']}"), 404)
    body = {"schemas": [GROUP], "displayName": "Guides"}
    assert_error(scim.put(f"/Groups/{group['id']}", body), 404)


def test_del_08_account_may_remain_and_inactive_is_not_deleted(scim, path):
    scim.patch(path, {"op": "replace", "path": "active", "value": False})
    inactive = scim.get(path)
    assert inactive.status_code == 200 and inactive.data["active"] is False
    scim.delete(path)
    assert_error(scim.get(path), 404)
    kept = scim.connection.deletion == "deactivate"
    assert User.objects.filter(username="bjensen", is_active=False).exists() is kept

"""Okta: catalogue apps (PATCH) and App Integration Wizard apps (only PUT)."""

import pytest
from django.contrib.auth.models import Group, User

from ..client import GROUP, USER, assert_error

CREATE = {
    "schemas": [USER],
    "userName": "Test.User@okta.local",
    "name": {"givenName": "Test", "familyName": "User"},
    "emails": [{"primary": True, "value": "test.user@okta.local", "type": "work"}],
    "displayName": "Test User",
    "locale": "en-US",
    "externalId": "00ujl29u0le5T6Aj10h7",
    "groups": [],
    "password": "1mz050nq",
    "active": True,
}


@pytest.fixture(params=["okta", "default"])
def okta(request, connect):
    return connect(request.param)


@pytest.fixture
def user(okta):
    answer = okta.post("/Users", CREATE)
    assert answer.status_code == 201 and "password" not in answer.data
    assert answer.data["userName"] == "Test.User@okta.local"
    return answer.data


def test_connection(okta):
    data = okta.get("/Users?startIndex=1&count=2").data
    assert all(isinstance(data[n], int) for n in ("totalResults", "startIndex", "itemsPerPage"))
    assert okta.get("/Groups?startIndex=1&count=100").data["totalResults"] == 0


def test_find_user(okta, user):
    path = "/Users?filter=userName%20eq%20%22{}%22&startIndex=1&count=100"
    assert okta.get(path.format("nobody%40okta.local")).data["totalResults"] == 0
    (found,) = okta.get(path.format("TEST.USER%40okta.local")).data["Resources"]
    assert found["userName"] == "Test.User@okta.local"
    assert_error(okta.post("/Users", CREATE), 409, "uniqueness")
    assert not User.objects.get().has_usable_password()


def test_find_group_by_name(okta):
    group = okta.make_group("Test SCIMv2")
    path = "/Groups?filter=displayName%20eq%20%22{}%22&startIndex=1&count=100"
    (found,) = okta.get(path.format("Test%20SCIMv2")).data["Resources"]
    assert found["id"] == group["id"]
    assert okta.get(path.format("Nothing")).data["totalResults"] == 0


def test_import_reads_every_user_once(okta):
    made = {okta.make_user(f"user{n}")["id"] for n in range(5)}
    agent = {"user_agent": "Okta SCIM Client 1.0.0"}
    pages = [okta.get(f"/Users?startIndex={n}&count=2", **agent).data for n in (1, 3, 5)]
    assert [page["totalResults"] for page in pages] == [5, 5, 5]
    assert [page["itemsPerPage"] for page in pages] == [2, 2, 1]
    seen = [user["id"] for page in pages for user in page["Resources"]]
    assert len(seen) == 5 and set(seen) == made


def test_profile_push_sends_all_attributes_back(okta, user):
    okta.make_group("G", user)
    path = f"/Users/{user['id']}"
    body = okta.get(path).data
    body["name"]["givenName"] = "Another"
    body["emails"][0]["display"] = "x"
    answer = okta.put(path, body)
    assert answer.status_code == 200
    assert answer.data["name"]["givenName"] == "Another"
    assert answer.data["groups"] and answer.data["id"] == user["id"]
    assert User.objects.get().first_name == "Another"


def test_push_without_external_id_keeps_the_link(okta, user):
    body = {key: value for key, value in CREATE.items() if key != "externalId"}
    assert okta.put(f"/Users/{user['id']}", body).data["externalId"] == CREATE["externalId"]


def test_deactivate_and_reactivate_by_patch(okta, user):
    for active in (False, True):
        answer = okta.patch(f"/Users/{user['id']}", {"op": "replace", "value": {"active": active}})
        assert answer.status_code == 200 and answer.data["active"] is active
        assert User.objects.get().is_active is active


def test_deactivate_by_put(okta, user):
    """Wizard apps use PUT for everything."""
    answer = okta.put(f"/Users/{user['id']}", user | {"active": False})
    assert answer.status_code == 200 and answer.data["active"] is False
    assert not User.objects.get().is_active
    okta.put(f"/Users/{user['id']}", user | {"active": True})
    assert User.objects.get().is_active


def test_password_by_patch_is_ignored(okta, user):
    operation = {"op": "replace", "value": {"password": "NewPassword1"}}
    assert okta.patch(f"/Users/{user['id']}", operation).status_code == 200
    assert not User.objects.get().has_usable_password()


def test_group_push(okta, user):
    answer = okta.post("/Groups", {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []})
    assert answer.status_code == 201
    group_id = answer.data["id"]
    path = f"/Groups/{group_id}"
    other = okta.make_user("other@okta.local")
    rename = {"op": "replace", "value": {"id": group_id, "displayName": "Test SCIMv2"}}

    def change(*operations):
        answer = okta.patch(path, *operations)
        assert answer.status_code in (200, 204), answer.data
        return {member["value"] for member in okta.get(path).data.get("members", [])}

    assert change(rename) == set()
    member = {"value": user["id"], "display": "t@okta.local"}
    assert change(rename, {"op": "add", "path": "members", "value": [member]}) == {user["id"]}
    assert change(
        {"op": "remove", "path": f'members[value eq "{user["id"]}"]'},
        {"op": "add", "path": "members", "value": [{"value": other["id"], "display": "o"}]},
    ) == {other["id"]}
    both = [member, {"value": other["id"], "display": "o"}]
    assert change({"op": "replace", "path": "members", "value": both}) == {user["id"], other["id"]}
    assert change({"op": "replace", "path": "members", "value": []}) == set()
    change({"op": "replace", "path": "members", "value": both})
    value = {"members": [], "id": group_id, "displayName": "Renamed"}
    assert change({"op": "replace", "value": value}) == set()
    assert Group.objects.get().name == "Renamed"
    wrong = {"op": "replace", "value": {"id": "other", "displayName": "x"}}
    assert_error(okta.patch(path, wrong), 400, "mutability")
    assert okta.delete(path).status_code == 204
    assert User.objects.count() == 2


def test_group_push_by_put(okta, user):
    group = okta.make_group("G")
    body = group | {"members": [{"value": user["id"], "display": "x"}]}
    answer = okta.put(f"/Groups/{group['id']}", body)
    assert answer.status_code == 200
    assert [member["value"] for member in answer.data["members"]] == [user["id"]]


def test_duplicate_and_missing_members_are_accepted(okta, user):
    group = okta.make_group("G", user)
    path = f"/Groups/{group['id']}"
    for operation in (
        {"op": "add", "path": "members", "value": [{"value": user["id"]}]},
        {"op": "remove", "path": 'members[value eq "89bb1940-b905-4575-9e7f-6f887cfb368e"]'},
    ):
        assert okta.patch(path, operation).status_code == 204
    assert okta.get(path).data == group

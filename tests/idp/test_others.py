"""OneLogin, JumpCloud, Ping, authentik, SailPoint, Keycloak's extensions, Google: on default."""

import json

import pytest
from django.contrib.auth.models import User

from ..client import GROUP, SEARCH, USER


@pytest.fixture
def user(scim):
    return scim.make_user(emails=[{"value": "a@b.com", "type": "work"}])


def test_onelogin_sends_emails_as_one_object(scim):
    user = scim.make_user(emails={"value": "a@b.com", "primary": True})
    assert user["emails"] == [{"value": "a@b.com", "primary": True}]


def test_onelogin_sends_nulls(scim):
    assert "title" not in scim.make_user(title=None, name={"givenName": None}, phoneNumbers=None)


def test_jumpcloud_tries_a_user_and_a_group(scim, user):
    group = scim.make_group("Test")
    operation = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    assert scim.patch(f"/Groups/{group['id']}", operation).status_code == 204
    assert scim.delete(f"/Groups/{group['id']}").status_code == 204
    assert scim.delete(f"/Users/{user['id']}").status_code == 204


def test_ping_matches_by_bare_emails(scim, user):
    assert [each["id"] for each in scim.find('emails eq "A@b.com"')] == [user["id"]]


def test_sailpoint_adds_without_a_path(scim, user):
    answer = scim.patch(f"/Users/{user['id']}", {"op": "add", "value": {"active": False}})
    assert answer.data["active"] is False


def test_google_probes_and_creates_suspended(scim):
    assert scim.get("/Users?count=1").status_code == 200
    scim.make_user(active=False)
    assert not User.objects.get().is_active


def test_authentik(scim, user):
    config = scim.get("/ServiceProviderConfig").data
    assert {"supported", "maxOperations", "maxPayloadSize"} <= set(config["bulk"])
    assert config["filter"]["maxResults"]
    body = {"schemas": [USER], "id": user["id"], "externalId": "uid", "userName": "bjensen"}
    assert scim.put(f"/Users/{user['id']}", body).data["externalId"] == "uid"
    other = scim.make_user("other")
    group = scim.make_group("G", other)
    assert scim.find('displayName eq "G"', "/Groups")[0]["members"]
    value = {"schemas": [GROUP], "id": group["id"], "externalId": "g", "displayName": "H"}
    path = f"/Groups/{group['id']}"
    assert scim.patch(path, {"op": "replace", "value": value}).status_code == 204
    scim.patch(
        path,
        {"op": "add", "path": "members", "value": [{"value": user["id"]}]},
        {"op": "remove", "path": "members", "value": [{"value": other["id"]}]},
    )
    data = scim.get(path).data
    assert [member["value"] for member in data["members"]] == [user["id"]]
    assert (data["displayName"], data["externalId"]) == ("H", "g")
    assert scim.get("/Groups?startIndex=1").data["itemsPerPage"] == 1


def test_keycloak_sends_json_in_a_string(scim, user):
    value = json.dumps({"schemas": [USER], "name": {"givenName": "K"}})
    answer = scim.patch(f"/Users/{user['id']}", {"op": "replace", "value": value})
    assert answer.data["name"] == {"givenName": "K"}


def test_keycloak_searches_with_numbers_as_strings(scim, user):
    body = {
        "schemas": [SEARCH],
        "filter": 'userName eq "bjensen"',
        "startIndex": "1",
        "count": "10",
        "sortBy": "userName",
        "sortOrder": "ascending",
    }
    assert scim.post("/Users/.search", body).data["totalResults"] == 1

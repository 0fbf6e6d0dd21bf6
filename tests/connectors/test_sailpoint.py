"""SailPoint: discovery first, then PATCH without a path."""

import pytest
from django.contrib.auth.models import User

from ..client import ENTERPRISE

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@pytest.fixture
def user(scim):
    return scim.make_user(displayName="Babs", name={"familyName": "Jensen", "givenName": "B"})


def test_discovery(scim):
    assert scim.get("/ServiceProviderConfig").data["patch"] == {"supported": True}
    for path in ("/ResourceTypes", "/Schemas"):
        data = scim.get(path).data
        assert data["schemas"] == [LIST] and data["totalResults"] == len(data["Resources"])
    for name in ("User", "Group"):
        data = scim.get(f"/ResourceTypes/{name}").data
        assert (data["name"], data["endpoint"]) == (name, f"/{name}s")
        assert scim.get(f"/Schemas/{data['schema']}").data["id"] == data["schema"]


@pytest.mark.parametrize("profile", ["default", "strict"])
def test_add_without_path(profile, connect):
    scim = connect(profile)
    user = scim.make_user()
    for active in (False, True):
        operation = {"op": "add", "value": {"active": active}}
        assert scim.patch(f"/Users/{user['id']}", operation).data["active"] is active
        assert User.objects.get().is_active is active


def test_add_without_path_keeps_other_values(scim, user):
    value = {"name": {"givenName": "Barbara"}, ENTERPRISE: {"department": "Tours"}}
    data = scim.patch(f"/Users/{user['id']}", {"op": "add", "value": value}).data
    assert data["name"] == {"familyName": "Jensen", "givenName": "Barbara"}
    assert data[ENTERPRISE] == {"department": "Tours"}
    assert data["displayName"] == "Babs"


@pytest.mark.parametrize("profile", ["default", "strict"])
def test_complex_attribute_is_merged(profile, connect):
    scim = connect(profile)
    user = scim.make_user(name={"familyName": "Jensen", "givenName": "B"})
    operation = {"op": "replace", "path": "name", "value": {"givenName": "Barbara"}}
    data = scim.patch(f"/Users/{user['id']}", operation).data
    assert data["name"] == {"familyName": "Jensen", "givenName": "Barbara"}


def test_aggregation_in_pages(scim, user):
    scim.make_user("two")
    params = {"attributes": "userName,active", "startIndex": 1, "count": 1}
    data = scim.get("/Users", params).data
    assert (data["totalResults"], data["itemsPerPage"]) == (2, 1)
    (first,) = data["Resources"]
    assert set(first) == {"schemas", "id", "userName", "active"}
    (second,) = scim.get("/Users", params | {"startIndex": 2}).data["Resources"]
    assert second["id"] != first["id"]
    assert [each["userName"] for each in scim.find('userName sw "B"')] == ["bjensen"]


def test_entitlements_are_memberships(scim, user, members):
    group = scim.make_group("G")
    path = f"/Groups/{group['id']}"
    add = {"op": "add", "value": {"members": [{"value": user["id"]}]}}
    assert scim.patch(path, add).status_code == 204
    assert members(scim, group) == {user["id"]}
    remove = {"op": "remove", "path": f'members[value eq "{user["id"]}"]'}
    assert scim.patch(path, remove).status_code == 204
    assert members(scim, group) == set()

"""authentik, from its source code: PUT for users, PATCH for groups, complete lists."""

import pytest
from django.contrib.auth.models import Group, User

from ..client import GROUP, USER, assert_error


def user_body(name="bjensen", uid="b3d1", **changes):
    return {
        "schemas": [USER],
        "externalId": uid,
        "userName": name,
        "name": {"formatted": "Barbara Jensen", "givenName": "Barbara", "familyName": "Jensen"},
        "displayName": "Barbara Jensen",
        "active": True,
        "emails": [{"value": "b@example.com", "type": "other", "primary": True}],
        "photos": [{"value": "https://auth.example.com/b.png", "type": "photo", "primary": True}],
    } | changes


def group_body(name="Guides", **changes):
    return {"schemas": [GROUP], "externalId": "5d0e", "displayName": name} | changes


def patch_chunked(client, group, *operations):
    """Send as many operations per PATCH as a bulk may have, or all at once if that is 0."""
    size = client.get("/ServiceProviderConfig").data["bulk"]["maxOperations"]
    size = size if size > 0 else len(operations)
    for start in range(0, len(operations), size):
        answer = client.patch(f"/Groups/{group['id']}", *operations[start : start + size])
        assert answer.status_code == 204


def member(op, user):
    return {"op": op, "path": "members", "value": [{"value": user["id"]}]}


def test_configuration_has_every_parsed_member(scim):
    config = scim.get("/ServiceProviderConfig").data
    assert set(config["bulk"]) == {"supported", "maxOperations", "maxPayloadSize"}
    assert isinstance(config["bulk"]["maxOperations"], int)
    assert isinstance(config["bulk"]["maxPayloadSize"], int)
    assert set(config["filter"]) == {"supported", "maxResults"}
    assert config["filter"]["supported"] is True and config["filter"]["maxResults"] > 0
    assert config["patch"] == {"supported": True}
    for name in ("bulk", "changePassword", "sort", "etag"):
        assert isinstance(config[name]["supported"], bool)
    (scheme,) = config["authenticationSchemes"]
    assert {"type", "name", "description", "specUri", "primary"} <= set(scheme)


def test_put_user_with_id(scim):
    created = scim.post("/Users", user_body())
    assert created.status_code == 201 and created.data["externalId"] == "b3d1"
    body = user_body(id=created.data["id"], active=False, displayName="Babs")
    answer = scim.put(f"/Users/{created.data['id']}", body)
    assert answer.status_code == 200
    assert (answer.data["displayName"], answer.data["active"]) == ("Babs", False)
    assert answer.data["photos"] == body["photos"] and answer.data["id"] == created.data["id"]
    assert not User.objects.get().is_active
    assert_error(scim.post("/Users", user_body()), 409, "uniqueness")
    assert scim.delete(f"/Users/{created.data['id']}").status_code == 204


def test_existing_group_is_found_and_adopted(scim, members):
    user, group = scim.make("/Users", user_body()), scim.make("/Groups", group_body())
    assert group["members"] == []  # without the key, authentik would not compare the members
    assert_error(scim.post("/Groups", group_body(externalId="other")), 409, "uniqueness")
    (found,) = scim.find('displayName eq "Guides"', "/Groups")
    assert found["id"] == group["id"]
    patch_chunked(scim, found, member("add", user))
    assert members(scim, group) == {user["id"]}


def test_patch_complete_group(scim, members):
    user, group = scim.make("/Users", user_body()), scim.make("/Groups", group_body())
    patch_chunked(scim, group, member("add", user))
    value = group_body("Tour Guides", id=group["id"], externalId="new")
    answer = scim.patch(f"/Groups/{group['id']}", {"op": "replace", "value": value})
    assert answer.status_code == 204
    data = scim.get(f"/Groups/{group['id']}").data
    assert (data["displayName"], data["externalId"]) == ("Tour Guides", "new")
    assert members(scim, group) == {user["id"]}
    assert Group.objects.get().name == "Tour Guides"
    wrong = {"op": "replace", "value": value | {"id": "another"}}
    assert_error(scim.patch(f"/Groups/{group['id']}", wrong), 400, "mutability", "id")


def test_compare_and_patch_members_in_chunks(scim, members):
    users = [scim.make("/Users", user_body(f"user{n}", f"u{n}")) for n in range(7)]
    group = scim.make("/Groups", group_body())
    patch_chunked(scim, group, *(member("add", user) for user in users[:5]))
    assert members(scim, group) == {user["id"] for user in users[:5]}
    changes = [member("add", user) for user in users[5:]]
    changes += [member("remove", user) for user in users[:3]]
    patch_chunked(scim, group, *changes)
    assert members(scim, group) == {user["id"] for user in users[3:]}


def test_strict_removes_by_path_only(connect, members):
    strict = connect("strict")
    user = strict.make_user()
    group = strict.make_group("G", user)
    answer = strict.patch(f"/Groups/{group['id']}", member("remove", user))
    assert_error(answer, 400, "invalidSyntax", "members")
    assert members(strict, group) == {user["id"]}


@pytest.mark.parametrize("endpoint", ["/Users", "/Groups"])
def test_lists_are_read_page_by_page(endpoint, scim, settings):
    settings.DJANGO_SCIM = {"PAGE_SIZE": 2}
    make = scim.make_user if endpoint == "/Users" else scim.make_group
    made = [make(f"name{n}")["id"] for n in range(5)]
    data = scim.get(endpoint).data
    seen = [each["id"] for each in data["Resources"]]
    while len(seen) < data["totalResults"]:
        page = scim.get(f"{endpoint}?startIndex={len(seen) + 1}").data["Resources"]
        assert page
        seen += [each["id"] for each in page]
    assert sorted(seen) == sorted(made)

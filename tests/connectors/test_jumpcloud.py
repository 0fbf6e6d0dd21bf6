"""JumpCloud, whose connection test creates and deletes a user and a group."""

from django.contrib.auth.models import Group, User

from ..client import GROUP, USER

TEST_USER = {
    "schemas": [USER],
    "userName": "test.user@example.com",
    "name": {"givenName": "Test", "familyName": "User"},
    "displayName": "Test User",
    "emails": [{"value": "test.user@example.com", "type": "work", "primary": True}],
    "active": True,
}
TEST_GROUP = {"schemas": [GROUP], "displayName": "JumpCloud Test Group", "members": []}


def test_connection_test_is_repeatable(scim, members):
    ids = set()
    for _ in range(3):
        assert scim.find('userName eq "test.user@example.com"') == []
        user = scim.make("/Users", TEST_USER)
        changed = scim.put(f"/Users/{user['id']}", TEST_USER | {"displayName": "Changed"})
        assert changed.data["displayName"] == "Changed"
        group = scim.make("/Groups", TEST_GROUP)
        add = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
        assert scim.patch(f"/Groups/{group['id']}", add).status_code == 204
        assert members(scim, group) == {user["id"]}
        assert scim.delete(f"/Groups/{group['id']}").status_code == 204
        assert scim.delete(f"/Users/{user['id']}").status_code == 204
        ids |= {user["id"], group["id"]}
    assert len(ids) == 6  # ids are never reused
    assert not Group.objects.exists()
    assert not User.objects.filter(is_active=True).exists()
    assert User.objects.count() == 3  # without an externalId, no user is recognised


def test_test_user_is_deactivated_if_nothing_is_deleted(scim):
    user = scim.make("/Users", TEST_USER)
    operation = {"op": "replace", "path": "active", "value": False}
    assert scim.patch(f"/Users/{user['id']}", operation).data["active"] is False
    assert not User.objects.get().is_active


def test_members_are_listed_without_a_filter(scim, members, used):
    one, two = scim.make_user("one"), scim.make_user("two")
    group = scim.make_group("G", one, two)
    operation = {"op": "remove", "path": "members", "value": [{"value": one["id"]}]}
    assert scim.patch(f"/Groups/{group['id']}", operation).status_code == 204
    assert members(scim, group) == {two["id"]}
    assert used(scim) == {"listed-removal"}

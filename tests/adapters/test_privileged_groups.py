"""Groups with permissions: a connection changes them only where an admin allows it."""

import pytest
from django.contrib.auth.models import Group, Permission, User

from django_scim import connections
from django_scim.models import Event, GroupLink, UserLink

from ..client import GROUP, PATCH, USER, assert_error
from ..factories import UserFactory

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def grant(group):
    """Give a permission to the site's group of a SCIM group."""
    site = GroupLink.objects.get(scim_id=group["id"]).target
    site.permissions.add(Permission.objects.get(codename="delete_user"))
    return site


def names(site):
    return set(site.user_set.values_list("username", flat=True))


def value_of(*users):
    return [{"value": user["id"]} for user in users]


@pytest.fixture
def amy(scim):
    return scim.make_user("amy")


@pytest.fixture
def mallory(scim):
    return scim.make_user("mallory")


@pytest.fixture
def group(scim, amy):
    """A group that the connection made, and to which the site gave a permission afterwards."""
    made = scim.make_group("Editors", amy)
    grant(made)
    return made


@pytest.fixture
def site_group(group):
    return GroupLink.objects.get().target


def patches(amy, mallory):
    only = f'members[value eq "{amy["id"]}"]'
    both = f'members[value eq "{amy["id"]}" or value eq "{mallory["id"]}"]'
    add, replace, remove = ({"op": op} for op in ("add", "replace", "remove"))
    added = value_of(mallory)
    return {
        "add": add | {"path": "members", "value": added},
        "add without a path": add | {"value": {"members": added}},
        "add by a selector": add | {"path": f'members[value eq "{mallory["id"]}"]', "value": {}},
        "add by $ref": add | {"path": "members", "value": [{"$ref": f"/Users/{mallory['id']}"}]},
        "replace": replace | {"path": "members", "value": added},
        "replace by nothing": replace | {"path": "members", "value": []},
        "remove all": remove | {"path": "members"},
        "remove by a filter": remove | {"path": only},
        "remove by two filters": remove | {"path": both},
        "remove by a display": remove | {"path": 'members[type eq "User"]'},
        "remove values": remove | {"path": "members", "value": value_of(amy)},
    }


@pytest.mark.parametrize("kind", patches({"id": "a"}, {"id": "m"}))
def test_patch_of_members_is_refused(kind, scim, amy, mallory, group, site_group, events):
    operation = patches(amy, mallory)[kind]
    answer = scim.patch(f"/Groups/{group['id']}", operation)
    assert_error(answer, 403, None, "members")
    assert names(site_group) == {"amy"}
    assert not User.objects.get(username="mallory").has_perm("auth.delete_user")
    (event,) = events(outcome=Event.Outcome.FAILURE)
    assert (event.status, event.resource_type, event.scim_id) == (403, "Group", group["id"])
    assert "permissions" in event.detail
    assert scim.get(f"/Groups/{group['id']}").data == group


@pytest.mark.parametrize("kind", patches({"id": "a"}, {"id": "m"}))
def test_same_patch_is_allowed_without_permissions(kind, scim, amy, mallory):
    group = scim.make_group("Editors", amy)
    answer = scim.patch(f"/Groups/{group['id']}", patches(amy, mallory)[kind])
    assert answer.status_code < 300
    assert names(GroupLink.objects.get().target) != {"amy"}


def test_put_of_other_members_is_refused(scim, amy, mallory, group, site_group):
    path = f"/Groups/{group['id']}"
    body = {"schemas": [GROUP], "displayName": "Editors"}
    for members in (value_of(amy, mallory), value_of(mallory), []):
        answer = scim.put(path, body | {"members": members})
        if members or answer.status_code != 200:  # the profile keeps members that are missing
            assert_error(answer, 403, None, "members")
        assert names(site_group) == {"amy"}
    assert scim.put(path, body | {"members": value_of(amy)}).status_code == 200


def test_put_without_members_is_refused(connect):
    strict = connect(profile="strict")
    group = strict.make_group("Editors", strict.make_user("amy"))
    site = grant(group)
    body = {"schemas": [GROUP], "displayName": "Editors"}
    assert_error(strict.put(f"/Groups/{group['id']}", body), 403, None, "members")
    assert names(site) == {"amy"}


def test_put_that_keeps_the_members_is_allowed(scim, group, site_group):
    body = {"schemas": [GROUP], "displayName": "Editors"}
    assert scim.put(f"/Groups/{group['id']}", body).status_code == 200
    assert names(site_group) == {"amy"}


def test_change_without_effect_is_no_error(scim, amy, group):
    same = {"op": "add", "path": "members", "value": value_of(amy)}
    assert scim.patch(f"/Groups/{group['id']}", same).status_code == 204


def test_bulk_is_refused(scim, mallory, group, site_group):
    operation = {"op": "add", "path": "members", "value": value_of(mallory)}
    patch = {"schemas": [PATCH], "Operations": [operation]}
    new = {"schemas": [GROUP], "displayName": "New", "members": value_of(mallory)}
    path = f"/Groups/{group['id']}"
    answer = scim.post(
        "/Bulk",
        {
            "schemas": [BULK],
            "Operations": [
                {"method": "PATCH", "path": path, "data": patch},
                {"method": "POST", "path": "/Groups", "bulkId": "n", "data": new},
                {"method": "PUT", "path": path, "data": new | {"displayName": "Other"}},
            ],
        },
    )
    assert [each["status"] for each in answer.data["Operations"]] == ["403", "201", "403"]
    assert names(site_group) == {"amy"} and site_group.name == "Editors"


def test_bulk_with_a_new_account_is_refused(scim, group, site_group):
    """A bulkId of an account in the same request is a membership like any other."""
    add = {"op": "add", "path": "members", "value": [{"value": "bulkId:m"}]}
    patch = {"schemas": [PATCH], "Operations": [add]}
    user = {"schemas": [USER], "userName": "mallory"}
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "m", "data": user},
        {"method": "PATCH", "path": f"/Groups/{group['id']}", "data": patch},
    ]
    answer = scim.post("/Bulk", {"schemas": [BULK], "Operations": operations})
    assert [each["status"] for each in answer.data["Operations"]] == ["201", "403"]
    assert names(site_group) == {"amy"}


def test_assigned_group_that_gains_permissions(scim, mallory):
    site = Group.objects.create(name="Readers")
    link = connections.assign(scim.connection, site)
    add = {"op": "add", "path": "members", "value": value_of(mallory)}
    site.permissions.add(Permission.objects.first())
    assert_error(scim.patch(f"/Groups/{link.scim_id}", add), 403, None, "members")
    assert not site.user_set.exists()
    site.permissions.clear()
    assert scim.patch(f"/Groups/{link.scim_id}", add).status_code == 204


def test_group_of_two_connections_is_marked_for_each(connect):
    one, other = connect(), connect()
    site = Group.objects.create(name="Readers")
    site.permissions.add(Permission.objects.first())
    links = [connections.share_privileged(each.connection, site) for each in (one, other)]
    connections.unshare_privileged(other.connection, site)
    for client, link, status in zip((one, other), links, (204, 403), strict=True):
        user = client.make_user(client.connection.name)
        add = {"op": "add", "path": "members", "value": value_of(user)}
        assert client.patch(f"/Groups/{link.scim_id}", add).status_code == status


def test_group_assigned_again_is_not_marked(scim, mallory):
    site = Group.objects.create(name="Readers")
    site.permissions.add(Permission.objects.first())
    connections.share_privileged(scim.connection, site)
    connections.unassign(scim.connection, site)
    site.permissions.clear()
    link = connections.assign(scim.connection, site)
    site.permissions.add(Permission.objects.first())
    add = {"op": "add", "path": "members", "value": value_of(mallory)}
    assert_error(scim.patch(f"/Groups/{link.scim_id}", add), 403, None, "members")


def test_marked_group_can_be_changed(scim, amy, mallory, group, site_group, events):
    actor = connections.Actor("admin ada")
    connections.share_privileged(scim.connection, site_group, actor=actor)
    add = {"op": "add", "path": "members", "value": value_of(mallory)}
    assert scim.patch(f"/Groups/{group['id']}", add).status_code == 204
    assert names(site_group) == {"amy", "mallory"}
    connections.unshare_privileged(scim.connection, site_group, actor=actor)
    remove = {"op": "remove", "path": "members"}
    assert_error(scim.patch(f"/Groups/{group['id']}", remove), 403, None, "members")
    texts = [each.detail for each in events(action=Event.Action.ADMINISTRATION)]
    assert len(texts) == 2
    assert "Editors marked as privileged" in texts[0] and "by admin ada" in texts[0]
    assert texts[1] == "Editors no longer marked as privileged by admin ada"


def test_privileged_links(connect, group, site_group, scim):
    other = connect()
    plain = other.make_group("Plain")
    assert [each.scim_id for each in connections.privileged_links()] == [group["id"]]
    assert connections.privileged_links(other.connection) == []
    (link,) = connections.privileged_links(scim.connection)
    assert link.target == site_group and not link.privileged
    grant(plain)
    assert [each.connection for each in connections.privileged_links()] == [
        scim.connection,
        other.connection,
    ]


def test_person_who_leaves_loses_the_permissions(scim, amy, group, site_group):
    assert scim.delete(f"/Users/{amy['id']}").status_code == 204
    assert names(site_group) == set()


# Renaming


def test_group_with_members_and_permissions_keeps_its_name(scim, group, site_group):
    rename = {"op": "replace", "path": "displayName", "value": "Harmless"}
    assert_error(scim.patch(f"/Groups/{group['id']}", rename), 403, None, "displayName")
    site_group.refresh_from_db()
    assert site_group.name == "Editors"
    external = {"op": "replace", "path": "externalId", "value": "7"}
    assert scim.patch(f"/Groups/{group['id']}", external).status_code == 204
    site_group.user_set.clear()
    assert scim.patch(f"/Groups/{group['id']}", rename).status_code == 204


def test_rename_with_a_change_of_members_is_refused(scim, mallory, group, site_group):
    body = {"schemas": [GROUP], "displayName": "Harmless", "members": value_of(mallory)}
    assert_error(scim.put(f"/Groups/{group['id']}", body), 403)
    site_group.refresh_from_db()
    assert names(site_group) == {"amy"} and site_group.name == "Editors"


# Deletion


def test_deleted_group_with_permissions_stays(scim, amy, group, site_group, events):
    outsider = UserFactory(username="outsider")
    site_group.user_set.add(outsider)
    assert scim.delete(f"/Groups/{group['id']}").status_code == 204
    assert Group.objects.get() == site_group and names(site_group) == {"outsider"}
    assert_error(scim.get(f"/Groups/{group['id']}"), 404)
    (event,) = events(action=Event.Action.DELETE)
    (change,) = event.changes
    assert change["path"] == "members"
    assert [each["value"] for each in change["old"]] == [amy["id"]]


def test_deleted_group_with_members_of_the_site_stays(scim, amy, events):
    group = scim.make_group("Guides", amy)
    site = GroupLink.objects.get().target
    site.user_set.add(UserFactory(username="outsider"))
    assert scim.delete(f"/Groups/{group['id']}").status_code == 204
    assert names(site) == {"outsider"}
    (event,) = events(action=Event.Action.DELETE)
    assert [each["value"] for each in event.changes[0]["old"]] == [amy["id"]]
    again = scim.make_group("Guides")
    assert again["id"] != group["id"] and GroupLink.objects.get(target__isnull=False).target != site


def test_deleted_group_of_the_connection_alone_is_gone(scim, amy):
    group = scim.make_group("Guides", amy)
    assert scim.delete(f"/Groups/{group['id']}").status_code == 204
    assert not Group.objects.exists()


def test_deletion_by_one_of_two_connections_ends_its_memberships(connect):
    one, other = connect(), connect()
    group = one.make_group("Guides", one.make_user("amy"))
    site = GroupLink.objects.get().target
    shared = connections.assign(other.connection, site)
    bob = other.make_user("bob")
    add = {"op": "add", "path": "members", "value": value_of(bob)}
    other.patch(f"/Groups/{shared.scim_id}", add)
    assert one.delete(f"/Groups/{group['id']}").status_code == 204
    assert names(site) == {"bob"}


def test_deleted_group_with_permissions_does_not_come_back(scim, group, site_group):
    scim.delete(f"/Groups/{group['id']}")
    body = {"schemas": [GROUP], "displayName": "Editors"}
    assert_error(scim.post("/Groups", body), 400, "invalidValue", "displayName")
    assert GroupLink.objects.filter(target=site_group).count() == 0


def test_adopted_account_gets_no_privileged_group(connect):
    """An adoption links only the account. The connection cannot reach the groups of the site."""
    client = connect(adoption="username")
    site = Group.objects.create(name="Admins")
    site.permissions.add(Permission.objects.first())
    UserFactory(username="amy").groups.add(site)
    made = client.make_user("amy")
    assert UserLink.objects.get().scim_id == made["id"] and "groups" not in made
    assert client.get("/Groups").data["totalResults"] == 0

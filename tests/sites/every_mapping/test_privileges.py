"""A site that decides with its own rules which objects give permissions to their members."""

import pytest
from django.contrib.auth.models import User

from django_scim import connections
from django_scim.adapters import Members
from django_scim.models import Event
from tests.client import GROUP, USER, assert_error
from tests.sites.every_mapping.adapters import AcmeUserAdapter, DeviceAdapter, SquadAdapter
from tests.sites.every_mapping.models import (
    ACommonDeviceOfOurWarehouseLink,
    Device,
    Membership,
    Organisation,
    Squad,
    SquadLink,
)
from tests.sites.every_mapping.schemas import ACME, DEVICE


class StaffSquads(SquadAdapter):
    @classmethod
    def privileged_objects(cls):
        return Squad.objects.filter(name__istartswith="staff-")


class Vaults(DeviceAdapter):
    @classmethod
    def privileged_objects(cls):
        return Device.objects.filter(label="vault")


class Owners(AcmeUserAdapter):
    attributes = AcmeUserAdapter.attributes | {
        f"{ACME}:devices": Members("shared_devices", to="Device")
    }

    @classmethod
    def privileged_objects(cls):
        return User.objects.filter(last_name="Owner")


@pytest.fixture
def scim(settings, connect):
    own = {"User": "Owners", "Group": "StaffSquads", "Device": "Vaults"}
    settings.DJANGO_SCIM = {"ADAPTERS": {name: f"{__name__}.{own[name]}" for name in own}}
    return connect()


@pytest.fixture
def amy(scim):
    return scim.make_user("amy")


@pytest.fixture
def vault(scim, amy):
    body = {"schemas": [DEVICE], "serialNumber": "S1", "users": [{"value": amy["id"]}]}
    made = scim.make("/Devices", body)
    Device.objects.update(label="vault")
    return made


def put_in(path, *users):
    return {"op": "add", "path": path, "value": [{"value": user["id"]} for user in users]}


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


# Permissions that follow from the group's name


def test_new_group_with_a_privileged_name_and_members(scim, amy):
    body = {"schemas": [GROUP], "displayName": "staff-eu", "members": [{"value": amy["id"]}]}
    assert_error(scim.post("/Groups", body), 403, None, "members")
    assert not Squad.objects.exists() and not Membership.objects.exists()


def test_new_group_with_a_privileged_name_stays_empty(scim, amy):
    group = scim.make_group("staff-eu")
    assert_error(scim.patch(f"/Groups/{group['id']}", put_in("members", amy)), 403, None, "members")
    assert not Membership.objects.exists()


@pytest.mark.parametrize("name", ["staff-eu", "STAFF-eu"])
def test_group_with_members_cannot_get_a_privileged_name(name, scim, amy):
    group = scim.make_group("Guides", amy)
    path = f"/Groups/{group['id']}"
    assert_error(scim.patch(path, replace("displayName", name)), 403, None, "displayName")
    body = {"schemas": [GROUP], "displayName": name, "members": [{"value": amy["id"]}]}
    assert_error(scim.put(path, body), 403, None, "displayName")
    assert Squad.objects.get().name == SquadLink.objects.get().display_name == "Guides"


def test_name_and_members_in_one_request(scim, amy):
    group = scim.make_group("Guides")
    path = f"/Groups/{group['id']}"
    for operations in (
        (replace("displayName", "staff-eu"), put_in("members", amy)),
        (put_in("members", amy), replace("displayName", "staff-eu")),
    ):
        assert_error(scim.patch(path, *operations), 403, None, "members")
    assert Squad.objects.get().name == "Guides" and not Membership.objects.exists()


def test_members_of_the_site_count(scim, amy):
    """The connection cannot see this member, who would get the permissions."""
    group = scim.make_group("Guides")
    Membership.objects.create(squad=Squad.objects.get(), person=User.objects.create_user("bob"))
    rename = replace("displayName", "staff-eu")
    assert_error(scim.patch(f"/Groups/{group['id']}", rename), 403, None, "displayName")


def test_empty_group_can_get_a_privileged_name_and_lose_it(scim, amy):
    group = scim.make_group("Guides", amy)
    path = f"/Groups/{group['id']}"
    assert scim.patch(path, {"op": "remove", "path": "members"}).status_code == 204
    assert scim.patch(path, replace("displayName", "staff-eu")).status_code == 204
    assert_error(scim.patch(path, put_in("members", amy)), 403, None, "members")
    both = (replace("displayName", "Guides"), put_in("members", amy))
    assert scim.patch(path, *both).status_code == 204
    assert_error(scim.patch(path, replace("displayName", "staff-eu")), 403, None, "displayName")


def test_group_with_members_keeps_its_privileged_name(scim, amy):
    group = scim.make_group("staff-eu")
    Membership.objects.create(squad=Squad.objects.get(), person=User.objects.get(username="amy"))
    path = f"/Groups/{group['id']}"
    assert_error(scim.patch(path, replace("displayName", "Guides")), 403, None, "displayName")
    emptied = ({"op": "remove", "path": "members"}, replace("displayName", "Guides"))
    assert_error(scim.patch(path, *emptied), 403)
    assert Squad.objects.get().name == "staff-eu" and Membership.objects.exists()


def test_marked_group_may_have_any_name(scim, amy):
    group = scim.make_group("Guides", amy)
    connections.share_privileged(scim.connection, Squad.objects.get())
    path = f"/Groups/{group['id']}"
    assert scim.patch(path, replace("displayName", "staff-eu")).status_code == 204
    assert scim.patch(path, put_in("members", scim.make_user("bob"))).status_code == 204
    assert Membership.objects.count() == 2


def test_names_are_reserved_for_a_group_model_of_the_site(scim, settings):
    settings.DJANGO_SCIM = settings.DJANGO_SCIM | {"RESERVED_GROUPS": ["Root"]}
    Squad.objects.create(name="Staff-EU", organisation=Organisation.objects.create(name="x"))
    for name in ("ＲＯＯＴ", "stäff-eu"):
        answer = scim.post("/Groups", {"schemas": [GROUP], "displayName": name})
        assert_error(answer, 400, "invalidValue", "displayName")
    assert scim.make_group("Rooted")


# Other resource types


def test_members_of_another_resource_type(scim, amy, vault):
    bob = scim.make_user("bob")
    path = f"/Devices/{vault['id']}"
    for operation in (put_in("users", bob), {"op": "remove", "path": "users"}):
        assert_error(scim.patch(path, operation), 403, None, "users")
    assert_error(scim.patch(path, replace("displayName", "box")), 403, None, "displayName")
    device = Device.objects.get()
    assert device.label == "vault" and [each.username for each in device.users.all()] == ["amy"]
    connections.share_privileged(scim.connection, device)
    assert scim.patch(path, put_in("users", bob)).status_code == 200
    assert device.users.count() == 2


def test_members_from_the_other_end(scim, amy, vault):
    bob = scim.make_user("bob")
    mine = f"{ACME}:devices"
    answer = scim.patch(f"/Users/{bob['id']}", put_in(mine, vault))
    assert_error(answer, 403, None, "devices")
    removed = scim.patch(f"/Users/{amy['id']}", {"op": "remove", "path": mine})
    assert_error(removed, 403, None, "devices")
    with_device = {ACME: {"devices": [{"value": vault["id"]}]}}
    body = {"schemas": [USER, ACME], "userName": "eve", **with_device}
    assert_error(scim.post("/Users", body), 403, None, "devices")
    device = Device.objects.get()
    assert [each.username for each in device.users.all()] == ["amy"]
    assert not User.objects.filter(username="eve").exists()
    connections.share_privileged(scim.connection, device)
    assert scim.patch(f"/Users/{bob['id']}", put_in(mine, vault)).status_code == 200


def test_leaver_whose_membership_an_admin_must_allow(scim, amy, vault):
    """The account is closed and the membership stays, whatever else the request wants."""
    mine, path = f"{ACME}:devices", f"/Users/{amy['id']}"
    account, device = User.objects.filter(username="amy"), Device.objects.get()
    away = {"op": "replace", "path": "active", "value": "False"}
    without = {"schemas": [USER, ACME], "userName": "amy", "active": False, ACME: {"devices": []}}
    operations = ({"op": "remove", "path": mine}, away)
    bulk = {"method": "PATCH", "path": path, "data": {"Operations": operations}}
    for close in (
        lambda: scim.patch(path, *operations),
        lambda: scim.put(path, without),
        lambda: scim.bulk(bulk),
    ):
        account.update(is_active=True)
        assert close().status_code == 200
        assert not account.get().is_active
        assert [each.username for each in device.users.all()] == ["amy"]
        event = Event.objects.latest("pk")
        assert event.action == "deactivate" and f"Ignored: {mine}: cannot" in event.detail


def test_leaver_gains_no_permissions(scim, vault):
    bob = scim.make_user("bob")
    joins = put_in(f"{ACME}:devices", vault)
    assert scim.patch(f"/Users/{bob['id']}", joins, replace("active", False)).status_code == 200
    assert not User.objects.get(username="bob").is_active
    assert [each.username for each in Device.objects.get().users.all()] == ["amy"]


def test_strict_profile_refuses_the_whole_request(scim, amy, vault):
    scim.connection.profile = "strict"
    scim.connection.save()
    operations = ({"op": "remove", "path": f"{ACME}:devices"}, replace("active", False))
    assert_error(scim.patch(f"/Users/{amy['id']}", *operations), 403, None, "devices")
    assert User.objects.get(username="amy").is_active


def test_reference_to_an_object_with_permissions(scim, amy):
    owner = scim.make_user("owner", name={"familyName": "Owner"})
    device = scim.make("/Devices", {"schemas": [DEVICE], "serialNumber": "S2"})
    path = f"/Devices/{device['id']}"
    for value in (owner["id"], {"value": owner["id"]}):
        assert_error(scim.patch(path, replace("keeper", value)), 403, None, "keeper")
    assert Device.objects.get().keeper is None
    assert scim.patch(path, replace("keeper", {"value": amy["id"]})).status_code == 200
    assert Device.objects.get().keeper.username == "amy"


@pytest.mark.parametrize("deletion", ["deactivate", "delete"])
def test_account_with_permissions_can_leave(deletion, scim):
    """The rules are for objects with members; an account can always be closed."""
    scim.connection.deletion = deletion
    scim.connection.save()
    made = [scim.make_user(f"owner{n}", name={"familyName": "Owner"}) for n in range(2)]
    Device.objects.create(serial="S1").users.set(User.objects.filter(last_name="Owner"))
    path = f"/Users/{made[0]['id']}"
    assert scim.patch(path, replace("active", False)).status_code == 200
    assert scim.delete(f"/Users/{made[1]['id']}").status_code == 204
    assert not User.objects.filter(username__startswith="owner", is_active=True).exists()


def test_deleted_resource_with_permissions_stays(scim, amy, vault):
    assert scim.delete(f"/Devices/{vault['id']}").status_code == 204
    assert Device.objects.get().users.count() == 0
    assert ACommonDeviceOfOurWarehouseLink.objects.get().target is None


def test_all_links_to_objects_with_permissions_are_listed(scim, vault):
    group = scim.make_group("staff-eu")
    found = connections.privileged_links(scim.connection)
    assert {each.scim_id for each in found} == {vault["id"], group["id"]}

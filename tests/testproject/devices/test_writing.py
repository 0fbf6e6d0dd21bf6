"""A resource type of the demo site: create, change, versions and bulk requests."""

import json
from datetime import date

import pytest

from company.models import Device
from tests.client import USER, assert_error
from tests.databases import MARIADB

from .client import DEVICE, LABEL, at, body, ids, make, set_to

# Writing


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "keeper", "value": {"value": "{bo}"}},
        {"op": "add", "path": "keeper", "value": {"value": "{bo}"}},
        {"op": "replace", "path": "keeper.value", "value": "{bo}"},
        {"op": "replace", "path": "keeper", "value": {"$ref": "https://x.example/Users/{bo}"}},
        {"op": "replace", "path": "keeper", "value": {"value": "NW-2"}},
        {"op": "replace", "value": {"keeper": {"value": "{bo}"}}},
    ],
)
def test_set_keeper(operation, scim, fleet, bo):
    filled = json.loads(json.dumps(operation).replace("{bo}", bo["id"]))
    found = scim.patch(at(fleet["laptop"]), filled).data
    location = bo["meta"]["location"]
    assert found["keeper"] == {"value": bo["id"], "$ref": location, "displayName": "Bo Becker"}
    assert Device.objects.get(serial_number="LT-0001a").keeper.username == "bo"


def test_keeper_created_later(scim, fleet):
    found = scim.patch(at(fleet["laptop"]), set_to("keeper", {"value": "NW-9"})).data
    assert found["keeper"] == {"value": "NW-9"}
    device = Device.objects.get(serial_number="LT-0001a")
    assert device.keeper is None
    assert device.scim_links.get().keeper_value == "NW-9"
    assert ids(scim.find('keeper.value eq "NW-9"', "/Devices")) == [found["id"]]
    cleo = scim.make_user("cleo", displayName="Cleo Chen", externalId="NW-9")
    fresh = scim.get(at(found)).data
    location = cleo["meta"]["location"]
    assert fresh["keeper"] == {"value": cleo["id"], "$ref": location, "displayName": "Cleo Chen"}
    assert fresh["meta"]["version"] != found["meta"]["version"]
    device.refresh_from_db()
    assert device.keeper.username == "cleo"
    assert device.scim_links.get().keeper_value == ""
    assert not scim.find('keeper.value eq "NW-9"', "/Devices")


def test_add_and_remove_users(scim, fleet, anna, bo):
    path = at(fleet["phone"])
    for user, expected in ((anna, ["anna"]), (bo, ["anna", "bo"])):
        scim.patch(path, {"op": "add", "path": "users", "value": [{"value": user["id"]}]})
        device = Device.objects.get(serial_number="PH-0001")
        assert [user.username for user in device.users.order_by("username")] == expected
    remove = {"op": "remove", "path": f'users[value eq "{anna["id"]}"]'}
    found = scim.patch(path, remove).data
    assert [each["value"] for each in found["users"]] == [bo["id"]]
    assert [user.username for user in device.users.all()] == ["bo"]
    assert scim.patch(path, {"op": "remove", "path": "users"}).data["users"] == []


@pytest.mark.parametrize("path", ["displayName", "kind", "keeper", "users"])
def test_remove_attribute(path, scim, fleet):
    found = scim.patch(at(fleet["laptop"]), {"op": "remove", "path": path}).data
    assert {name for name in found if found[name]} == fleet["laptop"].keys() - {path}
    device = Device.objects.get(serial_number="LT-0001a")
    left = {
        "displayName": device.label,
        "kind": device.kind,
        "purchased": device.purchased,
        "keeper": device.keeper,
        "users": list(device.users.all()),
    }
    assert [name for name, value in left.items() if not value] == [path]


def test_put_replaces_the_device(scim, fleet, bo):
    sent = body("LT-0002", kind="phone", keeper={"value": bo["id"]})
    found = scim.put(at(fleet["laptop"]), sent).data
    assert found.keys() - {"users"} == sent.keys() | {
        "id",
        "meta",
        "purchased",
    }  # the last one belongs to the site
    assert (found["serialNumber"], found["kind"]) == ("LT-0002", "phone")
    assert found["keeper"]["value"] == bo["id"]
    assert scim.get(at(found)).data == found
    device = Device.objects.get(serial_number="LT-0002")
    assert (device.label, device.users.count()) == ("", 0)
    assert device.purchased == date(2025, 3, 4)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kind", "toaster"),
        ("kind", 5),
        ("serialNumber", "x" * 65),
        ("serialNumber", ""),
        ("serialNumber", True),
        ("displayName", "x" * 101),
        ("keeper", {"value": "x" * 256}),
        ("users", [{"value": "nobody"}]),
    ],
)
def test_invalid_value_changes_nothing(path, value, scim, fleet):
    laptop = fleet["laptop"]
    given = body("SN-1") | {path: value}
    assert_error(scim.post("/Devices", given), 400, "invalidValue", path)
    assert_error(scim.put(at(laptop), given), 400, "invalidValue", path)
    if value:
        answer = scim.patch(at(laptop), LABEL, set_to(path, value))
        assert_error(answer, 400, "invalidValue", path)
    assert scim.get(at(laptop)).data == laptop
    assert Device.objects.count() == 3


def test_serial_number_is_required(scim, fleet):
    path = at(fleet["laptop"])
    assert_error(scim.patch(path, {"op": "remove", "path": "serialNumber"}), 400, "mutability")
    without = {"schemas": [DEVICE], "displayName": "x"}
    for answer in (scim.put(path, without), scim.post("/Devices", without)):
        assert_error(answer, 400, "invalidValue", "serialNumber")


def test_kind_in_other_case_becomes_canonical(scim):
    assert make(scim, kind="LapTop")["kind"] == "laptop"
    assert Device.objects.get().kind == Device.Kind.LAPTOP


def test_serial_number_is_unique(scim, connect, fleet):
    taken = body("PH-0001")
    for answer in (
        scim.post("/Devices", taken),
        scim.put(at(fleet["laptop"]), taken),
        scim.patch(at(fleet["laptop"]), LABEL, set_to("serialNumber", "PH-0001")),
        connect().post("/Devices", taken),
    ):
        assert_error(answer, 409, "uniqueness", "serialNumber")
    assert scim.get(at(fleet["laptop"])).data == fleet["laptop"]
    if not MARIADB:  # its column ignores case
        assert make(scim, "ph-0001")["serialNumber"] == "ph-0001"  # caseExact


# Versions


def test_stale_version_changes_nothing(scim, fleet):
    path, stale = at(fleet["laptop"]), fleet["laptop"]["meta"]["version"]
    changed = scim.patch(path, LABEL, if_match=stale)
    assert changed.status_code == 200
    assert changed.headers["ETag"] == changed.data["meta"]["version"] != stale
    for answer in (
        scim.patch(path, set_to("displayName", "Late"), if_match=stale),
        scim.put(path, body("SN-9"), if_match=stale),
        scim.delete(path, if_match=stale),
    ):
        assert_error(answer, 412)
    assert scim.get(path).data == changed.data
    assert scim.delete(path, if_match=changed.headers["ETag"]).status_code == 204


def test_not_modified(scim, fleet):
    path, version = at(fleet["laptop"]), fleet["laptop"]["meta"]["version"]
    answer = scim.get(path, if_none_match=version)
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == version
    Device.objects.filter(serial_number="LT-0001a").update(label="Changed by the site")
    assert scim.get(path, if_none_match=version).status_code == 200


# Bulk


def test_bulk_creates_devices_and_their_keepers(scim):
    """Operations on a custom type can use bulkId references like any other."""
    keeper = {"schemas": [USER], "userName": "keeper"}
    device = body("A-1", keeper={"value": "bulkId:person"})
    response = scim.bulk(
        {"method": "POST", "path": "/Devices", "bulkId": "device", "data": device},
        {"method": "POST", "path": "/Users", "bulkId": "person", "data": keeper},
        {"method": "POST", "path": "/Devices", "bulkId": "twin", "data": device},
        {"method": "DELETE", "path": "/Devices/nothing"},
    )
    results = response.data["Operations"]
    assert [each["status"] for each in results] == ["201", "201", "409", "404"]
    made = scim.get(results[0]["location"].removeprefix("http://testserver/scim/v2")).data
    assert made["keeper"]["value"] == scim.find('userName eq "keeper"')[0]["id"]
    assert results[0]["version"] == made["meta"]["version"]
    gone = scim.bulk({"method": "DELETE", "path": f"/Devices/{made['id']}"})
    assert gone.data["Operations"][0]["status"] == "204"
    assert not Device.objects.exists()

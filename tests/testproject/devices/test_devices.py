"""The demo company's own resource type, over HTTP; run by ``tests/test_other_sites.py``."""

import json
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from company.models import Device
from django_scim.testing import AdapterContract
from tests.client import SEARCH, USER, assert_error
from tests.databases import MARIADB

from .client import DEVICE, DOCUMENT, LABEL, at, body, ids, make, set_to


class TestContract(AdapterContract):
    resource_type = "Device"


# Discovery


def test_the_resource_type_is_published(scim):
    found = scim.get("/ResourceTypes/Device").data
    assert (found["id"], found["name"], found["endpoint"]) == ("Device", "Device", "/Devices")
    assert found["schema"] == DEVICE
    assert found["description"]
    assert not found.get("schemaExtensions")
    assert found["meta"]["location"].endswith("/scim/v2/ResourceTypes/Device")
    listed = scim.get("/ResourceTypes").data["Resources"]
    assert [each["name"] for each in listed] == ["User", "Group", "Device"]


def test_the_schema_is_published_as_its_document_says(scim):
    found = scim.get(f"/Schemas/{DEVICE}").data
    assert found.pop("meta")["location"].endswith(f"/scim/v2/Schemas/{DEVICE}")
    (kind,) = [each for each in DOCUMENT["attributes"] if each["name"] == "kind"]
    # RFC 7643 section 7 has no characteristic for it.
    without = {key: value for key, value in kind.items() if key != "strict"}
    attributes = [without if each is kind else each for each in DOCUMENT["attributes"]]
    assert found == DOCUMENT | {"attributes": attributes}
    assert kind["canonicalValues"] == Device.Kind.values


def test_the_site_is_in_step():
    call_command("check", fail_level="WARNING")


def test_migrations_are_in_step(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# Reading


def test_it_is_created_as_it_was_sent(scim, anna, bo):
    sent = body(
        "SN-1",
        externalId="inventory-1",
        displayName="Anna's laptop",
        kind="laptop",
        keeper={"value": anna["id"]},
        users=[{"value": bo["id"]}],
    )
    answer = scim.post("/Devices", sent)
    assert answer.status_code == 201
    found = dict(answer.data)
    meta = found.pop("meta")
    assert meta["resourceType"] == "Device"
    assert meta["location"] == answer.headers["Location"]
    assert meta["location"].endswith(f"/scim/v2/Devices/{found['id']}")
    assert meta["version"] == answer.headers["ETag"]
    keeper = {
        "value": anna["id"],
        "$ref": anna["meta"]["location"],
        "displayName": "Anna Abe",
    }
    user = {
        "value": bo["id"],
        "$ref": bo["meta"]["location"],
        "display": "Bo Becker",
        "type": "User",
    }
    assert found == sent | {"id": found["id"], "keeper": keeper, "users": [user]}
    assert scim.get(at(found)).data == answer.data
    device = Device.objects.get()
    assert (device.serial_number, device.label) == ("SN-1", "Anna's laptop")
    assert (device.kind, device.purchased) == (Device.Kind.LAPTOP, None)
    assert device.keeper.username == "anna"
    assert [user.username for user in device.users.all()] == ["bo"]


def test_a_list_has_pages(scim, fleet):
    everything = scim.get("/Devices").data
    assert everything["totalResults"] == 3
    assert everything["Resources"] == list(fleet.values())
    page = scim.get("/Devices", {"startIndex": 2, "count": 1}).data
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (3, 2, 1)
    assert page["Resources"] == [fleet["phone"]]


def test_reading_costs_the_same_for_many(scim, fleet):
    def count():
        with CaptureQueriesContext(connection) as captured:
            scim.get("/Devices")
        return len(captured)

    few = count()
    for number in range(20):
        make(scim, f"SN-{number}", users=fleet["reader"]["users"])
    assert count() == few


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('serialNumber eq "LT-0001a"', "laptop"),
        ('serialNumber eq "lt-0001A"', ""),
        ('serialNumber sw "PH-"', "phone"),
        ('displayName co "LAPTOP"', "laptop"),
        ('displayName ew "entrance"', "reader"),
        ('kind eq "phone"', "phone"),
        ('kind eq "Badge Reader"', "reader"),
        ('kind ne "phone"', "laptop reader"),
        ('purchased gt "2024-09-01T00:00:00Z"', "laptop"),
        ('purchased ge "2024-09-01T00:00:00Z"', "laptop phone"),
        ('purchased lt "2025-03-04T00:00:00Z"', "phone"),
        ('purchased eq "2025-03-04T01:00:00+01:00"', "laptop"),
        ("not (purchased pr)", "reader"),
        ('keeper.value eq "{anna}"', "laptop"),
        ('keeper.value ne "{anna}"', "phone reader"),
        ('keeper.displayName eq "bo becker"', "phone"),
        ('keeper[displayName sw "Anna"]', "laptop"),
        ("keeper pr", "laptop phone"),
        ('users.value eq "{bo}"', "laptop reader"),
        ('users[value eq "{anna}"]', "reader"),
        ('users.display co "ABE"', "reader"),
        ("not (users pr)", "phone"),
        ('kind eq "laptop" and keeper.value eq "{bo}"', ""),
        ('kind eq "laptop" or keeper.value eq "{bo}"', "laptop phone"),
        (f'{DEVICE}:serialNumber eq "PH-0001"', "phone"),
        ('meta.resourceType eq "Device"', "laptop phone reader"),
    ],
)
def test_filters(text, expected, scim, fleet, anna, bo):
    filled = text.replace("{anna}", anna["id"]).replace("{bo}", bo["id"])
    assert ids(scim.find(filled, "/Devices")) == [fleet[name]["id"] for name in expected.split()]


def test_a_query_in_the_body(scim, fleet):
    query = {"schemas": [SEARCH], "filter": 'kind eq "phone"', "attributes": ["serialNumber"]}
    (found,) = scim.post("/Devices/.search", query).data["Resources"]
    assert found == {"schemas": [DEVICE], "id": fleet["phone"]["id"], "serialNumber": "PH-0001"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("serialNumber", "laptop phone reader"),
        ("displayName", "laptop phone reader"),
        ("kind", "reader laptop phone"),
        ("purchased", "phone laptop reader"),  # absent: last, first when descending
        ("keeper.displayName", "laptop phone reader"),
    ],
)
def test_sorting(path, expected, scim, fleet):
    order = [fleet[name]["id"] for name in expected.split()]
    assert ids(scim.get("/Devices", {"sortBy": path}).data["Resources"]) == order
    descending = scim.get("/Devices", {"sortBy": path, "sortOrder": "descending"})
    assert ids(descending.data["Resources"]) == order[::-1]


def test_a_query_at_the_base_has_devices(scim, fleet, anna):
    found = scim.get("/", {"filter": f'id eq "{fleet["phone"]["id"]}" or id eq "{anna["id"]}"'})
    assert found.data["Resources"] == [scim.get(f"/Users/{anna['id']}").data, fleet["phone"]]


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
def test_the_keeper_is_set(operation, scim, fleet, bo):
    filled = json.loads(json.dumps(operation).replace("{bo}", bo["id"]))
    found = scim.patch(at(fleet["laptop"]), filled).data
    location = bo["meta"]["location"]
    assert found["keeper"] == {"value": bo["id"], "$ref": location, "displayName": "Bo Becker"}
    assert Device.objects.get(serial_number="LT-0001a").keeper.username == "bo"


def test_a_keeper_who_has_not_appeared_yet(scim, fleet):
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


def test_users_come_and_go_one_at_a_time(scim, fleet, anna, bo):
    path = at(fleet["phone"])
    for user, expected in ((anna, ["anna"]), (bo, ["anna", "bo"])):
        scim.patch(path, {"op": "add", "path": "users", "value": [{"value": user["id"]}]})
        device = Device.objects.get(serial_number="PH-0001")
        assert [user.username for user in device.users.order_by("username")] == expected
    remove = {"op": "remove", "path": f'users[value eq "{anna["id"]}"]'}
    found = scim.patch(path, remove).data
    assert [each["value"] for each in found["users"]] == [bo["id"]]
    assert [user.username for user in device.users.all()] == ["bo"]
    assert "users" not in scim.patch(path, {"op": "remove", "path": "users"}).data


@pytest.mark.parametrize("path", ["displayName", "kind", "keeper", "users"])
def test_what_is_removed_is_absent(path, scim, fleet):
    found = scim.patch(at(fleet["laptop"]), {"op": "remove", "path": path}).data
    assert found.keys() == fleet["laptop"].keys() - {path}
    device = Device.objects.get(serial_number="LT-0001a")
    left = {
        "displayName": device.label,
        "kind": device.kind,
        "purchased": device.purchased,
        "keeper": device.keeper,
        "users": list(device.users.all()),
    }
    assert [name for name, value in left.items() if not value] == [path]


def test_put_leaves_what_its_body_has(scim, fleet, bo):
    sent = body("LT-0002", kind="phone", keeper={"value": bo["id"]})
    found = scim.put(at(fleet["laptop"]), sent).data
    assert found.keys() == sent.keys() | {"id", "meta", "purchased"}  # the last is the site's
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
        ("serialNumber", 5),
        ("displayName", "x" * 101),
        ("keeper", {"value": "x" * 256}),
        ("users", [{"value": "nobody"}]),
    ],
)
def test_a_wrong_value_is_named_and_changes_nothing(path, value, scim, fleet):
    laptop = fleet["laptop"]
    given = body("SN-1") | {path: value}
    assert_error(scim.post("/Devices", given), 400, "invalidValue", path)
    assert_error(scim.put(at(laptop), given), 400, "invalidValue", path)
    if value:
        answer = scim.patch(at(laptop), LABEL, set_to(path, value))
        assert_error(answer, 400, "invalidValue", path)
    assert scim.get(at(laptop)).data == laptop
    assert Device.objects.count() == 3


def test_the_serial_number_cannot_be_taken_away(scim, fleet):
    path = at(fleet["laptop"])
    assert_error(scim.patch(path, {"op": "remove", "path": "serialNumber"}), 400, "mutability")
    without = {"schemas": [DEVICE], "displayName": "x"}
    for answer in (scim.put(path, without), scim.post("/Devices", without)):
        assert_error(answer, 400, "invalidValue", "serialNumber")


def test_a_kind_in_another_case_is_the_canonical_one(scim):
    assert make(scim, kind="LapTop")["kind"] == "laptop"
    assert Device.objects.get().kind == Device.Kind.LAPTOP


def test_a_serial_number_is_there_once(scim, connect, fleet):
    taken = body("PH-0001")
    for answer in (
        scim.post("/Devices", taken),
        scim.put(at(fleet["laptop"]), taken),
        scim.patch(at(fleet["laptop"]), LABEL, set_to("serialNumber", "PH-0001")),
        connect().post("/Devices", taken),
    ):
        assert_error(answer, 409, "uniqueness", "serialNumber")
    assert scim.get(at(fleet["laptop"])).data == fleet["laptop"]
    if not MARIADB:  # whose own column tells no case
        assert make(scim, "ph-0001")["serialNumber"] == "ph-0001"  # caseExact


# Versions


def test_a_stale_version_changes_nothing(scim, fleet):
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


def test_devices_in_a_bulk_with_the_people_who_keep_them(scim):
    """A type of the site's own refers by bulkId like any other, and is referred to."""
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

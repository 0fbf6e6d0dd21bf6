"""A resource type of the demo site: discovery and reading."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from company.models import Device
from django_scim.testing import AdapterContract
from tests.client import SEARCH

from .client import DEVICE, DOCUMENT, at, body, ids, make


class TestContract(AdapterContract):
    resource_type = "Device"


# Discovery


def test_resource_type_is_published(scim):
    found = scim.get("/ResourceTypes/Device").data
    assert (found["id"], found["name"], found["endpoint"]) == ("Device", "Device", "/Devices")
    assert found["schema"] == DEVICE
    assert found["description"]
    assert not found.get("schemaExtensions")
    assert found["meta"]["location"].endswith("/scim/v2/ResourceTypes/Device")
    listed = scim.get("/ResourceTypes").data["Resources"]
    assert [each["name"] for each in listed] == ["User", "Group", "Device"]


def complete(attribute):
    """Return a definition with every characteristic, without those that are not in the RFC."""
    found = {"caseExact": False, "uniqueness": "none"} | attribute
    found.pop("strict", None)
    if "subAttributes" in found:
        found["subAttributes"] = [complete(each) for each in found["subAttributes"]]
    return found


def test_schema_is_published_as_declared(scim):
    found = scim.get(f"/Schemas/{DEVICE}").data
    assert found.pop("meta")["location"].endswith(f"/scim/v2/Schemas/{DEVICE}")
    (kind,) = [each for each in DOCUMENT["attributes"] if each["name"] == "kind"]
    assert found == DOCUMENT | {"attributes": [complete(each) for each in DOCUMENT["attributes"]]}
    assert kind["canonicalValues"] == Device.Kind.values


@pytest.mark.django_db  # Django 6.1 asks the database whether it supports JSON
def test_checks_pass():
    call_command("check", fail_level="WARNING")


def test_migrations_match_the_models(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# Reading


def test_create_and_read(scim, anna, bo):
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


def test_list_has_pages(scim, fleet):
    everything = scim.get("/Devices").data
    assert everything["totalResults"] == 3
    assert everything["Resources"] == list(fleet.values())
    page = scim.get("/Devices", {"startIndex": 2, "count": 1}).data
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (3, 2, 1)
    assert page["Resources"] == [fleet["phone"]]


def test_list_has_a_constant_number_of_queries(scim, fleet):
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


def test_search_by_post(scim, fleet):
    query = {"schemas": [SEARCH], "filter": 'kind eq "phone"', "attributes": ["serialNumber"]}
    (found,) = scim.post("/Devices/.search", query).data["Resources"]
    assert found == {"schemas": [DEVICE], "id": fleet["phone"]["id"], "serialNumber": "PH-0001"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("serialNumber", "laptop phone reader"),
        ("displayName", "laptop phone reader"),
        ("kind", "reader laptop phone"),
        ("purchased", "phone laptop reader"),  # absent values: last, or first if descending
        ("keeper.displayName", "laptop phone reader"),
    ],
)
def test_sorting(path, expected, scim, fleet):
    order = [fleet[name]["id"] for name in expected.split()]
    assert ids(scim.get("/Devices", {"sortBy": path}).data["Resources"]) == order
    descending = scim.get("/Devices", {"sortBy": path, "sortOrder": "descending"})
    assert ids(descending.data["Resources"]) == order[::-1]


def test_root_query_includes_devices(scim, fleet, anna):
    found = scim.get("/", {"filter": f'id eq "{fleet["phone"]["id"]}" or id eq "{anna["id"]}"'})
    assert found.data["Resources"] == [scim.get(f"/Users/{anna['id']}").data, fleet["phone"]]

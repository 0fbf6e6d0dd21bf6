"""Access to devices, read-only attributes, deletion, and the pages of the site."""

from datetime import date

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from company.models import Device, DeviceLink
from django_scim import connections
from django_scim.models import Event
from tests.client import GROUP, SEARCH, ScimClient, assert_error

from .client import DEVICE, LABEL, at, body, ids, make, set_to

OTHER_DAY = "2011-05-13T00:00:00Z"

# Access


def test_device_of_another_connection_is_not_found(scim, connect, fleet):
    other, laptop = connect(), fleet["laptop"]
    for answer in (
        other.get(at(laptop)),
        other.put(at(laptop), body("SN-1")),
        other.patch(at(laptop), LABEL),
        other.delete(at(laptop)),
    ):
        assert_error(answer, 404)
    for text in ('serialNumber eq "LT-0001a"', f'id eq "{laptop["id"]}"', "keeper pr", "users pr"):
        assert not other.find(text, "/Devices")
    assert other.get("/Devices").data["totalResults"] == 0
    group = {"schemas": [GROUP], "displayName": "G", "members": [{"value": laptop["id"]}]}
    for client in (scim, other):  # a device is not a user
        assert_error(client.post("/Groups", group), 400, "invalidValue", "members")
    assert scim.get(at(laptop)).data == laptop


def test_user_of_another_connection_is_unknown(connect, anna):
    other, strict = connect(), connect("strict")
    refer = {"keeper": {"value": anna["id"]}}, {"users": [{"value": anna["id"]}]}
    for attributes in refer:
        (name,) = attributes
        answer = strict.post("/Devices", body("SN-1", **attributes))
        assert_error(answer, 400, "invalidValue", name)
    assert_error(other.post("/Devices", body("SN-1", **refer[1])), 400, "invalidValue", "users")
    waiting = make(other, **refer[0])  # like the id of a user who does not exist yet
    assert waiting["keeper"] == {"value": anna["id"]}
    assert Device.objects.get().keeper is None
    assert not other.find('keeper.displayName eq "Anna Abe"', "/Devices")


def test_pending_keeper_ignores_other_connections(scim, connect):
    waiting = make(scim, keeper={"value": "NW-9"})
    connect().make_user("cleo", externalId="NW-9")
    assert scim.get(at(waiting)).data == waiting
    assert Device.objects.get().keeper is None


def test_staff_are_out_of_reach(scim, anna, fleet):
    User.objects.filter(username="anna").update(is_staff=True)
    assert "keeper" not in scim.get(at(fleet["laptop"])).data
    assert_error(
        scim.patch(at(fleet["phone"]), set_to("users", [{"value": anna["id"]}])),
        400,
        "invalidValue",
        "users",
    )


def test_read_scope_does_not_allow_writes(scim, connect, fleet):
    token = connections.issue_token(scim.connection, scopes=["devices:read"])
    reader, laptop = ScimClient(scim.connection, token.secret), fleet["laptop"]
    assert reader.get(at(laptop)).data == laptop
    query = {"schemas": [SEARCH], "filter": 'kind eq "phone"'}
    assert reader.post("/Devices/.search", query).data["totalResults"] == 1
    for answer in (
        reader.post("/Devices", body("SN-1")),
        reader.put(at(laptop), body("SN-1")),
        reader.patch(at(laptop), LABEL),
        reader.delete(at(laptop)),
    ):
        assert_error(answer, 403, None, "devices:write")
    assert_error(reader.get("/Users"), 403, None, "users:read")
    assert scim.get(at(laptop)).data == laptop


def test_scopes_of_users_do_not_cover_devices(scim, fleet):
    token = connections.issue_token(scim.connection, scopes=["users:read", "users:write"])
    client = ScimClient(scim.connection, token.secret)
    assert client.get("/Users").data["totalResults"] == 2
    for answer in (client.get("/Devices"), client.get(at(fleet["laptop"]))):
        assert_error(answer, 403, None, "devices:read")
    assert_error(client.delete(at(fleet["laptop"])), 403, None, "devices:write")


def test_token_has_the_scopes_of_devices(scim):
    issued = connections.issue_token(scim.connection)
    assert {"devices:read", "devices:write"} <= set(issued.token.scopes)


# Attributes that only the site sets


def test_date_is_midnight_utc(scim):
    made = make(scim)
    assert "purchased" not in made
    Device.objects.filter(serial_number="SN-1").update(purchased=date(2024, 2, 29))
    found = scim.get(at(made)).data
    assert found == made | {"purchased": "2024-02-29T00:00:00Z", "meta": found["meta"]}
    assert scim.get("/Devices").data["Resources"] == [found]
    alone = scim.get(at(made), {"attributes": "purchased"}).data
    assert alone == {"schemas": [DEVICE], "id": made["id"], "purchased": "2024-02-29T00:00:00Z"}
    assert "purchased" not in scim.get(at(made), {"excludedAttributes": "purchased"}).data


@pytest.mark.parametrize("value", [OTHER_DAY, "yesterday", None])
def test_post_ignores_read_only_values(value, scim):
    """See RFC 7644 section 3.3."""
    answer = scim.post("/Devices", body("SN-1", displayName="Spare", purchased=value))
    assert answer.status_code == 201
    assert answer.data["displayName"] == "Spare"
    assert "purchased" not in answer.data
    assert scim.get(at(answer.data)).data == answer.data
    assert Device.objects.get().purchased is None


@pytest.mark.parametrize("value", [OTHER_DAY, "yesterday", None])
def test_put_ignores_read_only_values(value, scim, fleet, events):
    """See RFC 7644 section 3.5.1."""
    laptop = fleet["laptop"]
    answer = scim.put(at(laptop), laptop | {"displayName": "Spare", "purchased": value})
    assert answer.status_code == 200
    assert answer.data == laptop | {"displayName": "Spare", "meta": answer.data["meta"]}
    assert Device.objects.get(serial_number="LT-0001a").purchased == date(2025, 3, 4)
    (change,) = events(scim_id=laptop["id"])[-1].changes
    assert change["path"] == "displayName"
    again = scim.put(at(laptop), answer.data | {"purchased": value})  # a no-op
    assert (again.status_code, again.data) == (200, answer.data)
    assert events(scim_id=laptop["id"])[-1].outcome == "no_change"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "purchased", "value": OTHER_DAY},
        {"op": "replace", "path": f"{DEVICE}:purchased", "value": OTHER_DAY},
        {"op": "add", "path": "purchased", "value": OTHER_DAY},
        {"op": "remove", "path": "purchased"},
    ],
)
def test_patch_of_read_only_values_fails(operation, scim, connect, fleet):
    """The request fails as a whole (RFC 7644 section 3.5.2); only strict refuses it."""
    for name in ("laptop", "reader"):  # with and without a date
        path = at(fleet[name])
        scim.connection.profile = "strict"
        scim.connection.save()
        assert_error(scim.patch(path, LABEL, operation), 400, "mutability", "purchased")
        scim.connection.profile = "default"
        scim.connection.save()
        assert scim.get(path).data == fleet[name]
        found = scim.patch(path, LABEL, operation).data
        assert found.get("purchased") == fleet[name].get("purchased")
        assert found["displayName"] == LABEL["value"]


def test_changes_by_the_site_are_returned(scim, fleet, admin_client):
    laptop = fleet["laptop"]
    path, stale = at(laptop), laptop["meta"]["version"]
    device = Device.objects.get(serial_number="LT-0001a")
    form = {
        "serial_number": device.serial_number,
        "label": device.label,
        "kind": device.kind,
        "keeper": device.keeper_id,
        "users": [user.pk for user in device.users.all()],
        "purchased": "2011-05-13",
    }
    assert admin_client.post(f"/admin/company/device/{device.pk}/change/", form).status_code == 302
    answer = scim.get(path, if_none_match=stale)
    assert answer.status_code == 200
    assert answer.headers["ETag"] == answer.data["meta"]["version"] != stale
    assert answer.data == laptop | {"purchased": OTHER_DAY, "meta": answer.data["meta"]}
    assert scim.get(path, if_none_match=answer.headers["ETag"]).status_code == 304
    assert ids(scim.find(f'purchased eq "{OTHER_DAY}"', "/Devices")) == [laptop["id"]]
    assert_error(scim.patch(path, LABEL, if_match=stale), 412)
    Device.objects.filter(pk=device.pk).update(purchased=None)
    without = scim.get(path, if_none_match=answer.headers["ETag"])
    assert "purchased" not in without.data
    assert without.headers["ETag"] not in (stale, answer.headers["ETag"])


# Deletion


def test_deleted_device_is_not_found(scim, fleet):
    laptop = fleet["laptop"]
    key = Device.objects.get(serial_number="LT-0001a").pk
    answer = scim.delete(at(laptop))
    assert (answer.status_code, answer.content) == (204, b"")
    for answer in (scim.get(at(laptop)), scim.patch(at(laptop), LABEL), scim.delete(at(laptop))):
        assert_error(answer, 404)
    assert not scim.find('serialNumber eq "LT-0001a"', "/Devices")
    assert not Device.objects.filter(pk=key).exists()
    tombstone = DeviceLink.objects.get(scim_id=laptop["id"])
    assert (tombstone.target, tombstone.former_target_key) == (None, str(key))
    assert User.objects.filter(username__in=["anna", "bo"], is_active=True).count() == 2
    assert make(scim, "LT-0001a")["id"] != laptop["id"]


def test_device_deleted_by_the_site_is_not_found(scim, fleet):
    Device.objects.get(serial_number="LT-0001a").delete()
    assert_error(scim.get(at(fleet["laptop"])), 404)
    assert scim.get("/Devices").data["totalResults"] == 2


# Events and pages of the site


def test_every_change_has_an_event(scim, fleet, anna, bo, events):
    laptop = fleet["laptop"]
    device = Device.objects.get(serial_number="LT-0001a")
    scim.patch(at(laptop), set_to("keeper", {"value": bo["id"]}))
    scim.patch(at(laptop), {"op": "add", "path": "users", "value": [{"value": anna["id"]}]})
    scim.patch(at(laptop), set_to("kind", "toaster"))
    scim.patch(at(laptop), set_to("kind", "laptop"))
    scim.delete(at(laptop))
    found = events(scim_id=laptop["id"])
    assert [(event.action, event.outcome, event.status) for event in found] == [
        ("create", "success", 201),
        ("update", "success", 200),
        ("membership", "success", 200),
        ("update", "failure", 400),
        ("update", "no_change", 200),
        ("delete", "success", 204),
    ]
    created, passed_on, shared, refused, unchanged, _ = found
    assert {event.resource_type for event in found} == {"Device"}
    for event in (created, passed_on, shared, unchanged):
        assert (event.object_type, event.object_key) == ("company.device", str(device.pk))
        assert event.object_name == "Anna's Laptop"
    assert refused.scim_type == "invalidValue"
    for path, new in (("serialNumber", "LT-0001a"), ("kind", "laptop")):
        assert {"path": path, "old": None, "new": new} in created.changes
    assert {"path": "keeper", "old": None, "new": anna["id"]} in created.changes
    assert passed_on.changes == [{"path": "keeper", "old": anna["id"], "new": bo["id"]}]
    (change,) = shared.changes
    assert (change["path"], change["old"]) == ("users", None)
    assert [each["value"] for each in change["new"]] == [anna["id"]]
    assert unchanged.changes == []


def test_event_links_to_the_device_in_the_admin(scim, fleet, admin_client):
    device = Device.objects.get(serial_number="PH-0001")
    page = f"/admin/company/device/{device.pk}/change/"
    event = Event.objects.get(object_type="company.device", object_key=device.pk)
    shown = admin_client.get(f"/admin/django_scim/event/{event.pk}/change/").content.decode()
    assert f'<a href="{page}">Bo&#x27;s Phone</a>' in shown
    assert "PH-0001" in admin_client.get(page).content.decode()
    scim.delete(at(fleet["phone"]))
    shown = admin_client.get(f"/admin/django_scim/event/{event.pk}/change/").content.decode()
    assert "Bo&#x27;s Phone" in shown and page not in shown


def test_admin_list_has_a_constant_number_of_queries(scim, fleet, admin_client):
    def count():
        with CaptureQueriesContext(connection) as captured:
            page = admin_client.get("/admin/company/device/")
        assert page.status_code == 200
        return len(captured)

    few = count()
    for number in range(20):
        make(scim, f"SN-{number}", keeper=fleet["phone"]["keeper"])
    assert count() == few


def test_directory_shows_the_keepers(scim, fleet, admin_client):
    def read():
        with CaptureQueriesContext(connection) as captured:
            page = admin_client.get("/").content.decode()
        return page, len(captured)

    page, few = read()
    assert "<td>Anna&#x27;s Laptop</td>" in page and "<td>Bo&#x27;s Phone</td>" in page
    assert "Main entrance" not in page
    for number in range(20):
        make(scim, f"SN-{number}", keeper=fleet["phone"]["keeper"])
    page, many = read()
    assert "SN-19" in page
    assert many == few


def test_deleted_user_is_removed_from_devices(scim, anna, fleet, events):
    """A user who is created again gets no devices back, as with groups."""
    reader = scim.get(at(fleet["reader"])).data
    scim.delete(f"/Users/{anna['id']}")
    now = scim.get(at(reader), if_none_match=reader["meta"]["version"])
    assert now.status_code == 200
    assert [each["value"] for each in now.data["users"]] == [fleet["phone"]["keeper"]["value"]]
    event = events(resource_type="Device")[-1]
    assert (event.action, event.scim_id) == ("membership", reader["id"])
    scim.make_user("anna", externalId="NW-1")
    assert scim.get(at(reader)).data == now.data


def test_reference_to_another_type_is_rejected(scim, anna):
    keeper = {"$ref": f"https://example.com/scim/v2/Groups/{anna['id']}"}
    answer = scim.post("/Devices", body("SN-1", keeper=keeper))
    assert_error(answer, 400, "invalidValue", "keeper.$ref", "Users")
    made = make(scim, "SN-2", keeper={"$ref": anna["meta"]["location"]})
    assert made["keeper"]["value"] == anna["id"]


@pytest.mark.parametrize("path", ["serialNumber", f"{DEVICE}:serialNumber"])
def test_rule_of_redaction_can_name_the_schema_of_the_device(scim, settings, path):
    settings.DJANGO_SCIM = settings.DJANGO_SCIM | {"REDACT": {path: "mask"}}
    laptop = make(scim, "SN-secret")
    assert_error(scim.post("/Devices", body("SN-secret")), 409, "uniqueness")
    operation = set_to(f"{DEVICE}:serialNumber", "SN-secret")
    assert_error(scim.patch(at(laptop), operation, {"op": "x"}), 400, "invalidSyntax")
    events = Event.objects.order_by("pk")
    assert [event.outcome for event in events] == ["success", "failure", "failure"]
    for event in events:
        assert "SN-secret" not in f"{event.request_body}{event.response_body}{event.changes}"
    assert {"path": "serialNumber", "old": None, "new": "***"} in events[0].changes

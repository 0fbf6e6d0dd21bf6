"""Every event names the person or group that it is about, also if the request was refused."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from django_scim import connections
from django_scim.models import Event, UserLink

from ..client import GROUP, PATCH, USER, assert_error

MARIA = {
    "schemas": [USER],
    "userName": "Maria.Rossi@Example.com",
    "externalId": "00uMaria",
    "name": {"givenName": "Maria", "familyName": "Rossi"},
    "emails": [
        {"value": "other@example.com", "type": "home"},
        {"value": "MR@example.com", "primary": True},
    ],
}


def last():
    return Event.objects.latest("pk")


def names(event):
    return (event.object_name, event.external_id, event.display_key, event.email_key)


OFF = {"op": "replace", "path": "active", "value": False}
EXPECTED = ("Maria.Rossi@Example.com", "00uMaria", "maria rossi", "mr@example.com")


def refused_creation(scim):
    """A userName that another account of the site has."""
    User.objects.create_user("maria.rossi@example.com")
    return scim.post("/Users", MARIA)


def invalid_creation(scim):
    return scim.post("/Users", MARIA | {"active": {"a": 1}})


def creation_without_scope(scim):
    scim.connection.tokens.update(scopes=["groups:write"])
    return scim.post("/Users", MARIA)


@pytest.mark.parametrize("status", [201, 409, 400])
def test_creation_names_the_person(status, scim):
    create = {409: refused_creation, 400: invalid_creation}.get(
        status, lambda scim: scim.post("/Users", MARIA)
    )
    assert create(scim).status_code == status
    event = last()
    assert names(event) == EXPECTED
    assert (event.action, event.resource_type) == ("create", "User")
    assert (event.name_key, event.external_key) == ("maria.rossi@example.com", "00umaria")


def test_spellings_of_attribute_names(connect):
    scim = connect("entra")
    User.objects.create_user("maria")
    body = {
        "schemas": [USER],
        "USERNAME": "maria",
        f"{USER}:externalId": "7",
        "Emails": [{"Value": "m@x.org"}],
    }
    scim.post("/Users", body)
    assert (last().object_name, last().status) == ("maria", 409)


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_refused_change_names_the_person(method, scim):
    """412, before anything of the body is read."""
    person = scim.make("/Users", MARIA)
    body = {
        "PATCH": {"schemas": [PATCH], "Operations": [{"op": "add", "path": "title", "value": "x"}]},
        "PUT": MARIA,
    }.get(method)
    answer = scim.request(method, f"/Users/{person['id']}", body, if_match='W/"old"')
    assert_error(answer, 412)
    event = last()
    assert (event.object_name, event.external_id) == EXPECTED[:2]
    assert (event.scim_id, event.email_key) == (person["id"], "mr@example.com")
    assert event.object_key == str(User.objects.get().pk)


@pytest.mark.parametrize(
    ("attributes", "display"), [({}, "maria rossi"), ({"displayName": "Mia R."}, "mia r.")]
)
def test_refusal_and_deletion_are_found_by_the_persons_name(attributes, display, scim):
    """The display name is in another table than the account; the refusal names it, too."""
    person = scim.make("/Users", MARIA | attributes)
    scim.patch(f"/Users/{person['id']}", OFF, if_match='W/"old"')
    assert (last().outcome, last().display_key) == ("failure", display)
    assert last().last_name_key == display.rpartition(" ")[2]
    scim.delete(f"/Users/{person['id']}")
    assert (last().action, last().display_key) == ("delete", "maria rossi")


def test_event_of_a_refused_rename_has_the_old_name(scim):
    scim.make_user("taken")
    person = scim.make("/Users", MARIA)
    scim.patch(f"/Users/{person['id']}", {"op": "replace", "path": "userName", "value": "taken"})
    assert (last().status, last().object_name) == (409, EXPECTED[0])
    assert (last().reason, last().reason_params) == ("name_taken", {"value": "taken"})


@pytest.mark.parametrize("deletion", ["deactivate", "delete"])
def test_request_about_a_deleted_person_names_them(deletion, connect):
    scim = connect(deletion=deletion)
    person = scim.make("/Users", MARIA)
    scim.delete(f"/Users/{person['id']}")
    scim.patch(f"/Users/{person['id']}", {"op": "replace", "path": "title", "value": "x"})
    event = last()
    assert (event.status, event.reason) == (404, "resource_deleted")
    assert (event.object_name, event.external_id, event.email_key) == (
        EXPECTED[0], EXPECTED[1], EXPECTED[3],
    )  # fmt: skip


def test_request_about_a_protected_person_names_them(scim):
    person = scim.make("/Users", MARIA)
    User.objects.update(is_staff=True)
    assert_error(scim.delete(f"/Users/{person['id']}"), 404)
    assert (last().reason, last().object_name) == ("resource_protected", EXPECTED[0])


def test_request_of_another_connection_does_not_name_them(scim, connect):
    person = scim.make("/Users", MARIA)
    connect().delete(f"/Users/{person['id']}")
    assert (last().reason, last().object_name) == ("resource_unknown", "")


def test_missing_scope_names_the_person(scim):
    person = scim.make("/Users", MARIA)
    scim.connection.tokens.update(scopes=["users:read"])
    assert_error(scim.delete(f"/Users/{person['id']}"), 403)
    assert (last().reason, last().object_name) == ("scope_missing", EXPECTED[0])
    assert last().reason_params == {"scope": "users:write"}


def test_group(scim):
    scim.make_group("Guides")
    scim.post("/Groups", {"schemas": [GROUP], "displayName": "GUIDES", "externalId": "g"})
    event = last()
    assert (event.status, event.object_name, event.external_id) == (409, "GUIDES", "g")
    assert (event.reason, event.name_key) == ("group_name_taken", "guides")


def test_refused_membership(scim):
    group = scim.make_group("Guides")
    add = {"op": "add", "path": "members", "value": [{"value": "nobody"}]}
    scim.patch(f"/Groups/{group['id']}", add)
    event = last()
    assert (event.action, event.object_name) == ("membership", "Guides")
    assert (event.reason, event.reason_params) == ("member_unknown", {"value": "nobody"})


def test_members_are_named(scim):
    group = scim.make_group("Guides")
    people = [scim.make_user(name) for name in ("ann", "bob", "cy")]
    members = [{"value": each["id"]} for each in people]
    scim.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": members})
    (change,) = last().changes
    assert [each["display"] for each in change["new"]] == ["ann", "bob", "cy"]
    remove = {"op": "remove", "path": f'members[value eq "{people[1]["id"]}"]'}
    scim.patch(f"/Groups/{group['id']}", remove)
    (change,) = last().changes
    assert (change["old"], change["new"]) == ([{"value": people[1]["id"], "display": "bob"}], None)


def bulk_post(number, **attributes):
    body = MARIA | {"userName": f"maria{number}", "externalId": str(number)} | attributes
    return {"method": "POST", "path": "/Users", "bulkId": str(number), "data": body}


def test_users_created_in_one_batch(scim, events, monkeypatch):
    alone = []
    monkeypatch.setattr("django_scim.api.resource_writer.ResourceWriter.create", alone.append)
    scim.bulk(bulk_post(1), bulk_post(2))
    assert not alone
    for event, name in zip(events(), ("maria1", "maria2"), strict=True):
        assert (event.object_name, event.display_key) == (name, "maria rossi")
        assert (event.email_key, event.last_name_key) == ("mr@example.com", "rossi")


def test_every_operation_of_a_bulk(scim, events):
    person = scim.make_user("existing", externalId="e")
    before = len(events())
    broken = {"method": "PATCH", "path": f"/Users/{person['id']}", "data": {"schemas": [PATCH]}}
    scim.bulk(
        bulk_post(1),
        bulk_post(2),
        bulk_post(3, userName="existing"),
        broken,
        {"method": "DELETE", "path": f"/Users/{person['id']}"},
    )
    found = events()[before:]
    assert {each.object_name: each.status for each in found if each.method == "POST"} == {
        "maria1": 201, "maria2": 201, "existing": 409,
    }  # fmt: skip
    created = [each for each in found if each.status == 201]
    assert {each.email_key for each in created} == {"mr@example.com"}
    assert {each.display_key for each in created} == {"maria rossi"}
    others = [each for each in found if each.method != "POST"]
    assert [(each.object_name, each.external_id) for each in others] == [("existing", "e")] * 2


@pytest.fixture
def guarded(connect):
    """Return a connection whose guard stops every loss, with a user that is older than an hour."""
    scim = connect(guard_count=0, guard_percent=0)
    scim.maria = scim.make("/Users", MARIA)
    UserLink.objects.update(created=timezone.now() - timedelta(hours=3))
    return scim


@pytest.mark.parametrize("how", ["PATCH", "PATCH without path", "PUT", "DELETE", "Bulk"])
def test_refused_deactivation_is_labelled(how, guarded):
    path = f"/Users/{guarded.maria['id']}"
    match how:
        case "PATCH":
            guarded.patch(path, OFF)
        case "PATCH without path":
            guarded.patch(path, {"op": "replace", "value": {"active": False}})
        case "PUT":
            guarded.put(path, MARIA | {"active": False})
        case "DELETE":
            guarded.delete(path)
        case "Bulk":
            data = {"schemas": [PATCH], "Operations": [OFF]}
            guarded.bulk({"method": "PATCH", "path": path, "data": data})
    event = last()
    assert (event.action, event.outcome, event.status) == ("deactivate", "stopped", 403)
    assert event.reason == "guard_tripped"
    assert (event.object_name, event.external_id) == EXPECTED[:2]
    assert User.objects.get().is_active


def test_deactivation_with_a_wrong_version_is_labelled(scim):
    person = scim.make("/Users", MARIA)
    scim.patch(f"/Users/{person['id']}", OFF, if_match='W/"old"')
    assert (last().action, last().outcome) == ("deactivate", "failure")


def test_names_are_limited_and_redacted(scim, settings):
    secret = "hunter2-hunter2"
    scim.post("/Users", MARIA | {"userName": f"x{secret}", "password": secret, "active": {"a": 1}})
    assert secret not in json.dumps(Event.objects.values().latest("pk"), default=str)
    scim.post("/Users", MARIA | {"userName": "ß" * 5000, "active": {"a": 1}})
    assert len(last().object_name) == 256 and len(last().name_key) == 190
    settings.DJANGO_SCIM = {"REDACT": {"userName": "mask", "emails": "drop", "name": "hash"}}
    for body in (MARIA, MARIA | {"active": {"a": 1}}):
        scim.post("/Users", body)
        event = last()
        assert (event.object_name, event.name_key) == ("***", None)
        assert (event.email_key, event.display_key) == (None, None)
        assert event.external_id == "00uMaria"


@pytest.mark.parametrize(
    "body",
    [
        b"[1]",
        b'{"userName": ["a"], "emails": 5, "name": "x", "externalId": {}}',
        b'{"Operations": {"op": 1}}',
        b'{"Operations": [1, {"op": "add", "path": 7}, {"op": "add", "value": [1]}]}',
        b'{"Operations": [{"op": "add", "path": "emails[type eq", "value": null}]}',
        b'{"userName": "a\\ud800", "externalId": "\\u0000"}',
    ],
)
def test_odd_bodies_get_an_event(body, scim):
    person = scim.make_user()
    for method, path in (("POST", "/Users"), ("PUT", f"/Users/{person['id']}"),
                         ("PATCH", f"/Users/{person['id']}")):  # fmt: skip
        before = Event.objects.count()
        assert scim.request(method, path, raw=body).status_code == 400
        assert Event.objects.count() == before + 1


@pytest.mark.parametrize("scim_id", ["x" * 500, "a%00b", "%F0%9F%98%80", "nobody"])
def test_odd_ids_get_an_event(scim_id, scim):
    assert_error(scim.delete(f"/Users/{scim_id}"), 404)
    assert last().reason in ("resource_unknown", "wrong_url")


def test_admins_changes_name_the_account(scim):
    user = User.objects.create_user("maria", "m@example.com")
    connections.assign(scim.connection, user, actor=connections.Actor("ada"))
    assert (last().name_key, last().email_key) == ("maria", "m@example.com")

"""Attacks that use a bulk request."""

import json

import pytest
from django.contrib.auth.models import Group, User

from django_scim.models import Event, UserLink
from tests.client import ENTERPRISE, USER

from .bulk import SECRET, group, patch, statuses, user


def test_ids_of_another_connection_are_unknown(connect):
    ours, theirs = connect(), connect()
    person, team = theirs.make_user("victim"), theirs.make_group("Theirs")
    response = ours.bulk(
        patch(f"/Users/{person['id']}", "replace", "active", False),
        {"method": "DELETE", "path": f"/Users/{person['id']}"},
        {"method": "PUT", "path": f"/Groups/{team['id']}", "data": group("Mine")["data"]},
        group("Ours", person["id"]),
        user("a", **{"schemas": [USER, ENTERPRISE], ENTERPRISE: {"manager": person["id"]}}),
    )
    assert statuses(response) == ["404", "404", "404", "400", "201"]
    assert theirs.get(f"/Users/{person['id']}").data == person
    assert theirs.get(f"/Groups/{team['id']}").data == team
    # stored as sent, like the id of a manager who does not exist yet
    manager = ours.find('userName eq "a"')[0][ENTERPRISE]["manager"]
    assert manager == {"value": person["id"]}


def test_scopes_apply_to_each_operation(connect):
    readers = connect(scopes=["users:read", "groups:read"])
    made = User.objects.create(username="victim")
    response = readers.bulk(user("a"), group("g"), {"method": "DELETE", "path": f"/Users/{made}"})
    assert statuses(response) == ["403", "403", "403"]
    assert list(User.objects.values_list("username", flat=True)) == ["victim"]
    assert not Group.objects.exists()
    writers = connect(scopes=["users:write"])
    assert statuses(writers.bulk(user("b"), group("g", "bulkId:b"))) == ["201", "403"]


def test_staff_are_out_of_reach(scim):
    boss = User.objects.create_superuser("boss", "boss@example.com", SECRET)
    link = UserLink.objects.create(connection=scim.connection, target=boss)
    response = scim.bulk(
        user("BOSS"), {"method": "DELETE", "path": f"/Users/{link.scim_id}"},
        patch(f"/Users/{boss.pk}", "replace", "password", "x"),
        {"method": "PUT", "path": "/Users/boss", "data": user("boss")["data"]},
    )  # fmt: skip
    assert statuses(response) == ["409", "404", "404", "404"]
    boss.refresh_from_db()
    assert boss.is_active
    assert boss.check_password(SECRET)


@pytest.mark.parametrize(
    "path",
    [
        "/Users/../Groups", "/Users/%2e%2e/Groups", "/../admin/", "//evil.example/Users",
        "/Users/\0", "/Users/.search", "\\Users", "/Users#x", "/Users;x=1", "/Users\n",
        "/Groups/bulkId:a/members", "/bulkId:a", "bulkId:a", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_path_to_another_endpoint_is_rejected(scim, path):
    for method in ("POST", "DELETE", "PUT"):
        operation = {**user("a"), "method": method, "path": path}
        response = scim.bulk(operation)
        if response.status_code == 200:
            assert statuses(response)[0] in ("400", "404")
        else:
            assert response.status_code == 400
    assert not User.objects.exists()


def test_nested_bulk_is_rejected(scim):
    inner = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
             "Operations": [user("a")]}  # fmt: skip
    operation = {"method": "POST", "path": "/Bulk", "bulkId": "1", "data": inner}
    assert statuses(scim.bulk(operation)) == ["400"]
    assert not User.objects.exists()


def test_bulk_id_is_not_a_resource_id(scim):
    """A bulkId that looks like an id or a reference refers to nothing else."""
    victim = scim.make_user("victim")
    response = scim.bulk(
        user("a", victim["id"]),
        patch(f"/Users/{victim['id']}", "replace", "title", "Guide"),
        user("b", "bulkId:c"),
        group("Guides", "bulkId:bulkId:c"),
    )
    assert statuses(response) == ["201", "200", "201", "201"]
    assert scim.get(f"/Users/{victim['id']}").data["title"] == "Guide"
    made = scim.find('userName eq "b"')[0]["id"]
    assert scim.get("/Groups").data["Resources"][0]["members"][0]["value"] == made


def test_guard_counts_bulk_operations(connect):
    scim = connect(guard_count=2, guard_percent=10)
    made = [scim.make_user(f"u{i}") for i in range(6)]
    UserLink.objects.update(created="2020-01-01T00:00:00Z")
    response = scim.bulk(*({"method": "DELETE", "path": f"/Users/{m['id']}"} for m in made))
    assert statuses(response) == ["204", "204", "403", "403", "403", "403"]
    assert User.objects.filter(is_active=True).count() == 4
    assert Event.objects.filter(outcome="stopped").count() == 4


def test_many_unresolved_references_fail(scim):
    """Groups with thousands of unresolved references are rejected; none is created."""
    names = [f"u{i}" for i in range(60)]
    members = [{"value": f"bulkId:{name}"} for name in names]
    operations = [
        {**group(f"g{i}", bulk_id=f"g{i}"), "data": group(f"g{i}")["data"] | {"members": members}}
        for i in range(60)
    ]
    assert statuses(scim.bulk(*operations)) == ["400"] * 60
    assert not Group.objects.exists()


def test_deeply_nested_body_is_rejected(scim):
    deep = json.loads("[" * 40 + "]" * 40)
    assert scim.bulk(user("a", title=deep)).status_code == 400
    assert not User.objects.exists()

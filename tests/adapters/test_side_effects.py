"""Side effects of a write on other objects, each with an event under the same request id."""

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import ProtectedError

from tests.client import ENTERPRISE, assert_error


def manager(value):
    return {ENTERPRISE: {"manager": {"value": value}}}


def external_id(value):
    return {"op": "replace", "path": "externalId", "value": value}


def test_pending_manager_is_resolved(scim, events):
    waiting = scim.make_user("report", **manager("M-1"))
    answer = scim.post(
        "/Users", {"schemas": waiting["schemas"][:1], "userName": "boss", "externalId": "M-1"}
    )
    created, updated = events()[-2:]
    assert (created.action, created.object_name) == ("create", "boss")
    assert (updated.action, updated.object_name) == ("update", "report")
    assert updated.scim_id == waiting["id"] and updated.outcome == "success"
    (change,) = updated.changes
    # The old value is the one that the client sent (RFC 7643 section 4.3), the new one is the id.
    assert change["path"] == f"{ENTERPRISE}:manager"
    assert (change["old"], change["new"]) == ("M-1", answer.data["id"])
    assert updated.correlation_id == created.correlation_id == answer.headers["X-Request-Id"]
    assert updated.token_prefix == created.token_prefix


def test_pending_manager_is_resolved_by_a_later_patch(scim, events):
    report = scim.make_user("report", **manager("M-1"))
    boss = scim.make_user("boss")
    scim.patch(f"/Users/{boss['id']}", external_id("M-1"))
    found = scim.get(f"/Users/{report['id']}").data
    assert found[ENTERPRISE]["manager"]["value"] == boss["id"]
    assert [event.object_name for event in events()[-2:]] == ["boss", "report"]


def test_pending_manager_ignores_other_connections(scim, connect):
    report = scim.make_user("report", **manager("M-1"))
    connect().make_user("boss", externalId="M-1")
    found = scim.get(f"/Users/{report['id']}").data
    assert found[ENTERPRISE]["manager"] == {"value": "M-1"}


@pytest.mark.parametrize("deletion", ["deactivate", "delete"])
def test_deleted_user_leaves_their_groups(connect, events, deletion):
    scim = connect(deletion=deletion)
    leaver, stayer = scim.make_user("leaver"), scim.make_user("stayer")
    groups = [scim.make_group(name, leaver, stayer) for name in ("One", "Other")]
    untouched = scim.make_group("Third", stayer)
    scim.delete(f"/Users/{leaver['id']}")
    gone, *left = events()[-3:]
    assert (gone.action, gone.object_name) == ("delete", "leaver")
    assert [(event.action, event.object_name) for event in left] == [
        ("membership", "One"),
        ("membership", "Other"),
    ]
    shown = [{"value": leaver["id"], "display": "leaver"}]
    assert all(each.changes == [{"path": "members", "old": shown, "new": None}] for each in left)
    for group in groups:
        now = scim.get(f"/Groups/{group['id']}").data
        assert [each["value"] for each in now["members"]] == [stayer["id"]]
        assert now["meta"]["version"] != group["meta"]["version"]
        assert now["meta"]["lastModified"] > group["meta"]["lastModified"]
    assert scim.get(f"/Groups/{untouched['id']}").data["meta"] == untouched["meta"]


def test_groups_of_another_connection_keep_their_members(connect, events):
    scim, other = connect(scope="site"), connect(scope="site")
    User.objects.create_user("shared")
    for client in (scim, other):
        from django_scim import connections

        connections.prepare(client.connection)
        (user,) = client.find('userName eq "shared"')
        client.make_group(f"Group of {client.connection}", user)
    (user,) = scim.find('userName eq "shared"')
    scim.delete(f"/Users/{user['id']}")
    assert [group.user_set.count() for group in Group.objects.order_by("pk")] == [0, 1]


def test_delete_protected_by_the_site_fails(connect, events, monkeypatch):
    scim = connect(deletion="delete")
    user = scim.make_user()

    def protected(self, *args, **kwargs):
        raise ProtectedError("an invoice names this user", set())

    monkeypatch.setattr(User, "delete", protected)
    assert_error(scim.delete(f"/Users/{user['id']}"), 409, None, "other data depends on it")
    assert scim.get(f"/Users/{user['id']}").data == user
    assert events()[-1].outcome == "failure"

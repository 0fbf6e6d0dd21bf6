"""Side effects of a write on other objects, each with an event under the same request id."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import ProtectedError
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from django_scim.adapters import UserAdapter
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


def test_waiting_accounts_need_a_few_statements(connect, events):
    """The number of statements does not depend on the number of accounts that wait."""
    counts = []
    for waiting in (2, 25):  # SQLite inserts more events with two statements
        scim = connect()
        ids = {scim.make_user(f"r{waiting}-{n}", **manager("M-1"))["id"] for n in range(waiting)}
        before = len(events())
        with CaptureQueriesContext(connection) as captured:
            boss = scim.make_user(f"boss{waiting}", externalId="M-1")
        counts.append(len(captured))
        updated = {each.scim_id: each for each in events()[before + 1 :]}
        assert updated.keys() == ids
        for scim_id, event in updated.items():
            (change,) = event.changes
            assert (change["old"], change["new"]) == ("M-1", boss["id"])
            found = scim.get(f"/Users/{scim_id}")
            assert found.data[ENTERPRISE]["manager"]["value"] == boss["id"]
            assert found.headers["ETag"].startswith('W/"2')
    assert counts[0] == counts[1]


def test_waiting_accounts_call_the_hooks_of_a_site(connect, monkeypatch):
    """A hook that follows the write finds the rows written."""
    seen = []

    class Hooked(UserAdapter):
        def after_save(self, unit):
            if not unit.is_new:
                row = type(unit.target).objects.get(pk=unit.target.pk).scim_profile
                seen.append((unit.target.username, row.manager.username))

    monkeypatch.setattr("tests.adapters.test_side_effects.HookedAdapter", Hooked, raising=False)
    path = {"User": "tests.adapters.test_side_effects.HookedAdapter"}
    with override_settings(DJANGO_SCIM={"ADAPTERS": path}):
        scim = connect()
        for n in range(3):
            scim.make_user(f"r{n}", **manager("M-1"))
        scim.make_user("boss", externalId="M-1")
    assert sorted(seen) == [(f"r{n}", "boss") for n in range(3)]

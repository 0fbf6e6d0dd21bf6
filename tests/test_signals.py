"""Signals for a site about changes by connections, sent after the commit."""

import logging

import pytest
from django.contrib.auth.models import Group, User

from django_scim import signals
from django_scim.adapters import Change, ChangeKind, UserAdapter
from tests.client import assert_error

NAMES = [kind.value for kind in ChangeKind]


@pytest.fixture
def received(django_capture_on_commit_callbacks):
    """Return a function that calls something and returns the signals that were sent."""
    notes = []

    def receiver(signal, sender, **kwargs):
        name = next(name for name in NAMES if getattr(signals, name) is signal)
        notes.append((name, sender, kwargs))

    for name in NAMES:
        getattr(signals, name).connect(receiver)

    def received(call):
        notes.clear()
        with django_capture_on_commit_callbacks(execute=True):
            call()
            assert notes == []  # nothing is sent before the commit
        return list(notes)

    yield received
    for name in NAMES:
        getattr(signals, name).disconnect(receiver)


def names(notes):
    return [name for name, _, _ in notes]


def active(value):
    return {"op": "replace", "path": "active", "value": value}


def test_created(scim, received):
    ((name, sender, said),) = received(lambda: scim.make_user("bjensen", title="Guide"))
    assert (name, sender) == ("created", User)
    user = User.objects.get()
    assert said["object"] == user and said["connection"] == scim.connection
    assert said["resource_type"] == "User" and said["scim_id"] == user.scim_links.get().scim_id
    assert Change("title", None, "Guide") in said["changes"]


def test_updated_and_unchanged(scim, received):
    path = f"/Users/{scim.make_user()['id']}"
    operation = {"op": "replace", "path": "title", "value": "Guide"}
    ((name, _, said),) = received(lambda: scim.patch(path, operation))
    assert name == "updated" and said["changes"] == (Change("title", None, "Guide"),)
    assert received(lambda: scim.patch(path, operation)) == []
    assert names(received(lambda: scim.put(path, scim.get(path).data | {"title": "Lead"}))) == [
        "updated"
    ]


def test_deactivated_and_reactivated(scim, received):
    path = f"/Users/{scim.make_user(externalId='7')['id']}"
    assert names(received(lambda: scim.patch(path, active(False)))) == ["updated", "deactivated"]
    assert names(received(lambda: scim.patch(path, active(False)))) == []
    assert names(received(lambda: scim.patch(path, active(True)))) == ["updated", "reactivated"]
    notes = received(lambda: scim.delete(path))
    assert names(notes) == ["deactivated", "deleted"]
    assert notes[-1][2]["object"] == User.objects.get()  # the account is kept
    back = received(lambda: scim.make_user(externalId="7"))
    assert names(back) == ["created", "reactivated"]


def test_deleting_an_inactive_account_deactivates_nothing(scim, received):
    path = f"/Users/{scim.make_user(active=False)['id']}"
    assert names(received(lambda: scim.delete(path))) == ["deleted"]


def test_hard_delete_sends_the_deleted_object(connect, received):
    scim = connect(deletion="delete")
    made = scim.make_user()
    key = User.objects.get().pk
    ((name, sender, said),) = received(lambda: scim.delete(f"/Users/{made['id']}"))
    assert (name, sender) == ("deleted", User)
    assert said["object"].pk == key and said["scim_id"] == made["id"]
    assert not User.objects.exists()


def test_membership(scim, received):
    one, other = scim.make_user("one"), scim.make_user("other")
    notes = received(lambda: scim.make_group("Guides", one))
    assert [(name, sender) for name, sender, _ in notes] == [
        ("created", Group),
        ("membership_changed", Group),
    ]
    group = scim.find('displayName eq "Guides"', "/Groups")[0]
    add = {"op": "add", "path": "members", "value": [{"value": other["id"]}]}
    notes = received(lambda: scim.patch(f"/Groups/{group['id']}", add))
    assert names(notes) == ["updated", "membership_changed"]
    given = [{"value": other["id"], "display": "other"}]
    assert notes[-1][2]["changes"] == (Change("members", None, given),)
    rename = {"op": "replace", "path": "displayName", "value": "Leads"}
    assert names(received(lambda: scim.patch(f"/Groups/{group['id']}", rename))) == ["updated"]


def test_deleted_user_leaves_groups(scim, received):
    user = scim.make_user("one")
    group = scim.make_group("Guides", user)
    notes = received(lambda: scim.delete(f"/Users/{user['id']}"))
    left = [said for name, _, said in notes if name == "membership_changed"]
    assert [said["scim_id"] for said in left] == [group["id"]]
    assert left[0]["object"] == Group.objects.get()
    taken = [{"value": user["id"], "display": "one"}]
    assert left[0]["changes"] == (Change("members", taken, None),)


def test_resolved_manager_updates_the_user(scim, received):
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    waiting = scim.make_user("report", **{urn: {"manager": {"value": "M-1"}}})
    notes = received(lambda: scim.make_user("boss", externalId="M-1"))
    assert [(name, said["object"].username) for name, _, said in notes] == [
        ("created", "boss"),
        ("updated", "report"),
    ]
    assert notes[-1][2]["scim_id"] == waiting["id"]


def test_rejected_request_sends_nothing(scim, received):
    scim.make_user("bjensen")
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "BJensen"}
    assert received(lambda: assert_error(scim.post("/Users", body), 409, "uniqueness")) == []


def test_failing_receiver_does_not_affect_others(scim, django_capture_on_commit_callbacks, caplog):
    def fails(**kwargs):
        raise RuntimeError("the other system is down")

    signals.created.connect(fails)
    try:
        with (
            caplog.at_level(logging.ERROR),
            django_capture_on_commit_callbacks(execute=True),
        ):
            assert scim.make_user()["userName"] == "bjensen"
    finally:
        signals.created.disconnect(fails)
    assert "the other system is down" in caplog.text
    assert User.objects.filter(username="bjensen").exists()


class NotifyingAdapter(UserAdapter):
    """Notify another system of every write."""

    written: list = []

    def after_commit(self, write):
        self.written.append((sorted(write.kinds), write.object.username, write.changes))


def test_hook_after_the_commit(scim, settings, django_capture_on_commit_callbacks):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.NotifyingAdapter"}}
    NotifyingAdapter.written.clear()
    with django_capture_on_commit_callbacks(execute=True):
        made = scim.make_user("bjensen")
    with django_capture_on_commit_callbacks(execute=True):
        scim.patch(f"/Users/{made['id']}", active(False))
    assert [kinds for kinds, _, _ in NotifyingAdapter.written] == [
        ["created"],
        ["deactivated", "updated"],
    ]
    assert NotifyingAdapter.written[1][1:] == ("bjensen", (Change("active", True, False),))

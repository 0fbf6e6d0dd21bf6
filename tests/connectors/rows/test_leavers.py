"""A request with ``active: false`` closes the account even if its other values are invalid."""

import pytest
from django.contrib.auth.models import User

from django_scim.models import UserLink
from tests.client import ENTERPRISE, USER, assert_error

LONG = "x" * 400


@pytest.fixture
def adopting(connect):
    """Return a client whose connection has adopted an account that no admin has confirmed."""
    client = connect(adoption="username")
    client.account = User.objects.create_user("ann", "ann@example.com", "secret")
    body = {"schemas": [USER], "userName": "ann", "externalId": "1"}
    client.user = client.make("/Users", body)
    assert UserLink.objects.get().unconfirmed
    return client


def is_closed():
    return not User.objects.get().is_active


def last(events, client):
    return events(connection=client.connection)[-1]


BESIDE = {
    "unknown": {"op": "add", "path": "favouriteColour", "value": "blue"},
    "unknown-extension": {"op": "add", "path": "urn:acme:2.0:User:badge", "value": "1"},
    "unknown-part": {"op": "replace", "path": "name.nick", "value": "1"},
    "read-only": {"op": "add", "path": "groups", "value": [{"value": "1"}]},
    "read-only-part": {"op": "Replace", "path": f"{ENTERPRISE}:manager.displayName", "value": "B"},
    "id": {"op": "replace", "path": "id", "value": "other"},
    "long-name": {"op": "replace", "path": "userName", "value": LONG},
    "long-title": {"op": "replace", "path": "title", "value": LONG},
    "long-address": {"op": "replace", "path": 'emails[type eq "work"].value', "value": LONG},
    "wrong-type": {"op": "replace", "path": "title", "value": {"a": 1}},
    "two-primary": {
        "op": "replace",
        "path": "emails",
        "value": [{"value": "a@b.c", "primary": True}, {"value": "d@b.c", "primary": True}],
    },
    "no-target": {"op": "replace", "path": 'emails[value sw "q"].value', "value": "a@b.c"},
    "bad-filter": {"op": "replace", "path": 'emails[colour eq "q"].value', "value": "a@b.c"},
    "no-manager": {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": {"value": LONG}},
}
AWAY = {"op": "Replace", "path": "active", "value": "False"}


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("beside", BESIDE.values(), ids=BESIDE)
def test_row_leaver_patch(scim, events, beside, first):
    user = scim.make_user(emails=[{"value": "a@example.com", "type": "work"}])
    operations = [beside, AWAY] if first else [AWAY, beside]
    answer = scim.patch(f"/Users/{user['id']}", *operations)
    assert answer.status_code == 200 and answer.data["active"] is False
    assert is_closed() and User.objects.get().username == "bjensen"
    event = last(events, scim)
    assert event.action == "deactivate" and event.detail.startswith("Ignored: ")


@pytest.mark.parametrize("value", [False, "False", [False], [{"value": False}], "false"])
@pytest.mark.parametrize("path", ["active", f"{USER}:active", "__ENABLE__", None])
def test_row_leaver_in_each_form(scim, path, value):
    user = scim.make_user()
    away = {"op": "replace", "value": value, "path": path}
    if path is None:
        away = {"op": "replace", "value": {"active": value}}
    answer = scim.patch(f"/Users/{user['id']}", BESIDE["long-name"], away)
    assert answer.status_code == 200 and is_closed()


@pytest.mark.parametrize("extra", [
    {"userName": LONG}, {"title": LONG}, {"groups": "x"}, {"emails": 5}, {"colour": "blue"},
    {"title": "a", "TITLE": "b"}, {"schemas": [USER, USER]}, {"userName": None},
    {ENTERPRISE: {"manager": {"value": LONG}, "nothing": 1}}, {"locale": {"a": 1}},
])  # fmt: skip
def test_row_leaver_put(lenient, extra):
    user = lenient.make_user(title="Guide", nickName="Babs")
    body = {"schemas": [USER], "userName": "bjensen", "active": False, "nickName": "B"} | extra
    answer = lenient.put(f"/Users/{user['id']}", body)
    assert answer.status_code == 200, answer.data
    assert is_closed() and answer.data["userName"] == "bjensen" and answer.data["nickName"] == "B"


def test_row_leaver_bulk(scim):
    one, two = scim.make_user("one"), scim.make_user("two")
    answer = scim.bulk(
        {"method": "PATCH", "path": f"/Users/{one['id']}",
         "data": {"Operations": [BESIDE["long-name"], AWAY]}},
        {"method": "PUT", "path": f"/Users/{two['id']}",
         "data": {"userName": LONG, "active": False}},
    )  # fmt: skip
    assert [each["status"] for each in answer.data["Operations"]] == ["200", "200"]
    assert not User.objects.filter(is_active=True).exists()


def test_row_leaver_post_adopts_and_closes(connect):
    User.objects.create_user("ann", "ann@example.com", "secret")
    client = connect(adoption="username")
    body = {"userName": "ann", "active": False, "title": LONG, "emails": [{"value": LONG}]}
    assert client.post("/Users", body).status_code == 201
    assert is_closed() and User.objects.get().email == "ann@example.com"


def test_row_leaver_taken_name(scim):
    scim.make_user("taken")
    user = scim.make_user("ann")
    rename = {"op": "replace", "path": "userName", "value": "taken"}
    title = {"op": "replace", "path": "title", "value": "Gone"}
    assert scim.patch(f"/Users/{user['id']}", rename, title, AWAY).status_code == 200
    assert not User.objects.get(username="ann").is_active


def test_row_leaver_keeps_valid_values(scim, events):
    user = scim.make_user()
    title = {"op": "replace", "path": "title", "value": "Gone"}
    answer = scim.patch(f"/Users/{user['id']}", title, BESIDE["long-name"], AWAY)
    assert answer.data["title"] == "Gone" and answer.data["active"] is False
    event = last(events, scim)
    assert "leaver" in event.tolerances and "userName" in event.detail


def test_row_leaver_is_refused_for_the_four_reasons(connect):
    scim = connect(guard_percent=0, guard_count=0)
    user = scim.make_user()
    path = f"/Users/{user['id']}"
    assert_error(scim.request("PATCH", path, raw='{"Operations": [{"op":'), 400, "invalidSyntax")
    odd = {"op": "frobnicate"}
    assert_error(scim.patch(path, AWAY, odd), 400, "invalidSyntax", "Operations[1].op")
    assert_error(scim.patch(path, AWAY, if_match='W/"0"'), 412)
    without_name = {"schemas": [USER], "usrName": "bjensen", "active": False}
    assert_error(scim.put(path, without_name), 400, "invalidValue", "userName: is required")
    assert User.objects.get().is_active


def test_row_leaver_is_not_in_strict(connect):
    strict = connect("strict")
    user = strict.make_user()
    away = {"op": "replace", "path": "active", "value": False}
    answer = strict.patch(f"/Users/{user['id']}", away, BESIDE["long-title"])
    assert_error(answer, 400, "invalidValue", "title")
    assert User.objects.get().is_active


def test_row_J26_read_only_path_is_ignored_and_noted(lenient, events):
    user = lenient.make_user()
    for beside in (BESIDE["read-only"], BESIDE["read-only-part"]):
        title = {"op": "replace", "path": "title", "value": "x"}
        assert lenient.patch(f"/Users/{user['id']}", beside, title).status_code == 200
        event = last(events, lenient)
        assert "read-only-path" in event.tolerances and "is read-only" in event.detail


def test_row_J27_soft_deletion_with_a_long_name(lenient):
    user = lenient.make_user("b" * 140)
    name = "0123456789abcdef0123456789abcdef" + "b" * 140
    operations = [
        {"op": "Replace", "path": "userName", "value": name},
        {"op": "Replace", "path": "active", "value": "False"},
    ]
    assert lenient.patch(f"/Users/{user['id']}", *operations).status_code == 200
    assert is_closed()


ADDRESSES = [
    [{"value": "ANN@example.com", "type": "home"}],
    [{"value": "ann@example.com", "type": "work", "primary": True}],
    None,
]


@pytest.mark.parametrize("emails", ADDRESSES)
def test_row_J2_put_of_an_adopted_leaver(adopting, emails):
    body = {"schemas": [USER], "userName": "ANN", "active": False}
    body |= {"emails": emails} if emails else {}
    answer = adopting.put(f"/Users/{adopting.user['id']}", body)
    assert answer.status_code == 200 and answer.data["active"] is False
    account = User.objects.get()
    assert (account.username, account.email, account.is_active) == ("ann", "ann@example.com", False)


def test_row_J2_patch_of_an_adopted_leaver(adopting):
    address = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "ann@example.com"}
    answer = adopting.patch(f"/Users/{adopting.user['id']}", address, AWAY)
    assert answer.status_code == 200 and is_closed()
    assert User.objects.get().email == "ann@example.com"


def test_row_J2_changed_attribute_is_ignored_and_noted(adopting, events):
    other = {"op": "replace", "path": "emails", "value": [{"value": "evil@example.com"}]}
    name = {"op": "replace", "path": "userName", "value": "evil"}
    title = {"op": "replace", "path": "title", "value": "Guide"}
    answer = adopting.patch(f"/Users/{adopting.user['id']}", other, name, title)
    assert answer.status_code == 200 and answer.data["title"] == "Guide"
    account = User.objects.get()
    assert (account.username, account.email) == ("ann", "ann@example.com")
    event = last(events, adopting)
    assert "locked-attribute" in event.tolerances
    assert "emails: is locked" in event.detail and "userName: is locked" in event.detail


def test_row_J2_only_content_was_locked(adopting, events):
    name = {"op": "replace", "path": "userName", "value": "evil"}
    assert adopting.patch(f"/Users/{adopting.user['id']}", name).status_code == 200
    event = last(events, adopting)
    assert event.outcome == "no_change" and event.detail.startswith("Nothing changed. Ignored: ")


def test_row_J2_strict_refuses_a_change_and_keeps_the_same(connect):
    strict = connect("strict", adoption="username")
    User.objects.create_user("ann", "ann@example.com", "secret")
    user = strict.make_user("ann")
    path = f"/Users/{user['id']}"
    same = {"schemas": [USER], "userName": "Ann", "emails": [{"value": "ANN@example.com"}]}
    assert strict.put(path, same | {"title": "x"}).status_code == 200
    other = same | {"emails": [{"value": "evil@example.com"}]}
    assert_error(strict.put(path, other), 400, "mutability", "emails")
    remove = {"op": "remove", "path": "emails"}
    assert_error(strict.patch(path, remove), 400, "mutability", "emails")
    assert User.objects.get().email == "ann@example.com"


def test_row_J5_name_of_connid(lenient):
    user = lenient.make_user()
    disable = {"op": "replace", "path": "__ENABLE__", "value": "false"}
    assert lenient.patch(f"/Users/{user['id']}", disable).data["active"] is False
    assert is_closed()
    wrong = {"op": "replace", "path": "__ENABLE__", "value": "perhaps"}
    assert_error(lenient.patch(f"/Users/{user['id']}", wrong), 400, "invalidValue", "active")

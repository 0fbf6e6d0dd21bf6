"""scim_replay."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import override_settings

from django_scim import connections, signals
from django_scim.models import Event, Token, UserKey, UserLink, UserProfile, UserValue
from tests.client import USER

MODELS = (Event, Group, Token, User, UserKey, UserLink, UserProfile, UserValue)


def state():
    return [list(model.objects.order_by("pk").values()) for model in MODELS]


def replay(event, status=0):
    """Replay an event, and return the JSON; nothing may change."""
    before, output = state(), StringIO()
    try:
        call_command("scim_replay", str(event.pk), "--json", stdout=output)
        exit_status = 0
    except SystemExit as error:
        exit_status = error.code
    assert state() == before
    assert exit_status == status, output.getvalue()
    return json.loads(output.getvalue())


def last(**wanted):
    return Event.objects.filter(**wanted).latest("pk")


@pytest.fixture
def refused(scim):
    """Return the event of a user whose name was taken, with the account that had it."""
    owner = User.objects.create_user("maria")
    body = {"schemas": [USER], "userName": "maria", "displayName": "Maria", "password": "Xy7!xxxx"}
    assert scim.post("/Users", body).status_code == 409
    return last(), owner


def test_the_same_would_happen(refused):
    answer = replay(refused[0], status=1)
    assert answer["now"]["status"] == 409 and answer["now"]["scim_type"] == "uniqueness"
    assert answer["different"] is False


def test_it_would_succeed_now(refused):
    event, owner = refused
    User.objects.filter(pk=owner.pk).update(username="someone-else")
    UserKey.objects.filter(pk=owner.pk).update(folded="someone-else", claim=None)
    calls = []
    signals.created.connect(calls.append, weak=False, dispatch_uid="replay")
    try:
        answer = replay(event)
    finally:
        signals.created.disconnect(dispatch_uid="replay")
    assert answer["now"]["status"] == 201 and answer["different"] is True
    changes = {each["path"]: each["new"] for each in answer["now"]["changes"]}
    assert changes["userName"] == "maria" and changes["displayName"] == "Maria"
    assert answer["notes"] == ["password is redacted, and is not sent"]
    assert not calls


def test_as_text(refused):
    output = StringIO()
    with pytest.raises(SystemExit):
        call_command("scim_replay", str(refused[0].pk), stdout=output)
    text = output.getvalue()
    assert "POST /scim/v2/Users by Provider" in text
    assert text.count("409 uniqueness") == 2
    assert "the same would happen. Nothing was written." in text


def test_a_patch_and_a_delete(scim):
    user = scim.make_user("maria")
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": {"x": 1}})
    assert replay(last(), status=1)["now"]["status"] == 400
    scim.delete(f"/Users/{user['id']}")
    assert replay(last(), status=1)["now"]["status"] == 404  # it is deleted already


def test_a_read(scim):
    scim.get("/Users", {"filter": "nonsense eq 1"})
    answer = replay(last(), status=1)
    assert answer["now"]["scim_type"] == "invalidFilter"


def test_an_operation_of_a_bulk(scim):
    scim.bulk(
        {"method": "POST", "path": "/Users", "bulkId": "a",
         "data": {"schemas": [USER], "userName": ""}},
    )  # fmt: skip
    answer = replay(last(outcome="failure"), status=1)
    assert answer["now"]["status"] == 400
    assert "bulk" in answer["notes"][0]


def test_a_paused_connection_and_a_missing_token(refused):
    event = refused[0]
    connections.pause(event.connection)
    Token.objects.all().delete()
    notes = " ".join(replay(event, status=1)["notes"])
    assert "paused" in notes and "token no longer exists" in notes


def test_the_scopes_of_the_token_count(refused):
    event = refused[0]
    Token.objects.update(scopes=["users:read"])
    answer = replay(event, status=1)
    assert answer["now"]["status"] == 403 and "users:write" in answer["now"]["detail"]


# Events that cannot be replayed


def reason(event):
    return replay(event, status=2)["not_replayable"]


def test_a_success_has_no_body(scim):
    scim.make_user("maria")
    assert "no body" in reason(last())


def test_a_cut_body(scim):
    body = {"schemas": [USER], "userName": "", "title": "x" * 1_900, "nickName": "y" * 1_900}
    with override_settings(DJANGO_SCIM={"EVENT_BODY_LIMIT": 500}):
        scim.post("/Users", body)
        assert "cut" in reason(last())


def test_a_long_value(scim):
    scim.post("/Users", {"schemas": [USER], "userName": "", "title": "x" * 5_000})
    assert "title is redacted or cut" in reason(last())


@pytest.mark.parametrize("rule", ["mask", "hash", "drop"])
def test_a_value_that_the_site_redacts(scim, rule):
    with override_settings(DJANGO_SCIM={"REDACT": {"title": rule}}):
        scim.post("/Users", {"schemas": [USER], "userName": "", "title": "Boss"})
        assert "title" in reason(last())


def test_a_patch_of_the_password_alone(scim):
    user = scim.make_user("maria")
    operation = {"op": "replace", "path": "password", "value": "Xy7!xxxx"}
    scim.patch(f"/Users/{user['id']}", operation, {"op": "x", "path": "password", "value": "a"})
    assert "password" in reason(last())


def test_a_rejected_token(scim):
    token = scim.connection.tokens.get()
    connections.revoke(token)
    scim.get("/Users")
    assert "token" in reason(last())


def test_a_header(scim):
    user = scim.make_user("maria")
    scim.put(f"/Users/{user['id']}", {"schemas": [USER], "userName": "m"}, if_match='W/"no"')
    assert "If-Match" in reason(last())


def test_a_body_that_could_not_be_parsed(scim):
    scim.post("/Users", raw="{")
    assert "body" in reason(last())


def test_an_act_of_an_admin_and_a_deleted_connection(scim, refused):
    connections.pause(scim.connection, actor=connections.Actor("ada"))
    assert "no request" in reason(last())
    scim.connection.delete()
    refused[0].refresh_from_db()
    assert "connection no longer exists" in reason(refused[0])


def test_an_event_that_does_not_exist(db):
    with pytest.raises(CommandError, match="no event 7") as caught:
        call_command("scim_replay", "7")
    assert caught.value.returncode == 2

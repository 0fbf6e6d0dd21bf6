"""The events that each request leaves in the audit log."""

import json

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.utils import timezone, translation

from django_scim import connections
from django_scim.audit.explanations import explain
from django_scim.models import Event, Token

from ..client import ENTERPRISE, GROUP, PATCH, USER, assert_error


def last(events):
    return events()[-1]


def test_creation(scim, events):
    user = scim.make_user(externalId="7", title="Guide")
    (event,) = events()
    assert (event.action, event.outcome, event.status) == ("create", "success", 201)
    assert event.connection == scim.connection
    assert event.token_prefix == scim.secret[:11]
    assert (event.resource_type, event.scim_id, event.external_id) == ("User", user["id"], "7")
    account = User.objects.get()
    assert (event.object_type, event.object_key) == ("auth.user", str(account.pk))
    assert event.object_name == "bjensen"
    assert {"path": "title", "old": None, "new": "Guide"} in event.changes
    assert {"path": "userName", "old": None, "new": "bjensen"} in event.changes
    assert event.request_body == event.response_body == ""


@pytest.mark.parametrize(
    ("operation", "action", "change"),
    [
        ({"op": "replace", "path": "title", "value": "Chief"}, "update",
         {"path": "title", "old": "Guide", "new": "Chief"}),
        ({"op": "remove", "path": "title"}, "update",
         {"path": "title", "old": "Guide", "new": None}),
        ({"op": "replace", "path": "active", "value": False}, "deactivate",
         {"path": "active", "old": True, "new": False}),
        ({"op": "add", "path": "emails", "value": [{"value": "a@b.c"}]}, "update",
         {"path": "emails", "old": None, "new": [{"value": "a@b.c"}]}),
        ({"op": "replace", "path": f"{ENTERPRISE}:manager", "value": {"value": "boss"}}, "update",
         {"path": f"{ENTERPRISE}:manager", "old": None, "new": "boss"}),
    ],
)  # fmt: skip
def test_old_and_new_values(operation, action, change, scim, events):
    user = scim.make_user(title="Guide")
    scim.patch(f"/Users/{user['id']}", operation)
    assert last(events).action == action
    assert last(events).changes == [change]


def test_reactivation(scim, events):
    user = scim.make_user(active=False)
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "value": {"active": True}})
    assert last(events).action == "reactivate"


def test_unchanged_has_its_own_outcome(scim, events):
    user = scim.make_user(title="Guide")
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": "Guide"})
    assert (last(events).action, last(events).outcome) == ("update", "no_change")
    assert last(events).changes == []


def test_membership(scim, events):
    user = scim.make_user()
    group = scim.make_group("G")
    value = [{"value": user["id"]}]
    scim.patch(f"/Groups/{group['id']}", {"op": "add", "path": "members", "value": value})
    event = last(events)
    assert (event.action, event.object_name, event.status) == ("membership", "G", 204)
    shown = [{"value": user["id"], "display": "bjensen"}]
    assert event.changes == [{"path": "members", "old": None, "new": shown}]


def test_deletion(scim, events):
    user = scim.make_user()
    scim.delete(f"/Users/{user['id']}")
    event = last(events)
    assert (event.action, event.outcome, event.status) == ("delete", "success", 204)
    assert (event.scim_id, event.object_name) == (user["id"], "bjensen")
    assert event.object_key == str(User.objects.get().pk)
    assert event.changes == [{"path": "active", "old": True, "new": False}]


def test_failure_is_kept_after_the_rollback(scim, events):
    scim.make_user()
    body = {"schemas": [USER], "userName": "BJENSEN", "password": "hunter2"}
    answer = scim.post("/Users", body, user_agent="Okta SCIM Client 1.0.0")
    event = last(events)
    assert (event.action, event.outcome) == ("create", "failure")
    assert (event.status, event.scim_type) == (409, "uniqueness")
    assert event.detail in answer.data["detail"]
    assert json.loads(event.request_body) == body | {"password": "***"}
    assert json.loads(event.response_body) == answer.data
    assert event.user_agent == "Okta SCIM Client 1.0.0"
    assert event.address == "127.0.0.1"


def test_reads_are_recorded_only_if_enabled(scim, connect, events):
    scim.get("/Users")
    assert not events()
    loud = connect(log_reads=True)
    loud.get("/Users")
    assert (last(events).action, last(events).outcome) == ("read", "success")


def test_failed_reads_are_recorded(scim, events):
    scim.get("/Users", {"filter": "nope pr"})
    assert (last(events).action, last(events).scim_type) == ("read", "invalidFilter")


def test_request_id_is_used_and_returned(scim, events):
    answer = scim.get("/Nope", x_request_id="abc-123")
    assert answer.headers["X-Request-Id"] == "abc-123"
    assert "abc-123" in answer.data["detail"]
    assert last(events).correlation_id == "abc-123"


@pytest.mark.parametrize("wrong", ["a b", "x" * 65, "<script>", "a\u00e9"])
def test_malformed_request_id_is_replaced(wrong, scim, events):
    answer = scim.get("/Nope", x_request_id=wrong)
    assert answer.headers["X-Request-Id"] == last(events).correlation_id != wrong


def test_tolerances_are_recorded(connect, events):
    scim = connect("entra")
    user = scim.make_user()
    scim.patch(f"/Users/{user['id']}", {"op": "Replace", "path": "active", "value": "False"})
    assert last(events).tolerances == ["boolean-text"]


SECRET = "hunter2-hunter2"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/Users", {"schemas": [USER], "userName": "bjensen", "password": SECRET}),
        ("POST", "/Users", {"schemas": [USER], "PassWord": SECRET}),
        ("POST", "/Users", {"schemas": [USER], f"{USER}:password": SECRET, "userName": 5}),
        ("PUT", "/Users/ID", {"schemas": [USER], "userName": "x", "password": SECRET}),
        ("PATCH", "/Users/ID",
         {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"password": SECRET}}]}),
        ("PATCH", "/Users/ID",
         {"schemas": [PATCH],
          "Operations": [{"op": "add", "path": "password", "value": SECRET}, {"op": "x"}]}),
        ("PATCH", "/Users/ID",
         {"schemas": [PATCH],
          "Operations": [{"op": "add", "path": f"{USER}:password", "value": SECRET},
                         {"op": "x"}]}),
        ("PATCH", "/Users/ID",
         {"schemas": [PATCH],
          "Operations": [{"op": "replace", "value": json.dumps({"password": SECRET})},
                         {"op": "x"}]}),
        ("PATCH", "/Users/ID",
         {"schemas": [PATCH],
          "Operations": [{"op": "add", "path": "password", "value": [SECRET]}]}),
        ("POST", "/Users", f'{{"password": "{SECRET}"'),
        ("GET", f'/Users?filter=password eq "{SECRET}"', None),
    ],
)  # fmt: skip
def test_passwords_are_not_recorded(method, path, body, scim, caplog):
    user = scim.make_user("existing")
    raw = body.encode() if isinstance(body, str) else None
    answer = scim.request(method, path.replace("ID", user["id"]), None if raw else body, raw=raw)
    assert SECRET.encode() not in answer.content
    for event in Event.objects.values():
        assert SECRET not in json.dumps(event, default=str)
    assert not any(SECRET in record.getMessage() for record in caplog.records if record.name
                   == "django_scim")  # fmt: skip
    assert not User.objects.filter(password__contains=SECRET).exists()
    assert not any(account.has_usable_password() for account in User.objects.all())


def test_redaction_rules_of_the_site(scim, events, settings):
    settings.DJANGO_SCIM = {
        "REDACT": {"phoneNumbers": "mask", "title": "drop", "name": "hash", "nickName": "keep"}
    }
    scim.make_user(
        phoneNumbers=[{"value": "+49"}], title="Guide", name={"givenName": "B"}, nickName="Babs"
    )
    changes = {change["path"]: change["new"] for change in last(events).changes}
    assert changes["phoneNumbers"] == "***"
    assert "title" not in changes
    assert changes["name.givenName"].startswith("sha256:")
    assert changes["nickName"] == "Babs"


def test_repeated_invalid_tokens_are_counted(scim, events):
    for _ in range(5):
        scim.get("/Users", authorization="Bearer wrong")
    (event,) = events(action="authentication")
    assert (event.occurrences, event.connection) == (5, None)


def end(scim, how):
    if how == "paused":
        connections.pause(scim.connection)
    elif how == "closed":
        connections.close(scim.connection)
    else:
        Token.objects.update(**{"expires" if how == "expired" else "revoked": timezone.now()})


@pytest.mark.parametrize("how", ["expired", "revoked", "paused", "closed"])
def test_rejected_known_token_names_its_connection(scim, connect, events, how):
    connect()  # another connection
    wrong = scim.get("/Users", authorization=f"Bearer scim_{'x' * 43}")
    end(scim, how)
    known = scim.get("/Users")
    assert_error(known, 401)
    same = [{**answer.data, "detail": answer.data["detail"].partition(" [")[0]}
            for answer in (wrong, known)]  # fmt: skip
    assert same[0] == same[1]
    differing = {"X-Request-Id", "Content-Length"}
    assert all(wrong.headers[name] == known.headers[name] for name in {*wrong.headers} - differing)
    assert {*wrong.headers} == {*known.headers}
    unknown, refused = events(action="authentication")
    assert (unknown.connection, unknown.token_prefix) == (None, "")
    assert refused.connection == scim.connection
    assert refused.connection_name == scim.connection.name
    assert refused.token_prefix == Token.objects.get(connection=scim.connection).prefix
    with translation.override("en"):
        assert {"expired": "its time is over", "paused": "paused the connection"}.get(
            how, "until an admin revoked it"
        ) in explain(refused)
        assert "mistyped" in explain(unknown)


def test_repeated_rejections_of_a_known_token_are_counted(scim, events):
    Token.objects.get().revoke()
    for _ in range(5):
        scim.get("/Users", authorization="Bearer wrong")
        scim.get("/Users")
    wrong, known = events(action="authentication")
    assert (wrong.occurrences, wrong.connection) == (5, None)
    assert (known.occurrences, known.connection) == (5, scim.connection)


def test_rejected_address_names_the_connection(connect, events):
    scim = connect(networks="203.0.113.0/24")
    for _ in range(3):
        assert_error(scim.get("/Users"), 403)
    (event,) = events()
    assert (event.action, event.occurrences) == ("authentication", 3)
    assert event.connection == scim.connection and event.token_prefix


def test_line_breaks_are_removed_from_the_log(scim, events):
    scim.get("/Users", {"sortBy": "a\nb"}, user_agent="x\r\nINFO all is well")
    assert "\n" not in last(events).detail + last(events).user_agent


def test_failure_to_record_does_not_hide_the_response(scim, monkeypatch, events):
    def fail(self, *args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(Event, "save", fail)
    assert_error(scim.get("/Nope"), 404)


def test_change_is_rolled_back_without_its_event(scim, monkeypatch):
    def fail(self, *args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(Event, "save", fail)
    assert scim.post("/Users", {"schemas": [USER], "userName": "x"}).status_code == 500
    body = {"schemas": [GROUP], "displayName": "x"}
    assert scim.post("/Groups", body).status_code == 500
    assert not User.objects.exists()


def test_event_remains_after_the_account_is_deleted(scim, events):
    scim.make_user()
    User.objects.all().delete()
    assert last(events).object_name == "bjensen"

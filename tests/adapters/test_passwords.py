"""Passwords: ignored unless the connection accepts them, and never returned."""

import logging
import time

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_scim.models import Event
from tests.client import PATCH, USER, assert_error

SECRET = "Correct-horse-7-battery"
OTHER = "Wrong-horse-8-staple"
VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "UserAttributeSimilarityValidator")
]


@pytest.fixture
def accepting(connect):
    return connect(passwords="accept")


def create(scim, **attributes):
    return scim.post("/Users", {"schemas": [USER], "userName": "bjensen", **attributes})


def set_to(value, path="password"):
    return {"op": "replace", "path": path, "value": value}


def test_ignored_by_default(scim):
    made = create(scim, password=SECRET).data
    path = f"/Users/{made['id']}"
    assert not User.objects.get().has_usable_password()
    for operation in (set_to(SECRET), {"op": "add", "value": {"password": SECRET}}):
        assert scim.patch(path, operation).data["meta"] == made["meta"]
        assert Event.objects.latest("pk").outcome == "no_change"
    assert scim.put(path, made | {"password": SECRET}).status_code == 200
    assert not User.objects.get().has_usable_password()


def test_accepted_if_the_connection_allows(accepting):
    path = f"/Users/{create(accepting, password=SECRET).data['id']}"
    assert authenticate(username="bjensen", password=SECRET) == User.objects.get()
    before = accepting.get(path).data["meta"]
    assert accepting.patch(path, set_to(OTHER)).status_code == 200
    assert authenticate(username="bjensen", password=SECRET) is None
    assert authenticate(username="bjensen", password=OTHER)
    assert accepting.get(path).data["meta"]["version"] != before["version"]
    body = {"schemas": [USER], "userName": "bjensen"}
    accepting.put(path, body | {"password": SECRET})
    assert authenticate(username="bjensen", password=SECRET)
    accepting.put(path, body)  # a PUT without a password keeps it
    assert authenticate(username="bjensen", password=SECRET)
    accepting.patch(path, {"op": "remove", "path": "password"})
    assert not User.objects.get().has_usable_password()


def test_account_without_password_has_unusable_one(accepting):
    create(accepting)
    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize(
    ("password", "words"),
    [("short", "too short"), ("bjensen-1", "too similar"), (True, "must be a string")],
)
def test_password_validators_apply(accepting, settings, password, words):
    settings.AUTH_PASSWORD_VALIDATORS = VALIDATORS
    settings.LANGUAGE_CODE = "en"
    assert_error(create(accepting, password=password), 400, "invalidValue", "password", words)
    assert not User.objects.exists()
    path = f"/Users/{create(accepting, password=SECRET).data['id']}"
    assert_error(accepting.patch(path, set_to(password)), 400, "invalidValue", "password", words)
    assert authenticate(username="bjensen", password=SECRET)


def test_hashing_happens_before_the_transaction(accepting, monkeypatch):
    """Hashing is slow, so no row may be locked in the meantime."""
    from django_scim.adapters.accounts import passwords

    path = f"/Users/{create(accepting).data['id']}"
    seen = []
    original = passwords.make_password

    def hashing(password):
        seen.append(len(captured))
        return original(password)

    monkeypatch.setattr(passwords, "make_password", hashing)
    with CaptureQueriesContext(connection) as captured:
        accepting.patch(path, set_to(SECRET))
    before = [query["sql"] for query in captured.captured_queries[: seen[0]]]
    assert seen and not any(sql.startswith(("SAVEPOINT", "BEGIN", "UPDATE")) for sql in before)
    assert not any("FOR UPDATE" in sql or "FOR NO KEY UPDATE" in sql for sql in before)


def test_bulk_waits_for_the_hash_before_its_transaction(accepting, monkeypatch):
    """In a bulk request, other threads hash the passwords."""
    from django_scim.adapters.accounts import passwords

    path = f"/Users/{create(accepting).data['id']}"
    hashing, too_early = [], []
    original = passwords.make_password

    def slowly(password):
        hashing.append(password)
        time.sleep(0.2)
        try:
            return original(password)
        finally:
            hashing.remove(password)

    def watch(execute, sql, params, many, context):
        if hashing and sql.startswith(("SAVEPOINT", "BEGIN", "UPDATE")):
            too_early.append(sql)
        return execute(sql, params, many, context)

    monkeypatch.setattr(passwords, "make_password", slowly)
    data = {"schemas": [PATCH], "Operations": [set_to(SECRET)]}
    with connection.execute_wrapper(watch):
        answer = accepting.bulk({"method": "PATCH", "path": path, "data": data})
    assert [each["status"] for each in answer.data["Operations"]] == ["200"]
    assert too_early == [] and authenticate(username="bjensen", password=SECRET)


SHAPES = [
    set_to(SECRET),
    set_to(SECRET, "PassWord"),
    set_to(SECRET, "urn:ietf:params:scim:schemas:core:2.0:User:password"),
    {"op": "add", "value": {"password": SECRET}},
    {"op": "add", "value": {"urn:ietf:params:scim:schemas:core:2.0:User:password": SECRET}},
    {"op": "replace", "value": f'{{"password": "{SECRET}"}}'},
    {"op": "replace", "path": "password", "value": [{"value": SECRET}]},
    {"op": "replace", "path": "password", "value": {"value": SECRET}},
    {"op": "replace", "path": "password[value pr]", "value": SECRET},
    {"op": "nonsense", "path": "password", "value": SECRET},
]


@pytest.mark.parametrize("passwords", ["ignore", "accept"])
@pytest.mark.parametrize("operation", SHAPES)
def test_not_in_events_or_logs(connect, caplog, operation, passwords):
    scim = connect("okta", passwords=passwords, log_reads=True)
    made = create(scim).data
    with caplog.at_level(logging.DEBUG):
        answer = scim.patch(f"/Users/{made['id']}", operation)
        failing = scim.patch(f"/Users/{made['id']}", operation, set_to("x", "/nonsense"))
        create(scim, password=SECRET)  # 409
        scim.get("/Users", {"filter": f'password eq "{SECRET}"'})
        scim.post("/Users", raw=f'{{"userName": "x", "password": "{SECRET}", ')
    assert failing.status_code == 400
    encoded = User.objects.get().password
    for event in Event.objects.all():
        kept = repr({key: str(value) for key, value in vars(event).items()})
        assert SECRET not in kept and encoded not in kept
    assert SECRET not in caplog.text
    assert SECRET not in answer.content.decode()


def test_event_names_the_change_without_the_value(accepting):
    path = f"/Users/{create(accepting).data['id']}"
    accepting.patch(path, set_to(SECRET))
    event = Event.objects.latest("pk")
    assert event.outcome == "success"
    assert event.changes == [{"path": "password", "old": None, "new": "(set)"}]


def test_cannot_be_filtered_or_sorted(accepting):
    create(accepting, password=SECRET)
    for text in ("password pr", f'password eq "{SECRET}"', 'password sw "C"'):
        assert_error(accepting.get("/Users", {"filter": text}), 400, "invalidFilter", "password")
    assert_error(accepting.get("/Users", {"sortBy": "password"}), 400, "invalidValue")
    shown = accepting.get("/Users", {"attributes": "password"}).data["Resources"][0]
    assert "password" not in shown


@pytest.mark.parametrize(("passwords", "supported"), [("ignore", False), ("accept", True)])
def test_configuration_tells_if_passwords_can_change(connect, passwords, supported):
    scim = connect(passwords=passwords)
    document = scim.get("/ServiceProviderConfig").data
    assert document["changePassword"] == {"supported": supported}

"""Bulk requests: events, passwords, references and malformed bodies."""

import random
import time

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User

from tests.client import ENTERPRISE

from .bulk import SECRET, group, managed, patch, statuses, user


def test_each_operation_has_an_event(scim, events):
    made = scim.make_user("old")
    before = len(events())
    response = scim.bulk(
        user("a", title="Guide"),
        user("a", "again"),
        patch(f"/Users/{made['id']}", "replace", "active", "False"),
        {"method": "DELETE", "path": f"/Users/{made['id']}"},
        {"method": "move", "path": "/Users"},
    )
    assert statuses(response) == ["201", "409", "200", "204", "400"]
    found = events()[before:]
    assert [each.action for each in found] == [
        "create", "create", "deactivate", "delete", "create",
    ]  # fmt: skip
    assert [each.outcome for each in found] == [
        "success", "failure", "success", "success", "failure",
    ]  # fmt: skip
    assert len({each.correlation_id for each in found}) == 1
    assert found[0].correlation_id == response.headers["X-Request-Id"]
    assert {"path": "title", "old": None, "new": "Guide"} in found[0].changes
    assert found[2].tolerances == ["boolean-text"]
    assert found[3].tolerances == []
    assert found[2].path == "/scim/v2/Bulk /Users/" + made["id"]


def test_passwords_are_hashed_and_never_shown(connect, events, caplog):
    accepting = connect(passwords="accept")
    response = accepting.bulk(
        *(user(f"u{i}", password=f"{SECRET}{i}") for i in range(5)),
        user("", "bad", password=SECRET),
        {"method": "POST", "path": "/Users", "data": {"password": SECRET}},
    )
    assert statuses(response) == ["201"] * 5 + ["400"] * 2
    for i in range(5):
        assert authenticate(username=f"u{i}", password=f"{SECRET}{i}")
    assert SECRET not in caplog.text + str(response.data)
    for event in events():
        assert SECRET not in f"{event.changes}{event.request_body}{event.response_body}"
    refused = accepting.post("/Bulk", {"Operations": user("x", password=SECRET)})
    assert refused.status_code == 400
    assert SECRET not in events()[-1].request_body + events()[-1].response_body


def test_passwords_are_hashed_in_parallel(connect, monkeypatch):
    """Two threads hash at the same time, so that neither waits for the other."""
    import threading

    from django_scim.adapters.accounts import passwords

    at_once = threading.Barrier(2, timeout=10)

    def make_password(text):
        at_once.wait()
        return f"!{text}"

    monkeypatch.setattr(passwords, "make_password", make_password)
    monkeypatch.setattr("django_scim.api.bulk.views.os.cpu_count", lambda: 2)
    accepting = connect(passwords="accept")
    assert statuses(accepting.bulk(*(user(f"u{i}", password=SECRET) for i in range(4)))) == (
        ["201"] * 4
    )


def test_stopped_bulk_hashes_no_more_passwords(connect, monkeypatch):
    from django_scim.adapters.accounts import passwords

    hashed = []

    def make_password(text):
        time.sleep(0.05)
        hashed.append(text)
        return f"!{text}"

    monkeypatch.setattr(passwords, "make_password", make_password)
    monkeypatch.setattr("django_scim.api.bulk.views.os.cpu_count", lambda: 1)
    accepting = connect(passwords="accept")
    operations = [user("", "bad"), *(user(f"u{i}", password=SECRET) for i in range(20))]
    assert statuses(accepting.bulk(*operations, failOnErrors=1)) == ["400"]
    assert len(hashed) < 20
    assert not User.objects.exists()


def test_weak_password_fails_only_its_operation(connect, settings):
    settings.AUTH_PASSWORD_VALIDATORS = [
        {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}
    ]
    accepting = connect(passwords="accept")
    response = accepting.bulk(user("a", password="x"), user("b", password=SECRET))
    assert statuses(response) == ["400", "201"]
    assert "password" in response.data["Operations"][0]["response"]["detail"]


def test_long_chain_of_managers_in_any_order(scim):
    """A thousand users, each managed by the next one, are created without recursion."""
    people = [user(f"u{i}", **managed(f"bulkId:u{i + 1}")) for i in range(150)]
    operations = [*people, user("u150")]
    random.Random(7).shuffle(operations)
    assert statuses(scim.bulk(*operations)) == ["201"] * 151
    top = scim.find('userName eq "u150"')[0]["id"]
    last = scim.find('userName eq "u149"')[0]
    assert last[ENTERPRISE]["manager"]["value"] == top
    assert len(scim.find(f'{ENTERPRISE}:manager.value eq "{top}"')) == 1


def test_cycle_with_a_missing_reference_fails(scim):
    response = scim.bulk(
        user("a", **managed("bulkId:b")),
        user("b", **managed("bulkId:a")),
        group("Guides", "bulkId:a", "bulkId:nobody"),
    )
    assert statuses(response) == ["201", "201", "400"]
    assert scim.get("/Groups").data["totalResults"] == 0


def test_keys_and_methods_are_case_insensitive(scim):
    operation = {"METHOD": "post", "Path": "/users", "bulkid": "1", "DATA": user("a")["data"]}
    assert statuses(scim.bulk(operation)) == ["201"]
    twice = {**operation, "path": "/Groups"}
    assert scim.bulk(twice).status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        {"Operations": []},
        {"Operations": {}},
        {"Operations": [1]},
        {"Operations": [{"method": 1}]},
        {"Operations": [{"method": "POST", "path": ["/Users"]}]},
        {"Operations": [{"method": "POST", "path": "/Users", "bulkId": 1}]},
    ],
)
def test_malformed_bulk_changes_nothing(scim, body):
    urn = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    whole = {"schemas": [urn], **body} if isinstance(body, dict) else body
    response = scim.post("/Bulk", whole)
    assert response.status_code == 400
    assert response.data["scimType"] == "invalidSyntax"


def test_only_post_is_allowed(scim):
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert scim.request(method, "/Bulk").status_code == 405

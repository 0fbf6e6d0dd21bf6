"""The logger ``django_scim.audit``."""

import json
import logging

import pytest
from django.db import transaction

from django_scim import connections
from django_scim.audit import event_log
from django_scim.models import Event
from tests.client import GROUP, USER

LOGGER = "django_scim.audit"


@pytest.fixture
def records(caplog):
    """Return a function that returns the events in the log so far, and empties it."""
    caplog.set_level(logging.INFO, LOGGER)

    def records():
        found = [each for each in caplog.records if each.name == LOGGER]
        caplog.clear()
        return found

    return records


@pytest.mark.django_db(transaction=True)
def test_each_event_is_logged_with_its_fields(scim, records):
    user = scim.make_user("maria.rossi@example.com", externalId="E1")
    scim.make_group("Sales", user)
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": False})
    scim.delete(f"/Users/{user['id']}")
    scim.bulk(
        *({"method": "POST", "path": "/Users", "bulkId": n,
           "data": {"schemas": [USER], "userName": n}}
          for n in ("b1", "b2")),
        {"method": "POST", "path": "/Groups", "bulkId": "g",
         "data": {"schemas": [GROUP], "displayName": "Marketing"}},
    )  # fmt: skip
    connections.pause(scim.connection, actor=connections.Actor("admin ada"))
    logged = [record.scim_event for record in records()]
    stored = list(Event.objects.order_by("pk"))
    assert len(stored) >= 8
    assert sorted(each["id"] for each in logged) == [event.pk for event in stored]
    by_id = {each["id"]: each for each in logged}
    for event in stored:
        data = by_id[event.pk]
        assert (data["name"], data["action"], data["outcome"], data["changes"]) == (
            event.object_name,
            event.action,
            event.outcome,
            event.changes,
        )
        json.dumps(data)
    first = by_id[stored[0].pk]
    assert first["time"] == stored[0].created.strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{stored[0].created.microsecond // 1000:03d}Z"
    )
    assert (first["external_id"], first["status"], first["method"]) == ("E1", 201, "POST")


@pytest.mark.django_db(transaction=True)
def test_a_failure_is_logged_without_secrets(scim, records):
    body = {"schemas": [USER], "userName": "", "password": "Tr0ub4dor&3"}
    scim.post("/Users", body)
    (record,) = records()
    assert record.scim_event["outcome"] == "failure"
    assert record.scim_event["status"] == 400
    assert "Tr0ub4dor" not in f"{record.getMessage()}{record.scim_event}"
    assert scim.secret not in f"{record.getMessage()}{record.scim_event}"


@pytest.mark.django_db(transaction=True)
def test_repeated_failures_are_logged_each_time(scim, records):
    for _ in range(3):
        scim.request("GET", "/Users", token=False, authorization="Bearer scim_wrong")
    assert Event.objects.count() == 1
    assert [record.scim_event["status"] for record in records()] == [401, 401, 401]


@pytest.mark.django_db(transaction=True)
def test_rolled_back_events_are_not_logged(scim, records):
    with pytest.raises(RuntimeError), transaction.atomic():
        connections.pause(scim.connection, actor=connections.Actor("admin ada"))
        assert records() == []
        raise RuntimeError
    assert records() == [] and not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_fails_does_not_break_the_request(scim, records):
    class Broken(logging.Handler):
        def handle(self, record):
            raise OSError("the log server is gone")

    handler = Broken()
    logging.getLogger(LOGGER).addHandler(handler)
    try:
        assert scim.post("/Users", {"schemas": [USER], "userName": "maria"}).status_code == 201
    finally:
        logging.getLogger(LOGGER).removeHandler(handler)
    assert Event.objects.get().outcome == "success"


def test_no_data_is_collected_if_the_logger_is_disabled(scim, monkeypatch):
    assert not logging.getLogger(LOGGER).isEnabledFor(logging.INFO)
    monkeypatch.setattr(event_log, "event_data", None)  # would fail if it were called
    scim.make_user("maria")
    assert Event.objects.count() == 1

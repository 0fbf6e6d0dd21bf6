"""``scim_events``: the audit log on the command line (S11)."""

import json
import threading
import time

import pytest
from django.core.management import CommandError
from django.db import connection as database

from django_scim.models import Event
from tests.client import USER

from .test_commands import run


def as_json(*arguments):
    return json.loads(run("scim_events", *arguments, "--json"))


def test_s11_list(connect):
    one, other = connect(), connect()
    amy = one.make_user("Amy", externalId="employee-7")
    other.make_user("bob")
    one.post("/Users", {"schemas": [USER], "userName": "amy"})
    assert len(as_json("list")) == 3 == len(as_json("list", "--hours", "1"))
    assert len(as_json("list", "--connection", other.connection.name)) == 1
    (failure,) = as_json("list", "--failures")
    assert failure["status"] == 409 and "taken" in failure["detail"]
    for person in ("employee-7", amy["id"]):
        (event,) = as_json("list", "--person", person)
        assert event["action"] == "create" and event["scim_id"] == amy["id"]
    for person in ("Amy", "aMY"):  # also the creation that was refused
        outcomes = [event["outcome"] for event in as_json("list", "--person", person)]
        assert sorted(outcomes) == ["failure", "success"]
    output = run("scim_events", "list", "--limit", "1")
    assert len(output.splitlines()) == 2 and "failure" in output


def test_s11_explain(scim):
    scim.make_user("amy")
    response = scim.post("/Users", {"schemas": [USER], "userName": "amy"}, x_request_id="abc")
    assert response.status_code == 409
    event = Event.objects.get(outcome="failure")
    for wanted in (str(event.pk), "abc"):
        data = as_json("explain", wanted)
        assert (
            data["id"] == event.pk
            and "Another account of this site has the userName" in data["advice"]
        )
    assert "Another account of this site has the userName" in run("scim_events", "explain", "abc")
    with pytest.raises(CommandError, match="no event"):
        run("scim_events", "explain", "99999999")


@pytest.mark.parametrize("arguments", [("--limit", "0"), ("--hours", "-1")])
def test_s11_list_refuses_wrong_numbers(db, arguments):
    with pytest.raises(CommandError, match="positive"):
        run("scim_events", "list", *arguments)


@pytest.mark.skipif(database.vendor == "sqlite", reason="a second thread has another database")
@pytest.mark.django_db(transaction=True)
def test_s11_follow(scim):
    scim.make_user("before")
    seen = []

    def follow():
        try:
            seen.append(run("scim_events", "follow", "--events", "2", "--json"))
        finally:
            database.close()

    thread = threading.Thread(target=follow)
    thread.start()
    time.sleep(2)
    scim.make_user("amy")
    scim.make_user("bob")
    thread.join(20)
    names = [json.loads(line)["name"] for line in seen[0].splitlines()]
    assert names == ["amy", "bob"]

"""Carry out each write, and kill the process or its connection before and after each statement.

    KILL_DATABASE=/tmp/kills.sqlite3 python -m tests.audit.kills SAMPLE

The last line of the output is a JSON object with the number of kills, and what was wrong. SAMPLE is
the share of the kills to carry out: 1 is all of them, 5 is every fifth.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.audit.kill_settings"

import django

django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from django_scim import connections
from django_scim.models import Connection, Event, Token
from tests.client import ENTERPRISE, GROUP, PATCH, USER, ScimClient
from tests.event_replay import differences, state_of_events, state_of_site

BASE = os.environ["KILL_DATABASE"]
IS_SQLITE = connection.vendor == "sqlite"
WORK = f"{BASE}_work"
ACTOR = connections.Actor("ada")


# Databases


def administer(*statements):
    """Run statements on PostgreSQL outside of a transaction and of the databases in question."""
    import psycopg

    given = connection.settings_dict
    with psycopg.connect(
        host=given["HOST"], port=given["PORT"] or 5432, user=given["USER"],
        password=given["PASSWORD"] or None, dbname="postgres", autocommit=True,
    ) as admin:  # fmt: skip
        for statement in statements:
            admin.execute(statement)


def use(name):
    connection.close()
    connection.settings_dict["NAME"] = name


def drop(name):
    if IS_SQLITE:
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(name + suffix).unlink(missing_ok=True)
    else:
        administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def copy():
    """Make the working database a copy of the one with the initial state."""
    connection.close()
    drop(WORK)
    if IS_SQLITE:
        shutil.copy(BASE, WORK)
    else:
        administer(f'CREATE DATABASE "{WORK}" TEMPLATE "{BASE}"')
    use(WORK)


# The initial state, and the writes


def build():
    """Create the initial state, and return the ids that the writes need."""
    made = connections.create("Okta", guard_percent=100)
    scim = ScimClient(made, connections.issue_token(made).secret)
    boss = scim.make_user("boss", externalId="B", title="Boss")
    maria = scim.make_user(
        "maria",
        externalId="M",
        displayName="Maria",
        emails=[{"value": "maria@example.com", "type": "work", "primary": True}],
        **{ENTERPRISE: {"department": "Sales", "manager": {"value": boss["id"]}}},
    )
    gone = scim.make_user("gone", active=False)
    sales = scim.make_group("Sales", boss, maria)
    spare = connections.issue_token(made)
    return {
        "secret": scim.secret,
        "boss": boss["id"],
        "maria": maria["id"],
        "gone": gone["id"],
        "sales": sales["id"],
        "spare": spare.token.pk,
    }


def patch(*operations):
    return {"schemas": [PATCH], "Operations": list(operations)}


def writes(ids):
    """Return the writes: a method, path and body each, or a function of the public API."""
    user = f"/Users/{ids['maria']}"
    group = f"/Groups/{ids['sales']}"
    new = {
        "schemas": [USER, ENTERPRISE],
        "userName": "new",
        "externalId": "N",
        "displayName": "New",
        "name": {"givenName": "New"},
        "emails": [{"value": "new@example.com", "type": "work", "primary": True}],
        "phoneNumbers": [{"value": "1", "type": "work"}],
        ENTERPRISE: {"department": "Sales", "manager": {"value": ids["boss"]}},
    }
    member = [{"value": ids["gone"]}]
    return {
        "create a user": ("POST", "/Users", new),
        "replace a user": ("PUT", user, {"schemas": [USER], "userName": "rossi", "title": "T"}),
        "change a user": (
            "PATCH",
            user,
            patch(
                {"op": "replace", "path": "userName", "value": "rossi"},
                {"op": "replace", "path": "displayName", "value": "Rossi"},
                {"op": "add", "path": "phoneNumbers", "value": [{"value": "1"}]},
                {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Marketing"},
            ),
        ),
        "deactivate": ("PATCH", user, patch({"op": "replace", "path": "active", "value": False})),
        "reactivate": (
            "PATCH",
            f"/Users/{ids['gone']}",
            patch({"op": "replace", "path": "active", "value": True}),
        ),
        "delete a user": ("DELETE", f"/Users/{ids['boss']}", None),
        "create a group": (
            "POST",
            "/Groups",
            {"schemas": [GROUP], "displayName": "New", "members": [{"value": ids["maria"]}]},
        ),
        "add a member": ("PATCH", group, patch({"op": "add", "path": "members", "value": member})),
        "remove a member": (
            "PATCH",
            group,
            patch({"op": "remove", "path": f'members[value eq "{ids["maria"]}"]'}),
        ),
        "replace a group": (
            "PUT",
            group,
            {"schemas": [GROUP], "displayName": "Marketing", "members": member},
        ),
        "delete a group": ("DELETE", group, None),
        "bulk": (
            "POST",
            "/Bulk",
            {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
                "Operations": [
                    *(
                        {"method": "POST", "path": "/Users", "bulkId": name,
                         "data": {"schemas": [USER], "userName": name, "title": "T"}}
                        for name in ("b1", "b2")
                    ),
                    {"method": "POST", "path": "/Groups", "bulkId": "g",
                     "data": {"schemas": [GROUP], "displayName": "Bulk",
                              "members": [{"value": "bulkId:b1"}, {"value": "bulkId:b2"}]}},
                    {"method": "PATCH", "path": user,
                     "data": patch({"op": "replace", "path": "title", "value": "Bulk"})},
                    {"method": "DELETE", "path": group},
                ],
            },
        ),
        "a refused creation": ("POST", "/Users", {"schemas": [USER], "userName": "MARIA"}),
        "pause": lambda: connections.pause(Connection.objects.get(), actor=ACTOR),
        "revoke": lambda: connections.revoke(Token.objects.get(pk=ids["spare"]), actor=ACTOR),
        "rotate": lambda: connections.rotate(Token.objects.get(pk=ids["spare"]), actor=ACTOR),
        "unassign": lambda: connections.unassign(
            Connection.objects.get(), User.objects.get(username="maria"), actor=ACTOR
        ),
    }  # fmt: skip


def carry_out(write, ids):
    if callable(write):
        write()
        return None
    method, path, body = write
    client = ScimClient(Connection.objects.get(), ids["secret"])
    return client.request(method, path, body).status_code


# Death


class Death:
    """Counts statements and commits, and kills the process or its connection at one of them.

    ``at`` is the number of a moment: before (even) or after (odd) one of them. With None, the
    moments are only counted.
    """

    def __init__(self, at, victim):
        self.at, self.victim, self.moments = at, victim, 0
        self.commit = connection._commit
        connection._commit = self.around_commit

    def moment(self):
        if self.moments == self.at:
            if self.victim == "process":
                os.kill(os.getpid(), signal.SIGKILL)
            connection.connection.close()
        self.moments += 1

    def __call__(self, execute, sql, params, many, context):
        self.moment()
        result = execute(sql, params, many, context)
        self.moment()
        return result

    def around_commit(self):
        self.moment()
        self.commit()
        self.moment()


def in_child(write, ids, at=None, victim="process"):
    """Carry out a write in a child process. Return its report, or None if it was killed."""
    connection.close()
    with tempfile.NamedTemporaryFile("r") as report:
        pid = os.fork()
        if pid == 0:
            try:
                connection.ensure_connection()
                death = Death(at, victim)
                status = error = None
                with connection.execute_wrapper(death):
                    try:
                        status = carry_out(write, ids)
                    except Exception as raised:  # the public API passes the error on
                        error = str(raised)
                with open(report.name, "w") as file:
                    json.dump({"moments": death.moments, "status": status, "error": error}, file)
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        text = report.read()
    return json.loads(text) if text else None


# The invariants


def problems(name, ids):
    """Return the problems of the state of the working database."""
    made = Connection.objects.get()
    found = administration_problems(name, made, ids)
    Connection.objects.update(is_active=True)
    scim = ScimClient(made, ids["secret"])
    present = state_of_site(scim)
    if name == "unassign":
        return found
    found += [f"event and site differ: {each}" for each in
              differences(state_of_events(made), present)]  # fmt: skip
    users = [each for each in present.values() if "userName" in each]
    seen = {each["userName"] for each in users if each.get("active")}
    accounts = set(User.objects.filter(is_active=True).values_list("username", flat=True))
    if seen != accounts:
        found.append(f"accounts without a resource: {accounts ^ seen}")
    return found


def administration_problems(name, made, ids):
    events = Event.objects.filter(action="administration")
    spare = Token.objects.get(pk=ids["spare"])
    happened = {
        "pause": not made.is_active,
        "revoke": spare.revoked is not None,
        "rotate": spare.replaced_by_id is not None,
        "unassign": made.django_scim_userlinks.filter(unassigned=True).exists(),
    }
    wrong = []
    for each, has_happened in happened.items():
        expected = 1 if each == name and has_happened else 0
        if has_happened and each != name:
            wrong.append(f"{each} happened")
        if each == name and events.count() != expected:
            wrong.append(f"{events.count()} events, but happened: {has_happened}")
    return wrong


def main(share):
    drop(BASE)
    if not IS_SQLITE:
        administer(f'CREATE DATABASE "{BASE}"')
    call_command("migrate", verbosity=0)
    ids = build()
    kills, wrong, number = 0, [], 0
    per_write = {}
    for name, write in writes(ids).items():
        copy()
        full = in_child(write, ids)
        wrong += [f"{name}: {each}" for each in problems(name, ids)]
        done = Event.objects.count()
        copy()
        if Event.objects.count() == done and full["status"] != 409:
            wrong.append(f"{name}: no event was written ({full})")
        for victim in ("process", "connection"):
            for at in range(full["moments"]):
                number += 1
                if number % share:
                    continue
                copy()
                report = in_child(write, ids, at, victim)
                if victim == "process" and report is not None:
                    wrong.append(f"{name}, {at}: the process was not killed")
                place = f"{name}, {victim} killed at {at} of {full['moments']}"
                wrong += [f"{place}: {each}" for each in problems(name, ids)]
                kills += 1
                per_write[name] = per_write.get(name, 0) + 1
    connection.close()
    drop(WORK)
    drop(BASE)
    print(json.dumps({"kills": kills, "of": number, "writes": per_write, "wrong": wrong}))


if __name__ == "__main__":
    import logging

    logging.disable(logging.CRITICAL)
    with contextlib.suppress(KeyboardInterrupt):
        main(int(sys.argv[1]))

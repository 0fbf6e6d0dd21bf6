"""A connection cannot find out what another connection does.

The requests of one connection are sent twice: once while the other connection does nothing, and
once while the other one changes its own resources and tries to change those of the first. Statuses,
bodies and the number of SQL statements must be the same.
"""

import json
import os
import re
import uuid

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_scim import connections
from tests.client import ENTERPRISE, GROUP, USER, ScimClient

EXAMPLES = 200 if os.environ.get("SCIM_LONG") else 20
FRAME = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "ROLLBACK")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
VOLATILE = re.compile(r'"\d{4}-\d\d-\d\dT[^"]*Z"|W/\\?"[^"]*\\?"|\[request [0-9a-f]{32}\]')

index = st.integers(0, 5)
value = st.sampled_from(["Guide", "Lead", "guide"])
operations = st.one_of(
    st.tuples(st.just("create"), index, value),
    st.tuples(st.just("title"), index, value),
    st.tuples(st.just("active"), index, st.booleans()),
    st.tuples(st.just("manager"), index, index),
    st.tuples(st.just("delete"), index, value),
    st.tuples(st.just("group"), index, value),
    st.tuples(st.just("member"), index, index),
    st.tuples(st.just("leave"), index, index),
    st.tuples(st.just("ungroup"), index, value),
    st.tuples(st.just("get"), index, value),
    st.tuples(st.just("list"), st.sampled_from(["/Users", "/Groups"]), value),
    st.tuples(st.just("sort"), st.sampled_from(["userName", "title", "externalId"]), value),
    st.tuples(
        st.just("filter"),
        st.sampled_from(
            [
                'title eq "{}"', 'not (title eq "{}")', 'userName sw "a"', "title pr",
                "groups pr", f"{ENTERPRISE}:manager pr", 'externalId co "e"',
            ]
        ),
        value,
    ),
)  # fmt: skip


class Actor:
    """A client that records responses and refers to ids by the order in which it met them."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.scim = ScimClient(connections.create(prefix))
        self.scim.get("/Users")  # records the first use of the token
        self.users, self.groups, self.responses, self.known = [], [], [], {}

    def name(self, text):
        """Return a stable name for an id."""
        return self.known.setdefault(text, f"id-{len(self.known)}")

    def send(self, method, path, body=None, params=None):
        if params:
            from urllib.parse import urlencode

            path = f"{path}?{urlencode(params)}"
        with CaptureQueriesContext(connection) as captured:
            answer = self.scim.request(method, path, body)
        count = sum(not query["sql"].startswith(FRAME) for query in captured)
        text = VOLATILE.sub('"…"', json.dumps(answer.data, sort_keys=True, ensure_ascii=False))
        text = UUID.sub(lambda found: self.name(found[0]), text)
        self.responses.append((method, UUID.sub(lambda f: self.name(f[0]), path),
                          answer.status_code, text, count))  # fmt: skip
        return answer

    def pick(self, kind, number, others=()):
        ids = [*(self.users if kind == "user" else self.groups), *others]
        return ids[number % len(ids)] if ids else "00000000-0000-4000-8000-000000000000"

    def act(self, operation, strangers=()):
        """Do one operation; with ``strangers``, also on ids of the other connection."""
        what, one, other = operation
        user = lambda number: self.pick("user", number, strangers)  # noqa: E731
        group = lambda number: self.pick("group", number, strangers)  # noqa: E731
        match what:
            case "create":
                body = {"schemas": [USER], "userName": f"{self.prefix}-{one}", "title": other,
                        "externalId": f"e{one}"}  # fmt: skip
                answer = self.send("POST", "/Users", body)
                if answer.status_code == 201:
                    self.users.append(answer.data["id"])
            case "group":
                # both connections may push a group of the same name
                body = {"schemas": [GROUP], "displayName": f"Group {one}"}
                answer = self.send("POST", "/Groups", body)
                if answer.status_code == 201:
                    self.groups.append(answer.data["id"])
            case "title" | "active":
                self.patch(f"/Users/{user(one)}", "replace", what, other)
            case "manager":
                path = f"{ENTERPRISE}:manager"
                self.patch(f"/Users/{user(one)}", "replace", path, {"value": user(other)})
            case "member":
                self.patch(f"/Groups/{group(one)}", "add", "members", [{"value": user(other)}])
            case "leave":
                self.patch(f"/Groups/{group(one)}", "remove", f'members[value eq "{user(other)}"]')
            case "delete":
                self.send("DELETE", f"/Users/{user(one)}")
            case "ungroup":
                self.send("DELETE", f"/Groups/{group(one)}")
            case "get":
                self.send("GET", f"/Users/{user(one)}")
            case "list":
                self.send("GET", one)
            case "sort":
                self.send("GET", "/Users", params={"sortBy": one, "sortOrder": "descending"})
            case "filter":
                self.send("GET", "/Users", params={"filter": one.format(other)})

    def patch(self, path, op, attribute, value=None):
        operation = {"op": op, "path": attribute, "value": value}
        if value is None:
            del operation["value"]
        body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [operation]}  # fmt: skip
        self.send("PATCH", path, body)


def run(steps, *, both_act):
    """Return the responses of each connection."""
    with transaction.atomic():
        one, other = Actor("a"), Actor("b")
        for is_other, operation in steps:
            if is_other and both_act:
                other.act(operation, strangers=[*one.users, *one.groups])
            elif not is_other:
                one.act(operation)
        one.send("GET", "/Users")
        one.send("GET", "/Groups")
        transaction.set_rollback(True)
    return one.responses, other.responses


@pytest.mark.django_db
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.booleans(), operations), min_size=4, max_size=18))
def test_other_connection_cannot_be_observed(db, steps):
    alone, _ = run(steps, both_act=False)
    with_other, responses_of_other = run(steps, both_act=True)
    assert alone == with_other
    assert not any(status >= 500 for *_, status, _, _ in alone + responses_of_other)


@pytest.mark.django_db
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(operations, min_size=1, max_size=8))
def test_foreign_ids_are_like_unknown_ids(db, steps):
    """Requests for ids of another connection get the response for ids that do not exist."""
    transcripts = []
    for invent in (False, True):
        with transaction.atomic():
            owner, stranger = Actor("a"), Actor("b")
            for number in range(3):
                owner.act(("create", number, "Guide"))
            owner.act(("group", 1, ""))
            owner.act(("member", 0, 0))
            foreign = [*owner.users, *owner.groups]
            if invent:
                foreign = [str(uuid.UUID(int=n + 1, version=4)) for n in range(len(foreign))]
            before = snapshot(owner)
            for step in steps:
                stranger.act(step, strangers=foreign)
            assert snapshot(owner) == before
            transcripts.append(stranger.responses)
            transaction.set_rollback(True)
    assert transcripts[0] == transcripts[1]


def snapshot(actor):
    return [actor.scim.get(path).data for path in ("/Users", "/Groups")]


# The user name is the exception


@pytest.mark.parametrize("holder", ["another connection", "the site", "staff", "itself"])
def test_taken_username_gives_one_response_for_any_owner(connect, holder):
    from django.contrib.auth.models import User

    scim = connect()
    if holder == "another connection":
        connect().make_user("taken")
    elif holder == "itself":
        scim.make_user("taken")
    else:
        User.objects.create_user("taken", is_staff=holder == "staff")
    answer = scim.post("/Users", {"schemas": [USER], "userName": "TAKEN"})
    detail = answer.data["detail"].partition(" [request")[0]
    assert (answer.status_code, answer.data["scimType"], detail) == (
        409,
        "uniqueness",
        "userName: 'TAKEN' is taken",
    )

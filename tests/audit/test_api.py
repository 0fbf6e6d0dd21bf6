"""The audit log over HTTP: who sees what, filters, pages, errors, statements and query plans."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from django_scim import connections
from django_scim.audit import pages
from django_scim.models import Event
from tests.client import USER, ScimClient

URL = "/scim/audit/"


class Reader:
    """A client of the audit log with a token of some scopes."""

    def __init__(self, scim, *scopes):
        self.client = ScimClient(
            scim.connection,
            connections.issue_token(scim.connection, scopes=scopes).secret,
        )

    def get(self, path=URL, query=None, **headers):
        return self.send("GET", path, query, **headers)

    def send(self, method, path=URL, query=None, **headers):
        http = self.client.http
        extra = {"HTTP_AUTHORIZATION": f"Bearer {self.client.secret}"} | headers
        answer = getattr(http, method.lower())(path, query, **extra)
        answer.data = answer.json() if answer.content else None
        return answer

    def names(self, **query):
        answer = self.get(query=query)
        assert answer.status_code == 200, answer.data
        return [event["name"] for event in answer.data["events"]]

    def walk(self, **query):
        """Return the ids of all pages, and the number of pages."""
        answer, found, count = self.get(query=query), [], 1
        while True:
            assert answer.status_code == 200, answer.data
            found += [event["id"] for event in answer.data["events"]]
            if answer.data["next"] is None:
                return found, count
            answer, count = self.get(answer.data["next"]), count + 1


def make_events(scim, count, **fields):
    now = timezone.now()
    return Event.objects.bulk_create(
        [
            Event(
                connection=scim.connection,
                connection_name=scim.connection.name,
                created=now - timedelta(seconds=count - n),
                **{
                    "action": "update",
                    "outcome": "success",
                    "resource_type": "User",
                    "object_name": f"user{n}",
                    "name_key": f"user{n}",
                    "external_key": f"e{n}",
                    "scim_id": f"id{n}",
                    "external_id": f"E{n}",
                    "correlation_id": f"r{n}",
                    "status": 200,
                }
                | fields,
            )
            for n in range(count)
        ],
        batch_size=500,
    )


@pytest.fixture
def reader(scim):
    return Reader(scim, "audit:read")


# Scopes of tokens


def test_a_token_has_no_scope_of_the_log_by_default(scim):
    answer = Reader(scim, *connections.issue_token(scim.connection).token.scopes).get()
    assert answer.status_code == 403
    assert "audit:read" in answer.data["detail"]


def test_the_scope_of_the_log_permits_nothing_else(scim):
    token = connections.issue_token(scim.connection, scopes=["audit:read", "audit:read-all"])
    client = ScimClient(scim.connection, token.secret)
    assert client.get("/Users").status_code == 403
    assert client.post("/Users", {"schemas": [USER], "userName": "x"}).status_code == 403


def test_own_events_only(connect):
    first, second = connect(), connect()
    first.make_user("mine")
    second.make_user("theirs")
    first.http.get("/scim/v2/Users", HTTP_AUTHORIZATION="Bearer wrong")  # of no connection
    reader = Reader(first, "audit:read")
    assert reader.names() == ["mine"]
    assert reader.names(action="authentication") == []
    theirs = Event.objects.get(object_name="theirs")
    assert reader.get(f"{URL}{theirs.pk}").status_code == 404
    assert reader.names(connection=second.connection.name) == []
    everything = Reader(first, "audit:read-all")
    failed = everything.get(query={"action": "authentication"}).data["events"]
    assert [each["status"] for each in failed] == [401]
    assert everything.names(action="create") == ["theirs", "mine"]
    assert everything.get(f"{URL}{theirs.pk}").data["name"] == "theirs"
    assert everything.names(connection=second.connection.name) == ["theirs"]


def test_a_cursor_of_another_connection_is_refused(connect):
    first, second = connect(), connect()
    make_events(first, 3)
    cursor = Reader(first, "audit:read").get(query={"page_size": 1}).data["cursor"]
    answer = Reader(second, "audit:read").get(query={"page_size": 1, "cursor": cursor})
    assert (answer.status_code, answer.data["scimType"]) == (400, "invalidCursor")


def test_the_token_of_a_tenant_never_reads_all_events(connect, django_user_model):
    owner = django_user_model.objects.create_user("owner")
    scim = connect(tenant=owner)
    with translation.override("en"), pytest.raises(ValueError, match="tenant"):
        connections.issue_token(scim.connection, scopes=["audit:read-all"])


def test_a_connection_does_not_see_where_admins_are(scim, reader):
    actor = connections.Actor("admin ada", address="192.0.2.7", user_agent="Firefox")
    connections.pause(scim.connection, actor=actor)
    connections.resume(scim.connection, actor=actor)
    (resumed, paused) = reader.get().data["events"]
    assert "paused by admin ada" in paused["detail"]
    for event in (resumed, paused):
        assert not {"address", "user_agent", "object_type", "object_key"} & event.keys()
    seen = Reader(scim, "audit:read-all").get().data["events"][0]
    assert (seen["address"], seen["user_agent"]) == ("192.0.2.7", "Firefox")


def test_revoked_expired_and_paused(scim, reader):
    token = scim.connection.tokens.get(scopes=["audit:read"])
    connections.pause(scim.connection)
    assert reader.get().status_code == 401
    connections.resume(scim.connection)
    assert reader.get().status_code == 200
    connections.revoke(token)
    answer = reader.get()
    assert answer.status_code == 401 and "Bearer" in answer["WWW-Authenticate"]


def test_secrets_are_not_in_the_answer(scim, reader):
    body = {"schemas": [USER], "userName": "", "password": "Tr0ub4dor&3"}
    assert scim.post("/Users", body).status_code == 400
    answer = reader.get()
    assert answer.data["events"][0]["outcome"] == "failure"
    assert "Tr0ub4dor" not in answer.content.decode()
    assert scim.secret not in answer.content.decode()
    assert reader.client.secret not in answer.content.decode()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_log_cannot_be_changed(scim, reader, method):
    scim.make_user("mine")
    event = Event.objects.get()
    for path in (URL, f"{URL}{event.pk}"):
        answer = reader.send(method, path)
        assert answer.status_code == 405
        assert answer["Allow"] == "GET, HEAD, OPTIONS"
    assert Event.objects.filter(pk=event.pk).exists()


def test_accounts_out_of_reach_are_neither_shown_nor_found(connect):
    """An account that became staff, and that the site renamed since."""
    scim = connect()
    user = scim.make_user("maria", externalId="E1")
    User.objects.filter(username="maria").update(username="the-new-ceo", is_staff=True)
    assert scim.get(f"/Users/{user['id']}").status_code == 404
    reader = Reader(scim, "audit:read")
    (refused,) = reader.get(query={"outcome": "failure"}).data["events"]
    assert refused["name"] == "" and refused["external_id"] == ""
    assert "reason" not in refused and "reason_params" not in refused
    assert "the-new-ceo" not in str(reader.get().data)
    assert reader.names(name="the-new") == []
    everything = Reader(scim, "audit:read-all")
    assert everything.names(name="the-new") == ["the-new-ceo"]


# Filters


def test_each_filter(connect):
    scim = connect()
    reader = Reader(scim, "audit:read-all")
    long_ago = timezone.now() - timedelta(days=3)
    common = {"connection": scim.connection, "connection_name": scim.connection.name}
    wanted = Event.objects.create(
        **common,
        created=long_ago,
        action="create",
        outcome="failure",
        resource_type="Device",
        status=409,
        scim_type="uniqueness",
        scim_id="0c5d",
        external_id="E=7",
        correlation_id="r-1",
        object_name="Maria.Rossi@example.com",
        name_key="maria.rossi@example.com",
        display_key="rossi, maria",
        external_key="e=7",
        reason="username_taken",
    )
    other = {"object_name": "other", "name_key": "other", "scim_id": "1"}
    Event.objects.create(**common, **other, external_id="e=7", external_key="e=7")
    before = (long_ago + timedelta(hours=1)).isoformat()
    for query in (
        {"until": before},
        {"action": "create"},
        {"action": ["create", "delete"]},
        {"outcome": "failure"},
        {"resource_type": "Device"},
        {"status": "409"},
        {"scim_type": "uniqueness"},
        {"scim_id": "0c5d"},
        {"external_id": "E=7"},
        {"request_id": "r-1"},
        {"name": "maria"},
        {"name": "MARIA.ROSSI@"},
        {"name": "Rossi, M"},
        {"reason": "username_taken"},
        {"name": "maria", "outcome": "failure", "connection": scim.connection.name},
    ):
        answer = reader.get(query=query)
        assert [each["id"] for each in answer.data["events"]] == [wanted.pk], query
    assert reader.names(since=before) == ["other"]
    assert reader.names(name="aria") == []
    assert reader.names(name="%a") == []
    assert reader.names(name="maria", outcome="success") == []


@pytest.mark.parametrize(
    "query, word",
    [
        ({"outcom": "failure"}, "outcom"),
        ({"outcome": "failed"}, "outcome"),
        ({"action": ["create", "x"]}, "action"),
        ({"since": "yesterday"}, "since"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since"),
        ({"until": "9999-12-31T23:59:59-14:00"}, "until"),
        ({"status": "4xx"}, "status"),
        ({"status": "99999999999999999999"}, "status"),
        ({"name": "m"}, "name"),
        ({"name": "ma\x00"}, "name"),
        ({"scim_id": "\x00"}, "scim_id"),
        ({"order": "random"}, "order"),
        ({"page_size": "0"}, "page_size"),
        ({"page_size": "-1"}, "page_size"),
        ({"page_size": "many"}, "page_size"),
        ({"cursor": ["a", "b"]}, "cursor"),
    ],
)
def test_a_wrong_parameter_is_an_error(reader, query, word):
    answer = reader.get(query=query)
    assert (answer.status_code, answer.data["scimType"]) == (400, "invalidValue")
    assert answer.data["detail"].startswith(word)
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", ["x", "0", "99999999999999999999", "1/2", "v2"])
def test_an_event_that_does_not_exist(reader, path):
    assert reader.get(URL + path).status_code == 404


# Pages


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_pages_have_each_event_once(scim, reader, order):
    moment = timezone.now()
    made = make_events(scim, 7)
    for event in made[2:6]:  # four of the same moment
        event.created = moment
        event.save()
    found, count = reader.walk(page_size=3, order=order)
    rows = Event.objects.order_by("created", "pk").values_list("pk", flat=True)
    assert found == (list(rows) if order == "oldest" else list(rows)[::-1])
    assert count == 3


def test_new_events_do_not_shift_the_pages(scim, reader):
    make_events(scim, 4)
    first = reader.get(query={"page_size": 2}).data
    make_events(scim, 2, object_name="new")
    second = reader.get(first["next"]).data
    assert [each["name"] for each in second["events"]] == ["user1", "user0"]


def test_reading_on_where_the_last_request_ended(scim, reader):
    make_events(scim, 3)
    first = reader.get(query={"order": "oldest"}).data
    assert first["next"] is None and len(first["events"]) == 3
    scim.make_user("later")
    second = reader.get(query={"order": "oldest", "cursor": first["cursor"]}).data
    assert [each["name"] for each in second["events"]] == ["later"]
    third = reader.get(query={"order": "oldest", "cursor": second["cursor"]}).data
    assert third["events"] == [] and third["cursor"] == second["cursor"]


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_filter_without_an_index_looks_at_a_limited_number_of_events(
    scim, reader, monkeypatch, order
):
    monkeypatch.setattr(pages, "SCANNED", 10)
    made = make_events(scim, 45)
    moment = made[20].created
    for number in (3, 19, 20, 21, 44):
        made[number].outcome = "failure"
        made[number].save()
    Event.objects.filter(pk__in=[each.pk for each in made[18:23]]).update(created=moment)
    found, count = reader.walk(outcome="failure", order=order)
    wanted = [made[number].pk for number in (3, 19, 20, 21, 44)]
    assert found == (wanted if order == "oldest" else wanted[::-1])
    assert 4 <= count <= 6


def test_a_cursor_belongs_to_its_query(scim, reader):
    make_events(scim, 5)
    cursor = reader.get(query={"page_size": 2}).data["cursor"]
    for query in ({"outcome": "success"}, {"order": "oldest"}):
        answer = reader.get(query=query | {"cursor": cursor})
        assert (answer.status_code, answer.data["scimType"]) == (400, "invalidCursor")
    assert reader.get(query={"cursor": cursor + "x"}).data["scimType"] == "invalidCursor"
    assert reader.get(query={"cursor": cursor, "page_size": 3}).status_code == 200


# Cost


FILTERS = [
    {},
    {"since": "2020-01-01T00:00:00Z"},
    {"until": "2100-01-01T00:00:00Z"},
    {"action": "delete"},
    {"outcome": "failure"},
    {"resource_type": "Group"},
    {"status": 409},
    {"scim_type": "uniqueness"},
    {"scim_id": "id5"},
    {"external_id": "E5"},
    {"request_id": "r5"},
    {"name": "user5"},
]


def test_the_number_of_statements_does_not_depend_on_the_number_of_events(scim, reader):
    counts = []
    for number in (1, 40):
        make_events(scim, number)
        for query in FILTERS:
            reader.get(query=query)  # stores the token's last use
            with CaptureQueriesContext(connection) as captured:
                assert reader.get(query=query).status_code == 200
            reads = [q for q in captured if q["sql"].lstrip("(").startswith("SELECT")]
            counts.append(len(reads))
    assert counts[: len(FILTERS)] == counts[len(FILTERS) :]
    assert max(counts) == 3  # the token, the limit of the page, the page


@pytest.mark.django_db(transaction=True)  # MariaDB's ANALYZE ends a transaction
@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("scope", ["audit:read", "audit:read-all"])
def test_each_filter_uses_an_index(connect, monkeypatch, scope, order):
    monkeypatch.setattr(pages, "SCANNED", 100)
    scim, other = connect(), connect()
    make_events(scim, 1_500)
    make_events(other, 1_500)
    with connection.cursor() as cursor:
        table = "" if connection.vendor == "postgresql" else Event._meta.db_table
        what = "TABLE " if connection.vendor == "mysql" else ""
        cursor.execute(f"ANALYZE {what}{table}")
    reader = Reader(scim, scope)
    for query in [*FILTERS, {"connection": scim.connection.name}]:
        with CaptureQueriesContext(connection) as captured:
            reader.get(query=query | {"page_size": 10, "order": order})
        table = connection.ops.quote_name(Event._meta.db_table)
        reads = [q["sql"] for q in captured if f"FROM {table}" in q["sql"]]
        assert reads
        for sql in reads:
            assert not costly_steps(sql), (query, sql)


def costly_steps(sql):
    """Return the steps of a plan that read or sort the whole table.

    A scan of the index on the time is not among them, because it ends with the page.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("EXPLAIN QUERY PLAN " + sql)
            steps = [row[3] for row in cursor.fetchall()]
            walk = "USING INDEX scim_event_time", "USING COVERING INDEX scim_event_time"
            return [s for s in steps if s.startswith("SCAN") and not s.endswith(walk)] + [
                step
                for step in steps
                if "B-TREE FOR ORDER BY" in step
                and not any(
                    re.search(r"\(\w+_(id|key)[=>]", s) and "connection_id=" not in s for s in steps
                )
            ]
        cursor.execute("EXPLAIN " + sql)
        if connection.vendor == "postgresql":
            return [
                row[0] for row in cursor.fetchall() if "Seq Scan on django_scim_event" in row[0]
            ]
        names = [column[0] for column in cursor.description]
        steps = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return [
            step
            for step in steps
            if step["table"] == Event._meta.db_table
            and step["type"] != "index_merge"  # sorts what it found by the indexes of names
            and (step["type"] == "ALL" or ("filesort" in step["Extra"] and int(step["rows"]) > 100))
        ]

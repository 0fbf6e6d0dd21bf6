"""The filters of the list of events, and its export."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from django_scim.models import Event

EVENTS = "event/"


def export(pages, kind="csv", **query):
    answer = pages.client.post(f"/admin/django_scim/event/export/{kind}/", query_params=query)
    assert answer.status_code == 200, answer.status_code
    return b"".join(answer.streaming_content).decode()


def rows(text):
    assert text[0] == "\ufeff"
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


@pytest.fixture
def some(connect):
    """Return two connections with a few events."""
    okta, entra = connect(), connect()
    for scim, name, outcome in (
        (okta, "maria.rossi@example.com", "failure"),
        (okta, "marc@example.com", "success"),
        (entra, "maria.verdi@example.com", "failure"),
    ):
        Event.objects.create(
            connection=scim.connection,
            connection_name=scim.connection.name,
            action="create",
            outcome=outcome,
            resource_type="User",
            scim_type="uniqueness" if outcome == "failure" else "",
            object_name=name,
            name_key=name,
            refused=timezone.now() if outcome == "failure" else None,
            status=409 if outcome == "failure" else 201,
        )
    return okta.connection, entra.connection


def listed(ada, **query):
    answer = ada.get(EVENTS, **query)
    assert answer.status_code == 200, answer.status_code
    return sorted(event.object_name for event in answer.context["cl"].result_list)


@pytest.mark.parametrize(
    "query, expected",
    [
        ({"outcome": "failure"}, ["maria.rossi@example.com", "maria.verdi@example.com"]),
        ({"outcome": ["failure", "success"], "name": "MARC"}, ["marc@example.com"]),
        ({"action": "delete"}, []),
        ({"scim_type": "uniqueness", "name": "maria.r"}, ["maria.rossi@example.com"]),
        ({"resource_type": "Group"}, []),
        ({"status": "201"}, ["marc@example.com"]),
        ({"until": "2020-01-01T00:00:00Z"}, []),
    ],
)
def test_the_list_and_the_export_have_the_filters_of_the_api(some, ada, query, expected):
    assert listed(ada, **query) == expected
    assert sorted(row["name"] for row in rows(export(ada, **query))) == expected
    lines = export(ada, "jsonl", **query).splitlines()
    assert sorted(json.loads(line)["name"] for line in lines) == expected


def test_filter_by_connection(some, ada):
    page = ada.read(EVENTS, connection=some[1].name)
    assert "maria.verdi" in page and "maria.rossi" not in page
    assert some[0].name in page  # the other choice


def test_an_invalid_filter_never_shows_or_exports_everything(some, ada):
    for query in ({"outcome": "nonsense"}, {"since": "yesterday"}, {"nonsense": "1"}):
        answer = ada.get(EVENTS, **query)
        assert (answer.status_code, answer["Location"]) == (302, "/admin/django_scim/event/?e=1")
        answer = ada.client.post("/admin/django_scim/event/export/csv/", query_params=query)
        assert (answer.status_code, answer["Location"]) == (302, "/admin/django_scim/event/?e=1")


def test_a_filter_without_choices_is_shown_while_it_is_used(some, ada):
    assert "request id" not in [
        str(each.title) for each in ada.get(EVENTS).context["cl"].filter_specs
    ]
    specs = ada.get(EVENTS, request_id="r7").context["cl"].filter_specs
    assert "request id" in [str(each.title) for each in specs]


FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    " =1+1",
    "\n=1+1",
    "\u00a0=1+1",
    "＝1+1",
    "＠SUM(A1)",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(some, ada, text):
    Event.objects.create(action="create", outcome="failure", object_name=text, detail=f"a;{text}")
    for row in rows(export(ada)):
        for value in row.values():
            for cell in [value, *value.split(";")]:
                assert cell.strip(' \t\r\n\u00a0"')[:1] not in (*"=+-@＝＋－＠",), value
    (line,) = [json.loads(each) for each in export(ada, "jsonl", action="create").splitlines()
               if json.loads(each)["name"] not in NAMES]  # fmt: skip
    assert line["name"] == text  # JSON is exact


NAMES = ("maria.rossi@example.com", "marc@example.com", "maria.verdi@example.com")


def test_an_export_needs_its_permission(some, staff):
    viewer = staff("view_event")
    assert "Export as" not in viewer.client.get("/admin/django_scim/event/").content.decode()
    assert viewer.client.post("/admin/django_scim/event/export/csv/").status_code == 403
    blind = staff("export_events", name="blind")
    assert blind.client.post("/admin/django_scim/event/export/csv/").status_code == 403
    exporter = staff("view_event", "export_events", name="exporter")
    page = exporter.client.get("/admin/django_scim/event/?outcome=failure").content.decode()
    assert 'action="/admin/django_scim/event/export/csv/?outcome=failure"' in page
    assert len(rows(export(exporter, outcome="failure"))) == 2


def test_an_export_is_an_event(some, ada):
    export(ada, outcome="failure", q="scim_Abcdefghijklmnopqrstuvwxyz0123456789")
    event = Event.objects.get(action="administration")
    assert event.detail == "events exported by admin ada"
    changed = {change["path"]: change["new"] for change in event.changes}
    assert changed["format"] == "csv" and "outcome=failure" in changed["filter"]
    assert "Abcdefghijkl" not in str(event.changes)


def test_an_export_is_no_get_and_has_a_known_format(some, ada):
    assert ada.client.get("/admin/django_scim/event/export/csv/").status_code == 405
    assert ada.client.post("/admin/django_scim/event/export/xlsx/").status_code == 404
    assert not Event.objects.filter(action="administration").exists()


def test_an_export_is_streamed_in_batches(some, ada, django_assert_num_queries):
    now = timezone.now()
    Event.objects.bulk_create(
        [
            Event(action="read", outcome="success", created=now - timedelta(seconds=n // 3))
            for n in range(2_500)
        ]
    )
    answer = ada.client.post(
        "/admin/django_scim/event/export/jsonl/", query_params={"action": "read"}
    )
    content = iter(answer.streaming_content)
    with django_assert_num_queries(1):
        next(content)
    with django_assert_num_queries(2):
        lines = [json.loads(line) for line in content]
    assert len({line["id"] for line in lines}) == 2_499


def test_the_fields_hold_no_secret(connect, ada):
    scim = connect()
    scim.post("/Users", {"schemas": ["x"], "userName": "m", "password": "Tr0ub4dor&3"})
    for kind in ("csv", "jsonl"):
        text = export(ada, kind)
        assert "Tr0ub4dor" not in text and scim.secret not in text

"""Paging by cursor (RFC 9865), and the limits of a query."""

import re
import time

import pytest

from django_scim.models import UserLink
from tests.client import SEARCH, ScimClient, assert_error

UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")


@pytest.fixture
def five(scim):
    for number in range(5):
        scim.make_user(f"u{number}")
    return scim


def page(scim, cursor="", count=2, endpoint="/Users", **params):
    return scim.get(endpoint, {"cursor": cursor, "count": count, **params})


def names(answer):
    return [each["userName"] for each in answer.data["Resources"]]


def test_cur_01_first_request_and_characters_of_a_cursor(five):
    first = page(five).data
    assert UNRESERVED.fullmatch(first["nextCursor"])
    assert len(first["Resources"]) == 2


def test_cur_02_next_cursor_on_all_pages_but_the_last(five):
    cursor, seen, pages = "", [], 0
    while cursor is not None:
        answer = page(five, cursor)
        seen, pages = seen + names(answer), pages + 1
        cursor = answer.data.get("nextCursor")
    assert (seen, pages) == ([f"u{number}" for number in range(5)], 3)


def test_cur_03_no_previous_cursor_on_the_first_page(five):
    assert "previousCursor" not in page(five).data


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (4, 4), (0, 0), (-1, 0), (99, 5)])
def test_cur_04_no_more_than_count(five, count, shown):
    assert len(page(five, count=count).data["Resources"]) == shown


def test_cur_05_errors(five, settings, monkeypatch):
    settings.DJANGO_SCIM = {"CURSOR_TIMEOUT": 60}
    cursor = page(five).data["nextCursor"]
    assert_error(page(five, cursor[:-2] + "AA"), 400, "invalidCursor")
    assert_error(page(five, cursor, count=3), 400, "invalidCount", "count")
    assert_error(page(five, count="many"), 400, "invalidCount", "count")
    now = time.time()
    monkeypatch.setattr("django_scim.api.http.cursors.time.time", lambda: now + 90)
    assert_error(page(five, cursor), 400, "expiredCursor", "60")


def test_cur_06_total_results(five):
    answer = page(five, page(five).data["nextCursor"])
    assert answer.data["totalResults"] == 5


def test_cur_07_paging_by_index_is_the_default(five):
    plain = five.get("/Users", {"count": 2}).data
    assert plain["startIndex"] == 1
    assert "nextCursor" not in plain
    assert "startIndex" not in page(five).data


def test_cur_08_published(scim):
    assert scim.get("/ServiceProviderConfig").data["pagination"] == {
        "cursor": True, "index": True, "defaultPaginationMethod": "index",
        "defaultPageSize": 100, "maxPageSize": 1000, "cursorTimeout": 3600,
    }  # fmt: skip


def test_cur_09_in_a_search_request(five):
    body = {"schemas": [SEARCH], "cursor": "", "count": 3}
    first = five.post("/Users/.search", body)
    second = five.post("/Users/.search", body | {"cursor": first.data["nextCursor"]})
    assert names(first) + names(second) == [f"u{number}" for number in range(5)]
    assert "nextCursor" not in second.data


def test_cur_10_cursor_grants_no_access(five, connect):
    other = connect()
    for number in range(3):
        other.make_user(f"v{number}")
    stolen, forged = page(five).data["nextCursor"], "AAAA.BBBB.CCCC"
    details = []
    for cursor in (stolen, forged):
        answer = page(other, cursor)
        assert_error(answer, 400, "invalidCursor")
        details.append(answer.data["detail"].partition(" [request")[0])
    assert details[0] == details[1]
    nobody = ScimClient(five.connection, "scim_no_such_token")
    assert_error(page(nobody, stolen), 401)


def test_cur_11_errors_disclose_nothing(five):
    cursor = page(five).data["nextCursor"]
    before = page(five, cursor + "A").data["detail"].partition(" [request")[0]
    UserLink.objects.all().delete()
    after = page(five, cursor + "A").data["detail"].partition(" [request")[0]
    assert before == after
    assert "u2" not in before


def test_cur_12_same_query_on_every_page(five):
    cursor = page(five, filter="userName pr", sortBy="userName").data["nextCursor"]
    same = {"filter": "userName pr", "sortBy": "userName"}
    for other in (
        {"filter": 'userName sw "u"'},
        {"sortBy": "title"},
        {"sortOrder": "descending"},
        {"attributes": "userName"},
    ):
        assert_error(page(five, cursor, **(same | other)), 400, "invalidCursor")
    assert names(page(five, cursor, **same)) == ["u2", "u3"]


def test_drf_03_paging_by_cursor(five):
    """Paging by cursor is published, supported, and described in the schema (RFC 9865)."""
    assert names(page(five, page(five).data["nextCursor"])) == ["u2", "u3"]
    urn = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
    described = [each["name"] for each in five.get(f"/Schemas/{urn}").data["attributes"]]
    assert "pagination" in described


def test_fil_32_too_many(five, settings):
    settings.DJANGO_SCIM = {"MAX_RESULTS": 4}
    assert_error(five.get("/Users"), 400, "tooMany", "4")
    assert_error(five.get("/", {"filter": "userName pr"}), 400, "tooMany")
    assert_error(five.post("/Users/.search", {"schemas": [SEARCH]}), 400, "tooMany")
    assert five.get("/Users", {"count": 5}).data["totalResults"] == 5
    assert len(five.find('userName eq "u1"')) == 1


def test_fil_34_sensitive_filters(five, settings):
    settings.DJANGO_SCIM = {"SENSITIVE_FILTERS": ["userName"]}
    assert_error(five.get("/Users", {"filter": 'userName eq "u1"'}), 403, "sensitive", "userName")
    assert five.get("/Users", {"filter": "title pr"}).status_code == 200
    body = {"schemas": [SEARCH], "filter": 'userName eq "u1"'}
    assert names(five.post("/Users/.search", body)) == ["u1"]

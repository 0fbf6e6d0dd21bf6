"""Paging by cursor (RFC 9865)."""

import base64
import itertools
import json
import re
import time

import pytest
from django.contrib.auth import get_user_model
from django.core.signing import TimestampSigner

from django_scim import connections
from django_scim.models import UserLink

from ..client import SEARCH, ScimClient, assert_error
from .cursors import assert_invalid, first_cursor, names

UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+")


# Requests and responses


def test_cursor_pages(five_users):
    pages = list(five_users.pages(count=2))
    assert names(pages) == ["u0", "u1", "u2", "u3", "u4"]
    assert [page["itemsPerPage"] for page in pages] == [2, 2, 1]
    for page in pages[:-1]:
        assert UNRESERVED.fullmatch(page["nextCursor"])
    for page in pages:
        assert page["totalResults"] == 5
        assert "startIndex" not in page
        assert "previousCursor" not in page


def test_last_page_may_be_full(five_users):
    assert [page["itemsPerPage"] for page in five_users.pages(count=5)] == [5]
    assert [page["itemsPerPage"] for page in five_users.pages()] == [5]
    assert [page["itemsPerPage"] for page in five_users.pages(filter='userName eq "x"')] == [0]


def test_page_without_cursor_has_start_index(five_users):
    page = five_users.get("/Users", {"count": 2}).data
    assert page["startIndex"] == 1
    assert "nextCursor" not in page


def test_cursor_by_post(five_users):
    body = {"schemas": [SEARCH], "cursor": "", "count": 3, "sortBy": "userName",
            "sortOrder": "descending", "attributes": ["userName"]}  # fmt: skip
    first = five_users.post("/Users/.search", body).data
    second = five_users.post("/Users/.search", body | {"cursor": first["nextCursor"]}).data
    assert names([first, second]) == ["u4", "u3", "u2", "u1", "u0"]
    assert "nextCursor" not in second
    assert_error(
        five_users.post("/Users/.search", body | {"cursor": 5}), 400, "invalidSyntax", "cursor"
    )


def test_cursor_pages_of_groups(five_users):
    for number in range(3):
        five_users.make_group(f"g{number}")
    pages = list(five_users.pages("/Groups", count=2))
    shown = [each["displayName"] for page in pages for each in page["Resources"]]
    assert shown == ["g0", "g1", "g2"]


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (-3, 0), (10**12, 5), ("", 5)])
def test_count(five_users, count, shown):
    page = five_users.get("/Users", {"cursor": "", "count": count}).data
    assert (page["totalResults"], page["itemsPerPage"]) == (5, shown)
    assert "nextCursor" not in page


def test_page_size_is_limited(five_users, settings):
    settings.DJANGO_SCIM = {"MAX_PAGE_SIZE": 2}
    assert [page["itemsPerPage"] for page in five_users.pages(count=50)] == [2, 2, 1]


@pytest.mark.parametrize("count", ["one", "1.5", "--1"])
def test_rejects_malformed_count(five_users, count):
    assert_error(
        five_users.get("/Users", {"cursor": "", "count": count}), 400, "invalidCount", "count"
    )


def test_count_may_change_between_pages(five_users):
    cursor = first_cursor(five_users)
    assert_error(five_users.get("/Users", {"cursor": cursor, "count": 3}), 400, "invalidCount", "2")
    assert_error(five_users.get("/Users", {"cursor": cursor}), 400, "invalidCount")


def test_cursor_and_start_index_are_exclusive(five_users):
    answer = five_users.get("/Users", {"cursor": "", "startIndex": 1})
    assert_error(answer, 400, "invalidValue", "startIndex", "cursor")


def test_query_may_change_the_case_of_names(five_users):
    """The example in RFC 9865 section 2 uses userName first and username later."""
    cursor = first_cursor(five_users, filter='userName sw "U"', sortBy="userName")
    again = {"filter": '  USERNAME SW "U"', "sortBy": "username", "count": 2, "cursor": cursor}
    assert names([five_users.get("/Users", again).data]) == ["u2", "u3"]


# Validation


def test_rejects_forged_cursor(five_users):
    cursor = first_cursor(five_users)
    plain = json.dumps([int(time.time()), 2, "User", None, 1])
    changed = [
        cursor[:at] + ("B" if cursor[at] != "B" else "C") + cursor[at + 1 :]
        for at in range(len(cursor))
    ]
    for forged in (
        "x", ".", "..", "é", "\0", "a" * 3000, "A" * 22, "A" * len(cursor), cursor[:-1], cursor[1:],
        cursor + "A", f"{cursor}=", f" {cursor}", cursor[:-43], cursor * 2, cursor.swapcase(),
        base64.urlsafe_b64encode(plain.encode()).decode(), plain, TimestampSigner().sign(plain),
        *changed,
    ):  # fmt: skip
        assert_invalid(five_users.get("/Users", {"cursor": forged, "count": 2}))
    long = {"schemas": [SEARCH], "cursor": "A" * 1_000_000, "count": 2}
    assert_invalid(five_users.post("/Users/.search", long))
    assert five_users.get("/Users", {"cursor": cursor, "count": 2}).status_code == 200


def hidden_in(cursor):
    """Return the readable forms of a cursor: as it is, decoded, and decompressed."""
    data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    return cursor.encode() + data


@pytest.mark.parametrize("sort", ["userName", "title", "meta.created", "id", "emails", None])
def test_cursor_shows_nothing(scim, sort):
    """Neither the sort key nor the primary key, nor how long a short key is."""
    query = {"sortBy": sort} if sort else {}
    lengths = set()
    for number, name in enumerate(("a", "lovelace", "x" * 60)):
        made = [
            scim.make_user(f"{name}{n}", title=f"{name}{n}", emails=[{"value": f"{name}{n}@e.org"}])
            for n in range(2)
        ]
        UserLink.objects.filter(scim_id=made[0]["id"]).update(id=7_123_456_789 + 10 * number)
        UserLink.objects.filter(scim_id=made[1]["id"]).update(id=7_123_456_790 + 10 * number)
        cursor = first_cursor(scim, count=1, filter=f'userName sw "{name}"', **query)
        shown = hidden_in(cursor)
        for text in (name if len(name) > 1 else made[0]["id"], made[0]["id"], "71234567", "User",
                     made[0]["meta"]["created"][:10], "[", '"'):  # fmt: skip
            if len(text) > 1:
                assert text.encode() not in shown
        lengths.add(len(cursor))
    assert len(lengths) == 1


def test_cursors_of_neighbours_have_nothing_in_common(five_users):
    """One changed bit of the position changes the whole cursor."""
    cursors = [hidden_in(page["nextCursor"])[1:] for page in list(five_users.pages(count=1))[:-1]]
    for one, two in itertools.combinations(cursors, 2):
        same = sum(a == b for a, b in zip(one, two, strict=True))
        assert same < len(one) / 8  # the share of equal characters in random text


def test_cursor_of_an_earlier_secret_key(five_users, settings):
    cursor = first_cursor(five_users)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another"
    assert_invalid(five_users.get("/Users", {"cursor": cursor, "count": 2}))
    settings.SECRET_KEY_FALLBACKS = ["third", old]
    answer = five_users.get("/Users", {"cursor": cursor, "count": 2})
    assert names([answer.data]) == ["u2", "u3"]
    settings.SECRET_KEY_FALLBACKS = []
    assert_invalid(five_users.get("/Users", {"cursor": cursor, "count": 2}))
    later = {"cursor": answer.data["nextCursor"], "count": 2}
    assert names([five_users.get("/Users", later).data]) == ["u4"]


def test_rejects_cursor_of_another_connection(five_users, connect):
    other = connect()
    for number in range(3):
        other.make_user(f"v{number}")
    of_five, of_other = first_cursor(five_users), first_cursor(other)
    assert_invalid(other.get("/Users", {"cursor": of_five, "count": 2}))
    assert_invalid(five_users.get("/Users", {"cursor": of_other, "count": 2}))
    assert names([other.get("/Users", {"cursor": of_other, "count": 2}).data]) == ["v2"]


def test_accepts_another_token_of_the_same_connection(five_users):
    again = ScimClient(five_users.connection, connections.issue_token(five_users.connection).secret)
    answer = again.get("/Users", {"cursor": first_cursor(five_users), "count": 2})
    assert names([answer.data]) == ["u2", "u3"]


def test_rejects_cursor_with_another_query(five_users):
    for name in ("g0", "g1", "g2"):
        five_users.make_group(name)
    query = {"filter": 'displayName co "e"', "sortBy": "displayName", "count": 2}
    cursor = first_cursor(five_users, **query)
    assert five_users.get("/Users", query | {"cursor": cursor}).status_code == 200
    for other in (
        {"filter": 'displayName co "o"'}, {"filter": 'not (displayName co "e")'},
        {"filter": 'displayName co "e" and userName pr'}, {"sortBy": "userName"},
        {"sortOrder": "descending"}, {"attributes": "userName"}, {"excludedAttributes": "emails"},
    ):  # fmt: skip
        assert_invalid(five_users.get("/Users", query | other | {"cursor": cursor}))
    assert_invalid(five_users.get("/Groups", query | {"cursor": cursor}))
    assert_invalid(five_users.get("/", query | {"cursor": cursor}))
    of_groups = first_cursor(five_users, "/Groups")
    assert_invalid(five_users.get("/Users", {"count": 2, "cursor": of_groups}))
    assert five_users.get("/Groups", {"count": 2, "cursor": of_groups}).status_code == 200


def test_rejects_expired_cursor(five_users, settings, monkeypatch):
    settings.DJANGO_SCIM = {"CURSOR_TIMEOUT": 60}
    cursor = first_cursor(five_users)
    now = time.time()
    monkeypatch.setattr("django_scim.api.http.cursors.time.time", lambda: now + 55)
    assert five_users.get("/Users", {"cursor": cursor, "count": 2}).status_code == 200
    monkeypatch.setattr("django_scim.api.http.cursors.time.time", lambda: now + 65)
    assert_error(
        five_users.get("/Users", {"cursor": cursor, "count": 2}), 400, "expiredCursor", "60"
    )
    assert_invalid(five_users.get("/Users", {"cursor": f"{cursor}x", "count": 2}))


def test_cursor_grants_no_access(five_users):
    """A user who becomes privileged while paging is on no later page."""
    cursor = first_cursor(five_users)
    get_user_model().objects.filter(username="u2").update(is_staff=True)
    page = five_users.get("/Users", {"cursor": cursor, "count": 2}).data
    assert (names([page]), page["totalResults"]) == (["u3", "u4"], 4)
    only_groups = connections.issue_token(five_users.connection, scopes=["groups:read"]).secret
    poor = ScimClient(five_users.connection, only_groups)
    assert_error(poor.get("/Users", {"cursor": cursor, "count": 2}), 403)


# Discovery


def test_service_provider_config_describes_cursors(scim):
    config = scim.get("/ServiceProviderConfig").data
    assert config["pagination"] == {
        "cursor": True,
        "index": True,
        "defaultPaginationMethod": "index",
        "defaultPageSize": 100,
        "maxPageSize": 1000,
        "cursorTimeout": 3600,
    }
    schema = scim.get(f"/Schemas/{config['schemas'][0]}").data
    (pagination,) = [each for each in schema["attributes"] if each["name"] == "pagination"]
    assert {each["name"]: each["type"] for each in pagination["subAttributes"]} == {
        "cursor": "boolean",
        "index": "boolean",
        "defaultPaginationMethod": "string",
        "defaultPageSize": "integer",
        "maxPageSize": "integer",
        "cursorTimeout": "integer",
    }
    required = {each["name"] for each in pagination["subAttributes"] if each["required"]}
    assert (pagination["required"], required) == (False, {"cursor", "index"})


def test_service_provider_config_has_the_limits_of_the_site(scim, settings):
    settings.DJANGO_SCIM = {"MAX_PAGE_SIZE": 50, "CURSOR_TIMEOUT": 600}
    pagination = scim.get("/ServiceProviderConfig").data["pagination"]
    assert pagination["defaultPageSize"] == pagination["maxPageSize"] == 50
    assert pagination["cursorTimeout"] == 600

"""Queries at the root over all resource types (RFC 7644 section 3.4.2.1)."""

import itertools
import os

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from django_scim import connections
from django_scim.adapters import GroupAdapter, UserAdapter
from django_scim.models import GroupLink, UserLink
from django_scim.protocol.filters.evaluation import matches
from django_scim.protocol.filters.parser import parse_filter
from django_scim.protocol.values import fold

from ..client import ENTERPRISE, SEARCH, ScimClient, assert_error
from .cursors import assert_invalid, first_cursor

EXAMPLES = 300 if os.environ.get("SCIM_LONG") else 6


@pytest.fixture
def company(scim):
    """Create the users a, c, e, x (without displayName) and the groups b, d."""
    for name in ("e", "a", "c"):
        scim.make_user(f"user-{name}", displayName=name, externalId=f"ext-{name}", title="T")
    scim.make_user("user-x", **{ENTERPRISE: {"department": "Tours"}})
    for name in ("D", "b"):
        scim.make_group(name)
    return scim


def labels(*pages):
    return [
        each.get("displayName", each.get("userName"))
        for page in pages
        for each in page["Resources"]
    ]


def get(scim, **params):
    answer = scim.get("/", params)
    assert answer.status_code == 200, answer.data
    return answer.data


def test_lists_all_types(company):
    page = get(company, sortBy="displayName")
    assert page["totalResults"] == 6
    assert labels(page) == ["a", "b", "c", "D", "e", "user-x"]
    page = get(company, sortBy="displayName", sortOrder="descending")
    assert labels(page) == ["user-x", "e", "D", "c", "b", "a"]


def test_default_order_is_by_type_and_creation(company):
    assert labels(get(company)) == ["e", "a", "c", "user-x", "D", "b"]
    assert labels(get(company, sortOrder="descending")) == labels(get(company))


def test_type_without_the_sorted_attribute_comes_last(company):
    page = get(company, sortBy="userName")
    assert labels(page) == ["a", "c", "e", "user-x", "D", "b"]
    page = get(company, sortBy="userName", sortOrder="descending")
    assert labels(page) == ["D", "b", "user-x", "e", "c", "a"]
    page = get(company, sortBy=f"{ENTERPRISE}:department")
    assert labels(page) == ["user-x", "e", "a", "c", "D", "b"]
    assert labels(get(company, sortBy="department")) == labels(page)


@pytest.mark.parametrize(
    ("sort", "ascending"),
    [
        ("meta.created", ["e", "a", "c", "user-x", "D", "b"]),
        ("meta.resourceType", ["D", "b", "e", "a", "c", "user-x"]),
        ("externalId", ["a", "c", "e", "user-x", "D", "b"]),
        ("active", ["e", "a", "c", "user-x", "D", "b"]),
    ],
)
def test_sorts_by_attributes_that_are_not_folded(company, sort, ascending):
    assert labels(get(company, sortBy=sort)) == ascending
    backwards = get(company, sortBy=sort, sortOrder="descending")
    assert backwards["totalResults"] == 6


def test_pages(company):
    whole = labels(get(company, sortBy="displayName"))
    for start, count in itertools.product(range(1, 9), (0, 1, 2, 4, 100)):
        page = get(company, sortBy="displayName", startIndex=start, count=count)
        shown = whole[start - 1 : start - 1 + count]
        assert labels(page) == shown
        assert (page["totalResults"], page["startIndex"]) == (6, start)
        assert page["itemsPerPage"] == len(shown)
    assert labels(get(company, startIndex=10**17)) == []


def test_query_by_post(company):
    body = {"schemas": [SEARCH], "sortBy": "displayName", "count": 2, "startIndex": 2,
            "filter": "displayName pr", "attributes": ["displayName"]}  # fmt: skip
    answer = company.post("/.search", body)
    assert answer.status_code == 200
    assert labels(answer.data) == ["b", "c"]
    assert answer.data["totalResults"] == 5


def test_cursor_pages(company):
    for query in ({}, {"sortBy": "displayName"}, {"sortBy": "userName", "sortOrder": "descending"}):
        whole = labels(get(company, **query))
        for count in (1, 2, 3, 6, 7):
            assert labels(*company.pages("/", count=count, **query)) == whole
    cursor = first_cursor(company, "/")
    assert_invalid(company.get("/Users", {"cursor": cursor, "count": 2}))


def test_attributes_of_several_types(company):
    page = get(company, attributes="userName,members,displayName", sortBy="displayName", count=2)
    user, group = page["Resources"]
    assert set(user) == {"schemas", "id", "userName", "displayName"}
    assert set(group) == {"schemas", "id", "displayName", "members"}
    page = get(company, attributes="userName", filter='meta.resourceType eq "Group"')
    assert all(set(each) == {"schemas", "id"} for each in page["Resources"])


FILTERS = [
    "userName pr", "not (userName pr)", 'userName eq "user-a"', 'userName ne "user-a"',
    'displayName eq "B"', 'not (displayName eq "b")', "displayName pr", "not (displayName pr)",
    'displayName gt "b"', 'members.value eq "x"', 'members.value ne "x"', "members pr",
    "not (members pr)", "active eq true", "active eq false", "not (active eq true)",
    'emails[type eq "work"]', 'not (emails[type eq "work"])', 'emails.value ne "x"',
    "title eq null", "title ne null", 'meta.resourceType eq "Group"',
    'meta.resourceType eq "User" or displayName eq "d"', f'{ENTERPRISE}:department eq "tours"',
    f'not ({ENTERPRISE}:department eq "tours")', f'{ENTERPRISE}:department ne "tours"',
    'userName sw "user" and displayName lt "c"', 'userName sw "user-a" or members pr',
]  # fmt: skip


@pytest.mark.parametrize("text", FILTERS)
def test_attribute_that_a_type_lacks_is_absent(company, text):
    """The result is the same as evaluating the filter on each resource."""
    everything = get(company)["Resources"]
    company.make_group("Full", *[each for each in everything if "userName" in each])
    everything = get(company)["Resources"]
    schemas = {
        each.name: each.declaration().resource_schema for each in (UserAdapter, GroupAdapter)
    }
    expected = []
    for each in everything:
        own = schemas[each["meta"]["resourceType"]]
        term = parse_filter(text, own, others=[other for other in schemas.values() if other != own])
        if matches(term, each):
            expected.append(each["id"])
    page = get(company, filter=text)
    assert [each["id"] for each in page["Resources"]] == expected
    assert page["totalResults"] == len(expected)


def test_extension_attribute_with_an_ambiguous_name(company):
    assert labels(get(company, filter='department eq "tours"')) == ["user-x"]


@pytest.mark.parametrize(
    ("params", "scim_type"),
    [
        ({"filter": "nothing pr"}, "invalidFilter"), ({"filter": "password pr"}, "invalidFilter"),
        ({"filter": 'userName regex "x"'}, "invalidFilter"), ({"filter": " "}, "invalidFilter"),
        ({"sortBy": "nothing"}, "invalidValue"), ({"sortBy": "password"}, "invalidValue"),
        ({"sortBy": "name"}, "invalidValue"), ({"sortOrder": "up"}, "invalidValue"),
        ({"count": "x"}, "invalidValue"), ({"startIndex": "x"}, "invalidValue"),
        ({"cursor": "x"}, "invalidCursor"), ({"cursor": "", "count": "x"}, "invalidCount"),
    ],
)  # fmt: skip
def test_attribute_that_no_type_has(company, params, scim_type):
    assert_error(company.get("/", params), 400, scim_type)


def test_name_changed_without_a_signal(company):
    get_user_model().objects.filter(username="user-x").update(username="Renamed")
    page = get(company, filter='userName eq "Renamed"', count=1)
    assert (page["totalResults"], page["itemsPerPage"]) == (1, 1)


def test_search_and_every_page_need_every_scope(company):
    """A cursor over all types does not replace the scope of one of them."""
    cursor = first_cursor(company, "/")
    for scope in ("users:read", "groups:read"):
        token = connections.issue_token(company.connection, scopes=[scope])
        poor = ScimClient(company.connection, token.secret)
        assert_error(poor.post("/.search", {"schemas": [SEARCH]}), 403)
        assert_error(poor.get("/", {"cursor": cursor, "count": 2}), 403)
        assert_error(poor.get("/", {"filter": 'meta.resourceType eq "User"'}), 403)


def test_other_connections_are_not_listed(company, connect):
    other = connect()
    assert get(other, sortBy="displayName")["totalResults"] == 0
    other.make_user("mine")
    assert labels(get(other, sortBy="displayName")) == ["mine"]
    get_user_model().objects.filter(username="user-a").update(is_staff=True)
    assert labels(get(company, sortBy="displayName")) == ["b", "c", "D", "e", "user-x"]


def test_logged_if_reads_are_logged(company, events):
    company.connection.log_reads = True
    company.connection.save()
    get(company)
    company.post("/.search", {"schemas": [SEARCH]})
    assert [event.method for event in events(action="read")] == ["GET", "POST"]


@pytest.mark.parametrize("params", [
    {"count": 4}, {"count": 4, "sortBy": "displayName"}, {"cursor": "", "count": 4},
    {"count": 4, "startIndex": 2, "sortBy": "meta.created", "sortOrder": "descending"},
])  # fmt: skip
def test_number_of_statements_is_constant(scim, params):
    seen = []
    for number in (0, 20):
        for each in range(number, number + 5):
            scim.make_user(f"u{each}", displayName=f"p{each}")
            scim.make_group(f"g{each}")
        with CaptureQueriesContext(connection) as captured:
            get(scim, **params)
        sql = [query["sql"] for query in captured]
        seen.append(len(sql))
        reads = [each for each in sql if each.startswith("SELECT") and "COUNT(" not in each]
        links = [each for each in reads if "_userlink" in each and "scim_id" in each]
        assert all("LIMIT" in each or " IN (" in each for each in links), links
    # token; positions; each type and its related rows (members in one batch); total of each type
    assert seen[0] == seen[1] <= 11


TEXTS = st.sampled_from(["", "a", "A", "b", "Ä", "ä", "ß", "ss", "10", "9"])


@hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    users=st.lists(st.tuples(TEXTS, TEXTS), max_size=5),
    groups=st.sets(st.sampled_from(["a", "b", "ss", "zz", "10", "9"]), max_size=4),
    count=st.integers(1, 4),
    backwards=st.booleans(),
)
def test_pages_add_up_to_the_list_in_every_order(scim, users, groups, count, backwards):
    for model in (UserLink, GroupLink, get_user_model(), Group):
        model.objects.all().delete()
    for number, (display, external) in enumerate(users):
        scim.make_user(f"u{number}", displayName=display, externalId=external)
    for name in sorted(groups):
        scim.make_group(name)
    order = {"sortOrder": "descending" if backwards else "ascending"}
    for sort in ("displayName", "externalId", "userName", "id", "meta.created", "active", None):
        query = order | ({"sortBy": sort} if sort else {})
        whole = get(scim, **query)["Resources"]
        assert len(whole) == len(users) + len(groups)
        walked = [
            each for page in scim.pages("/", count=count, **query) for each in page["Resources"]
        ]
        assert [each["id"] for each in walked] == [each["id"] for each in whole], sort
        if sort in ("displayName", "externalId", "userName", "id"):
            change = str if sort in ("externalId", "id") else fold
            keys = [change(each[sort]) if sort in each else None for each in whole]
            present = [key for key in keys if key is not None]
            gap = [None] * (len(keys) - len(present))
            assert keys == (
                gap + sorted(present, reverse=True) if backwards else sorted(present) + gap
            )

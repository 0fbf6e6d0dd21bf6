"""Listing all resources by cursor, and the SQL of each page."""

import os
import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from django_scim.models import UserLink

from ..client import ENTERPRISE
from .cursors import first_cursor, names

EXAMPLES = 300 if os.environ.get("SCIM_LONG") else 6


# Completeness


def test_continues_after_the_last_resource(scim):
    """Renaming, deleting or hiding a resource neither skips nor repeats the others."""
    ids = {name: scim.make_user(name)["id"] for name in ("a", "b", "c", "d", "e", "f", "g", "h")}
    query = {"sortBy": "userName", "count": 2}
    first = scim.get("/Users", query | {"cursor": ""}).data
    scim.patch(f"/Users/{ids['b']}", {"op": "replace", "path": "userName", "value": "z"})
    second = scim.get("/Users", query | {"cursor": first["nextCursor"]}).data
    assert names([second]) == ["c", "d"]
    scim.delete(f"/Users/{ids['d']}")
    third = scim.get("/Users", query | {"cursor": second["nextCursor"]}).data
    assert names([third]) == ["e", "f"]
    get_user_model().objects.filter(username="f").update(is_superuser=True)
    fourth = scim.get("/Users", query | {"cursor": third["nextCursor"]}).data
    assert names([fourth]) == ["g", "h"]


def test_delete_while_paging(scim):
    """With an index, every second page would be skipped."""
    made = {scim.make_user(f"u{number}")["id"] for number in range(7)}
    deleted = set()
    for page in scim.pages(count=2):
        for each in page["Resources"]:
            assert scim.delete(f"/Users/{each['id']}").status_code == 204
            deleted.add(each["id"])
    assert deleted == made


def test_resources_created_while_paging_are_listed(five_users):
    cursor = first_cursor(five_users)
    five_users.make_user("u5")
    pages = [five_users.get("/Users", {"cursor": cursor, "count": 2}).data]
    pages.append(five_users.get("/Users", {"cursor": pages[0]["nextCursor"], "count": 2}).data)
    assert names(pages) == ["u2", "u3", "u4", "u5"]


SORTS = [
    "userName", "displayName", "title", "externalId", "id", "active", "name.familyName",
    "emails", "emails.type", "photos.value", "x509Certificates.value", "meta.created",
    "meta.lastModified", "meta.resourceType", f"{ENTERPRISE}:department",
    f"{ENTERPRISE}:employeeNumber", f"{ENTERPRISE}:manager", f"{ENTERPRISE}:manager.displayName",
]  # fmt: skip
TEXTS = st.sampled_from(["", "a", "A", "b", "Ä", "ä", "ß", "ss", "Zz", "ﬁ", "fi", "_", "10", "9"])
PEOPLE = st.lists(
    st.fixed_dictionaries({}, optional={
        "displayName": TEXTS, "title": TEXTS, "externalId": TEXTS, "active": st.booleans(),
        "family": TEXTS, "email": TEXTS, "department": TEXTS, "managed": st.booleans(),
    }),
    min_size=1, max_size=9,
)  # fmt: skip


def hire(scim, people):
    boss = None
    for number, person in enumerate(people):
        body = {key: value for key, value in person.items()
                if key in ("displayName", "title", "externalId", "active")}  # fmt: skip
        if person.get("family"):
            body["name"] = {"familyName": person["family"]}
        if email := person.get("email"):
            body["emails"] = [{"value": f"{email}@x.org", "type": email, "primary": True}]
            body["photos"] = [{"value": f"https://x.org/{number % 2}"}]
        enterprise = {}
        if person.get("department"):
            enterprise["department"] = person["department"]
        if person.get("managed") and boss:
            enterprise["manager"] = {"value": boss["id"]}
        if enterprise:
            body[ENTERPRISE] = enterprise
        user = scim.make_user(f"{person.get('title', 'x')}{number}", **body)
        boss = boss or user


@hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(people=PEOPLE, count=st.integers(1, 4), order=st.sampled_from(["ascending", "descending"]))
def test_pages_add_up_to_the_list_in_every_order(scim, people, count, order):
    UserLink.objects.all().delete()
    get_user_model().objects.all().delete()
    hire(scim, people)
    for sort in [None, *SORTS]:
        query = {"sortOrder": order} | ({"sortBy": sort} if sort else {})
        whole = [each["id"] for each in scim.get("/Users", query).data["Resources"]]
        assert len(whole) == len(people)
        pages = list(scim.pages(count=count, **query))
        assert [each["id"] for page in pages for each in page["Resources"]] == whole, sort
        assert all(len(page["Resources"]) == count for page in pages[:-1])
        assert {page["totalResults"] for page in pages} == {len(people)}


# SQL


@pytest.mark.parametrize("params", [{}, {"sortBy": "userName"}, {"sortBy": "title"}])
def test_no_page_uses_offset(scim, params):
    for number in range(12):
        scim.make_user(f"u{number:02}", title=f"t{number % 3}")
    seen = []
    cursor = ""
    while cursor is not None:
        with CaptureQueriesContext(connection) as captured:
            page = scim.get("/Users", params | {"cursor": cursor, "count": 3}).data
        cursor = page.get("nextCursor")
        sql = [query["sql"] for query in captured]
        assert not any("OFFSET" in each for each in sql), sql
        seen.append(len(sql))
    assert len(seen) == 4
    assert seen[1] == seen[2] == seen[3], seen


def test_default_order_uses_the_index(scim):
    for number in range(3):
        scim.make_user(f"u{number}")
    cursor = first_cursor(scim)
    with CaptureQueriesContext(connection) as captured:
        scim.get("/Users", {"cursor": cursor, "count": 2})
    (statement,) = [
        query["sql"] for query in captured
        if "scim_tie" in query["sql"] and "LIMIT 3" in query["sql"]
    ]  # fmt: skip
    with connection.cursor() as database:
        if connection.vendor == "sqlite":
            database.execute(f"EXPLAIN QUERY PLAN {statement}")
            plan = "\n".join(str(row) for row in database.fetchall())
            assert re.search(r"SEARCH django_scim_userlink USING .*id>\?\)", plan), plan
            assert "TEMP B-TREE" not in plan, plan
        elif connection.vendor == "postgresql":
            database.execute("SET enable_seqscan = off")
            database.execute("SET enable_sort = off")
            database.execute(f"EXPLAIN {statement}")
            plan = "\n".join(row[0] for row in database.fetchall())
            database.execute("RESET enable_seqscan")
            database.execute("RESET enable_sort")
            assert re.search(r"Index Cond: .*\bid > ", plan), plan
            assert "Sort Key" not in plan, plan

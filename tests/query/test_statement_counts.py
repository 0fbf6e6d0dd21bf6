"""The number of SQL statements per request, which must not depend on the size of the data."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

FRAME = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "ROLLBACK")


def statements(call):
    """Return the number of statements, including the token's but not those of transactions."""
    with CaptureQueriesContext(connection) as captured:
        answer = call()
    assert answer.status_code in (200, 201, 204), answer.data
    sql = [query["sql"] for query in captured if not query["sql"].startswith(FRAME)]
    return len(sql), sql


@pytest.fixture(params=[3, 60])
def company(request, scim):
    """Create a company whose token has been used before."""
    emails = [{"value": "a@b.c", "type": "work"}]
    scim.users = [
        scim.make_user(f"user{number}", emails=emails, title="x") for number in range(request.param)
    ]
    scim.group = scim.make_group("Everyone", *scim.users[:-1])
    return scim


def test_get_user(company):
    count, sql = statements(lambda: company.get(f"/Users/{company.users[0]['id']}"))
    assert count == 4, sql


def test_filter_by_username(company):
    count, sql = statements(lambda: company.get("/Users", {"filter": 'userName eq "USER1"'}))
    assert count == 5, sql  # token, keys, rows, values, groups


def test_filter_by_username_without_a_match(company):
    count, sql = statements(lambda: company.get("/Users", {"filter": 'userName eq "nobody"'}))
    assert count == 3, sql


def test_full_list(company):
    count, sql = statements(lambda: company.get("/Users", {"count": 100}))
    assert count == 5, sql
    count, sql = statements(lambda: company.get("/Users", {"count": 2}))
    assert count == 6, sql


def test_add_one_member(company):
    add = {"op": "add", "path": "members", "value": [{"value": company.users[-1]["id"]}]}
    count, sql = statements(lambda: company.patch(f"/Groups/{company.group['id']}", add))
    assert count <= 8, sql
    assert not any("LIMIT" not in each and "auth_user_groups" in each and each.startswith("SELECT")
                   and "scim_id" not in each for each in sql)  # fmt: skip


def test_remove_one_member(company):
    def remove(user):
        operation = {"op": "remove", "path": f'members[value eq "{user["id"]}"]'}
        return lambda: company.patch(f"/Groups/{company.group['id']}", operation)

    first, _ = statements(remove(company.users[0]))  # the guard counts the accounts once an hour
    count, sql = statements(remove(company.users[1]))
    assert count <= 9, sql
    assert first <= 15


def test_groups_without_members(company):
    count, sql = statements(lambda: company.get("/Groups", {"excludedAttributes": "members"}))
    assert count == 3, sql
    assert not any("auth_user_groups" in each for each in sql)


def test_only_requested_attributes_are_read(company):
    count, sql = statements(lambda: company.get("/Users", {"attributes": "userName"}))
    assert count == 3, sql
    assert "department" not in sql[-1]

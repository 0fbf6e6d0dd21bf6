"""A deactivating request closes the account, or is refused for one of the documented reasons.

In addition to ``active: false``, the requests contain random values: unknown, read-only, locked,
overlong, duplicate and malformed ones.
"""

import itertools

import pytest
from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client import ENTERPRISE, USER

LONG = "x" * 400
NUMBERS = itertools.count(1)
INACTIVE = st.sampled_from([False, "False", "false", [False]])
ANYTHING = st.sampled_from(
    ["x", "", None, 5, True, LONG, [], {}, ["a", "b"], {"a": 1}, [{"value": LONG}],
     [{"value": None}], '{"broken": ',
     [{"value": "a@b.c", "primary": True}, {"value": "b@b.c", "primary": True}]]
)  # fmt: skip
NAMES = st.sampled_from(
    ["userName", "USERNAME", "title", "Title", "name", "name.givenName", "name.nick", "emails",
     "emails.value", "groups", "id", "meta", "meta.created", "password", "colour", "externalId",
     "locale", "phoneNumbers", "roles", "addresses", ENTERPRISE, f"{ENTERPRISE}:manager",
     f"{ENTERPRISE}:nothing", "urn:acme:2.0:User:badge", "schemas", f"{USER}:title"]
)  # fmt: skip
PATHS = NAMES | st.sampled_from(
    ['emails[type eq "work"].value', 'emails[colour eq "x"].value', "emails[", "/title", "title]",
     'members[value eq "x"]', 'name[familyName eq "ZZ"]', 'phoneNumbers[value sw "q"].type']
)  # fmt: skip
UNKNOWN = {"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": "bulkId:none"}}
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "replace", "remove", "Replace"]), "path": PATHS,
     "value": ANYTHING}
) | st.fixed_dictionaries(
    {"op": st.just("replace"), "value": st.dictionaries(NAMES, ANYTHING, max_size=4)}
) | st.just(UNKNOWN)  # fmt: skip


def away(value):
    return st.sampled_from(
        [{"op": "replace", "path": "active", "value": value},
         {"op": "Add", "path": f"{USER}:active", "value": value},
         {"op": "replace", "value": {"active": value}},
         {"op": "replace", "path": "__ENABLE__", "value": value}]
    )  # fmt: skip


def person(client, adopted):
    """Return a new user of a client, and its account."""
    name = f"u{next(NUMBERS)}"
    if adopted:
        User.objects.create_user(name, f"{name}@example.com", "secret")
    made = client.make("/Users", {"schemas": [USER], "userName": name, "externalId": name})
    return made, User.objects.get(username=name)


def assert_closed(account, name, email):
    account.refresh_from_db()
    assert not account.is_active
    return account.username == name, account.email == email


@pytest.fixture
def client(connect):
    return connect(adoption="username", guard_percent=100)


RULES = settings(
    max_examples=150, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@RULES
@given(st.data(), st.booleans(), st.booleans())
def test_patch_closes_the_account(client, data, adopted, in_bulk):
    user, account = person(client, adopted)
    name, email = account.username, account.email
    before = data.draw(st.lists(OPERATIONS, max_size=4))
    after = data.draw(st.lists(OPERATIONS, max_size=4))
    operations = [*before, data.draw(INACTIVE.flatmap(away)), *after]
    path = f"/Users/{user['id']}"
    if in_bulk:
        body = {"method": "PATCH", "path": path, "data": {"Operations": operations}}
        (answer,) = client.bulk(body).data["Operations"]
        status = int(answer["status"])
    else:
        status = client.patch(path, *operations).status_code
    assert status == 200
    same_name, same_email = assert_closed(account, name, email)
    assert (same_name and same_email) or not adopted


@RULES
@given(
    st.dictionaries(NAMES, ANYTHING, max_size=6), INACTIVE, st.booleans(), st.booleans(),
    st.sampled_from([[USER], [], None, [USER, USER], "x"]),
)  # fmt: skip
def test_put_closes_the_account(client, parts, value, adopted, in_bulk, schemas):
    user, account = person(client, adopted)
    name, email = account.username, account.email
    body = {"userName": name, "schemas": schemas} | parts | {"active": value}
    path = f"/Users/{user['id']}"
    if in_bulk:
        (answer,) = client.bulk({"method": "PUT", "path": path, "data": body}).data["Operations"]
        status = int(answer["status"])
    else:
        status = client.put(path, body).status_code
    assert status == 200
    same_name, same_email = assert_closed(account, name, email)
    assert (same_name and same_email) or not adopted


@RULES
@given(st.dictionaries(NAMES, ANYTHING, max_size=6), INACTIVE)
def test_post_closes_the_account_that_it_adopts(client, parts, value):
    name = f"u{next(NUMBERS)}"
    account = User.objects.create_user(name, f"{name}@example.com", "secret")
    parts = {key: each for key, each in parts.items() if key.lower() != "username"}
    body = {"schemas": [USER]} | parts | {"userName": name, "active": value}
    assert client.post("/Users", body).status_code == 201
    assert assert_closed(account, name, account.email) == (True, True)

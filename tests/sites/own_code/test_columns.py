"""Columns and constraints of the site's user model, and times without a zone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from tests.api.bulk import statuses, user
from tests.client import USER, assert_error

needs_indexes_of_expressions = pytest.mark.skipif(
    connection.vendor == "mysql", reason="MariaDB has no index of an expression"
)
needs_partial_indexes = pytest.mark.skipif(
    connection.vendor == "mysql", reason="MariaDB has no index with a condition"
)


def body(user_name, **attributes):
    return {"schemas": [USER], "userName": user_name, **attributes}


def test_62a_user_name_is_generated_from_the_address(scim):
    scim.make_user("a@example.com")
    scim.make_user("b@example.com")
    names = get_user_model().objects.order_by("pk").values_list("username", flat=True)
    assert list(names) == ["a@example.com", "b@example.com"]


def test_62a_the_generated_name_is_free(scim):
    get_user_model().objects.create_user("a@example.com", email="other@example.com")
    assert scim.post("/Users", body("a@example.com")).status_code == 201
    account = get_user_model().objects.get(email="a@example.com")
    assert account.username.startswith("a@example.com.")


def test_62a_in_a_bulk_request(scim):
    response = scim.bulk(*(user(f"u{n}@example.com") for n in range(3)))
    assert statuses(response) == ["201"] * 3


def test_62a_a_changed_address_keeps_the_generated_name(scim):
    person = scim.make_user("a@example.com")
    scim.patch(
        f"/Users/{person['id']}", {"op": "replace", "path": "userName", "value": "b@example.com"}
    )
    account = get_user_model().objects.get()
    assert (account.email, account.username) == ("b@example.com", "a@example.com")


@needs_indexes_of_expressions
def test_65a_a_uniqueness_of_the_site_names_its_attribute(scim):
    get_user_model().objects.bulk_create(
        [get_user_model()(username="x", email="OK@example.com", first_name="x")]
    )
    # Without its key, the name is free for this package, and only the index refuses it.
    get_user_model().objects.filter(username="x").update(email="ok2@example.com")
    response = scim.post("/Users", body("OK2@example.com"))
    assert_error(response, 409, "uniqueness")
    assert "userName" in response.data["detail"]


@needs_partial_indexes
def test_65a_a_uniqueness_of_two_columns_names_both_attributes(scim):
    name = {"givenName": "Amy", "familyName": "Abe"}
    scim.make_user("a@example.com", name=name)
    response = scim.post("/Users", body("b@example.com", name=name))
    assert_error(response, 409, "uniqueness")
    assert "name.givenName" in response.data["detail"]
    assert "name.familyName" in response.data["detail"]
    person = scim.make_user("c@example.com", name={"givenName": "C", "familyName": "Abe"})
    operation = {"op": "replace", "path": "name.givenName", "value": "Amy"}
    assert_error(scim.patch(f"/Users/{person['id']}", operation), 409, "uniqueness")
    response = scim.bulk(user("d@example.com", name=name), user("e@example.com"))
    assert statuses(response) == ["409", "201"]
    assert "name.givenName" in details_of_first(response)


def details_of_first(response):
    return response.data["Operations"][0]["response"]["detail"]


def test_65b_a_check_of_the_site_is_an_invalid_value(scim):
    response = scim.post("/Users", body("a@example.com", name={"givenName": "Evil"}))
    assert_error(response, 400, "invalidValue")
    assert "name.givenName" in response.data["detail"]
    assert "own_code_no_evil" in response.data["detail"]
    person = scim.make_user("b@example.com", name={"givenName": "Good"})
    operation = {"op": "replace", "path": "name.givenName", "value": "Evil"}
    assert_error(scim.patch(f"/Users/{person['id']}", operation), 400, "invalidValue")
    assert scim.get(f"/Users/{person['id']}").data["name"]["givenName"] == "Good"


# 64: USE_TZ = False


@pytest.fixture
def moment(scim):
    """Create a user, and return the time of that in UTC."""
    person = scim.make_user("a@example.com", name={"givenName": "A"})
    text = person["meta"]["created"]
    moment = datetime.fromisoformat(text)
    assert abs(moment - datetime.now(UTC)) < timedelta(seconds=30)
    return moment


@pytest.mark.parametrize("attribute", ["meta.created", "meta.lastModified"])
@pytest.mark.parametrize(
    ("operator", "hours", "matches"),
    [
        ("gt", -1, True),
        ("gt", 1, False),
        ("ge", -1, True),
        ("lt", 1, True),
        ("lt", -1, False),
        ("le", 1, True),
        ("ne", 1, True),
        ("eq", 1, False),
    ],
)
def test_64_filters_by_time_without_use_tz(scim, moment, attribute, operator, hours, matches):
    wanted = (moment + timedelta(hours=hours)).isoformat()
    assert bool(scim.find(f'{attribute} {operator} "{wanted}"')) is matches


def test_64_the_own_time_is_equal_without_use_tz(scim, moment):
    assert scim.find(f'meta.created eq "{moment.isoformat()}"')
    assert not scim.find(f'not (meta.created eq "{moment.isoformat()}")')


def test_64_the_ends_of_the_calendar(scim, moment):
    assert scim.find('meta.created gt "0001-01-01T00:00:00Z"')
    assert scim.find('meta.created lt "9999-12-31T23:59:59Z"')


def test_64_sorting_and_cursors_without_use_tz(scim, moment):
    scim.make_user("b@example.com")
    page = scim.get("/Users", {"sortBy": "meta.created", "count": 1, "cursor": ""}).data
    cursor = page["nextCursor"]
    following = scim.get("/Users", {"sortBy": "meta.created", "count": 1, "cursor": cursor}).data
    assert following["Resources"][0]["userName"] == "b@example.com"


def test_62c_the_check_finds_required_columns(settings):
    """A stock adapter has no hook that could fill a column."""
    from django_scim.adapters import GroupAdapter, UserAdapter

    class Bare(UserAdapter):
        pass

    assert not UserAdapter.fills_columns() and not GroupAdapter.fills_columns()
    assert not Bare.fills_columns()
    assert not UserAdapter.examine_declaration().errors

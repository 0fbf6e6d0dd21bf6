"""SCIM extensions of Keycloak: JSON in a string, numbers as strings."""

import json

import pytest
from django.contrib.auth.models import User

from ..client import SEARCH, USER, assert_error

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH_BODY = {
    "schemas": [SEARCH],
    "filter": 'userName eq "bjensen"',
    "startIndex": "1",
    "count": "50",
    "sortBy": "userName",
    "sortOrder": "ascending",
}


@pytest.fixture
def user(scim):
    return scim.make_user(emails=[{"value": "a@b.com", "primary": True}], title="Guide")


def replace(client, user, value):
    return client.patch(f"/Users/{user['id']}", {"op": "replace", "value": value})


def test_patch_with_json_in_a_string(scim, user, used):
    value = {
        "schema": USER,
        "name": {"givenName": "Barbara", "familyName": "Jensen"},
        "emails": [{"value": "new@b.com", "primary": True}],
        "active": False,
    }
    answer = replace(scim, user, json.dumps(value))
    assert answer.status_code == 200
    assert answer.data["name"] == value["name"] and answer.data["emails"] == value["emails"]
    assert answer.data["active"] is False and answer.data["title"] == "Guide"
    account = User.objects.get()
    assert (account.first_name, account.email, account.is_active) == ("Barbara", "new@b.com", False)
    assert used(scim) == {"json-text", "unknown-attribute"}


def test_strict_needs_an_object(connect):
    strict = connect("strict")
    user = strict.make_user()
    assert_error(
        replace(strict, user, '{"title": "x"}'), 400, "invalidValue", "Operations[0].value"
    )
    assert strict.get(f"/Users/{user['id']}").data == user


@pytest.mark.parametrize(
    ("text", "scim_type", "word"),
    [
        ("not JSON", "invalidValue", "Operations[0].value is not JSON"),
        ("[1]", "invalidValue", "Operations[0].value"),
        ('"text"', "invalidValue", "Operations[0].value"),
        ('{"title": "a", "title": "b"}', "invalidValue", "'title' twice"),
        ('{"title": NaN}', "invalidValue", "NaN"),
        ('{"title": "a\\u0000b"}', "invalidValue", "title: contains a NUL"),
        ('{"title": "\\ud800"}', "invalidValue", "half a surrogate pair"),
        ('{"\\ud800": "a"}', "invalidValue", "half a surrogate pair"),
        ('{"title": "\\ud800", "password": "x"}', "invalidValue", "half a surrogate pair"),
        ('{"title": ' + "[" * 40 + "]" * 40 + "}", "invalidValue", "deeper"),
        ('{"userName": true}', "invalidValue", "userName"),
    ],
)
def test_json_in_a_string_is_validated(text, scim_type, word, scim, user):
    assert_error(replace(scim, user, text), 400, scim_type, word)
    assert scim.get(f"/Users/{user['id']}").data == user


@pytest.mark.parametrize("name", ["password", "pass\\u0077ord"])
def test_password_in_the_string_is_not_logged(name, scim, user, events):
    assert replace(scim, user, f'{{"{name}": "s3cret-9", "userName": true}}').status_code == 400
    (event,) = events(outcome="failure")
    assert "userName" in event.request_body and "s3cret-9" not in event.request_body


def test_search_with_numbers_as_strings(scim, user):
    scim.make_user("other")
    data = scim.post("/Users/.search", SEARCH_BODY).data
    assert (data["totalResults"], data["startIndex"], data["itemsPerPage"]) == (1, 1, 1)
    page = SEARCH_BODY | {"filter": None, "startIndex": "2", "count": "1"}
    (found,) = scim.post("/Users/.search", page).data["Resources"]
    assert found["userName"] == "other"
    wrong = SEARCH_BODY | {"count": "many"}
    assert_error(scim.post("/Users/.search", wrong), 400, "invalidValue", "count")


@pytest.mark.parametrize("name", ["startIndex", "count"])
def test_strict_needs_numbers(name, connect):
    strict = connect("strict")
    body = SEARCH_BODY | {"startIndex": 1, "count": 50}
    assert strict.post("/Users/.search", body).status_code == 200
    answer = strict.post("/Users/.search", body | {name: "1"})
    assert_error(answer, 400, "invalidSyntax", name)


def test_attributes_in_capitals(scim, user):
    other = scim.make_user("other", emails=[{"value": "o@b.com", "primary": True}])
    for text in (
        f'id EQ "{user["id"]}" OR id EQ "{other["id"]}" OR id EQ "gone"',
        'emails.value EQ "a@b.com" OR emails.value EQ "o@b.com" OR emails.value EQ "x@b.com"',
    ):
        body = {"schemas": [SEARCH], "filter": text, "startIndex": 1}
        data = scim.post("/Users/.search", body).data
        assert {each["id"] for each in data["Resources"]} == {user["id"], other["id"]}
        beyond = scim.post("/Users/.search", body | {"startIndex": 3}).data
        assert (beyond["totalResults"], beyond["Resources"]) == (2, [])


def test_bulk_result_has_id_and_location(scim):
    assert scim.get("/ServiceProviderConfig").data["bulk"]["supported"] is True
    operation = {"method": "POST", "path": "/Users", "bulkId": "1"}
    operation["data"] = {"schemas": [USER], "userName": "bulk"}
    (result,) = scim.post("/Bulk", {"schemas": [BULK], "Operations": [operation]}).data[
        "Operations"
    ]
    made = scim.find('userName eq "bulk"')[0]
    assert (result["status"], result["id"]) == ("201", made["id"])
    assert result["location"] == made["meta"]["location"]

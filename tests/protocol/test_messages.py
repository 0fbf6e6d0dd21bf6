"""The envelope of messages, and search requests (RFC 7644 section 3.4.3)."""

import pytest

from django_scim.protocol.errors import InvalidSyntax
from django_scim.protocol.messages.bulk import REQUEST_URN, parse_bulk
from django_scim.protocol.messages.patch import PATCH_URN, parse_patch
from django_scim.protocol.messages.search import SEARCH_URN, search_parameters
from django_scim.protocol.tolerances import Tolerance


def message(kind, schema, tolerances, change):
    """Parse a message of a kind, after a change of its body."""
    if kind == "search":
        return search_parameters(change({"schemas": [SEARCH_URN], "count": 1}), tolerances)
    if kind == "bulk":
        operation = {"method": "DELETE", "path": "/Users/1"}
        body = {"schemas": [REQUEST_URN], "Operations": [operation]}
        return parse_bulk(change(body), 10, tolerances)
    operation = {"op": "remove", "path": "title"}
    body = {"schemas": [PATCH_URN], "Operations": [operation]}
    return parse_patch(change(body), schema, tolerances, "the-id")


@pytest.mark.parametrize("kind", ["search", "bulk", "patch"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda body: [body], "the body must be a JSON object"),
        (lambda body: None, "the body must be a JSON object"),
        (lambda body: body | {"schemas": []}, "schemas: must be"),
        (lambda body: body | {"schemas": body["schemas"] * 2}, "schemas: must be"),
        (lambda body: body | {"schemas": "x"}, "schemas: must be"),
        (lambda body: body | {"SCHEMAS": body["schemas"]}, "'SCHEMAS' twice, in different case"),
    ],
)
def test_rejects_a_wrong_envelope(kind, change, words, user_schema, strict):
    with pytest.raises(InvalidSyntax, match=words):
        message(kind, user_schema, strict, change)


@pytest.mark.parametrize("kind", ["search", "bulk", "patch"])
def test_names_of_members_have_no_case(kind, user_schema, strict):
    def upper(body):
        return {key.upper(): value for key, value in body.items()}

    expected = message(kind, user_schema, strict, lambda body: body)
    assert message(kind, user_schema, strict, upper) == expected


def test_an_operation_names_each_member_once(user_schema, strict):
    operation = {"op": "add", "path": "title", "value": "a", "Value": "b"}
    body = {"schemas": [PATCH_URN], "Operations": [operation]}
    with pytest.raises(InvalidSyntax, match=r"Operations\[0\] has the member 'Value' twice"):
        parse_patch(body, user_schema, strict, "the-id")


def search(tolerances, **members):
    return search_parameters({"schemas": [SEARCH_URN], **members}, tolerances)


def test_members_become_the_parameters_of_a_get(strict):
    members = {"count": 5, "startIndex": 1, "attributes": ["id", "title"], "sortBy": None}
    assert search(strict, filter="title pr", other=1, **members) == {
        "filter": "title pr",
        "count": "5",
        "startIndex": "1",
        "attributes": "id,title",
    }
    assert strict.used == set()


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"filter": 5}, "filter: must be a string"),
        ({"count": True}, "count: must be an integer"),
        ({"count": [1]}, "count: must be an integer"),
        ({"attributes": {"id": 1}}, "attributes: must be an array"),
    ],
)
def test_rejects_members_of_another_type(members, words, entra):
    with pytest.raises(InvalidSyntax, match=words):
        search(entra, **members)


def test_numbers_and_lists_as_strings(entra, strict):
    assert search(entra, count="5", attributes="id") == {"count": "5", "attributes": "id"}
    assert entra.used == {Tolerance.NUMBER_TEXT}
    with pytest.raises(InvalidSyntax, match="count: must be an integer"):
        search(strict, count="5")

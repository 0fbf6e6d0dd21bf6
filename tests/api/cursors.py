"""Helpers for the tests of paging by cursor."""

from ..client import assert_error

INVALID = "cursor: must be empty, or the nextCursor of the last answer to the same query"


def assert_invalid(answer):
    assert_error(answer, 400, "invalidCursor")
    assert answer.data["detail"].partition(" [request")[0] == INVALID


def first_cursor(scim, endpoint="/Users", **params):
    return scim.get(endpoint, {"cursor": "", "count": 2} | params).data["nextCursor"]


def names(pages):
    return [each["userName"] for page in pages for each in page["Resources"]]

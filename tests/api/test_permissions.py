"""Scopes of tokens."""

import pytest

from django_scim import connections
from tests.client import USER, assert_error


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/Users", "users:read"),
        ("GET", "/Users/x", "users:read"),
        ("POST", "/Users/.search", "users:read"),
        ("POST", "/Users", "users:write"),
        ("PUT", "/Users/x", "users:write"),
        ("PATCH", "/Users/x", "users:write"),
        ("DELETE", "/Users/x", "users:write"),
        ("GET", "/Groups", "groups:read"),
        ("POST", "/Groups", "groups:write"),
        ("PATCH", "/Groups/x", "groups:write"),
        ("DELETE", "/Groups/x", "groups:write"),
    ],
)
def test_each_method_and_type_needs_its_scope(connect, method, path, scope):
    every = ["users:read", "users:write", "groups:read", "groups:write"]
    lacking = connect(scopes=[each for each in every if each != scope])
    answer = lacking.request(method, path, {"schemas": [USER]})
    assert_error(answer, 403, None, scope)
    holding = connect(scopes=[scope])
    assert holding.request(method, path, {"schemas": [USER]}).status_code != 403


def test_root_query_needs_every_scope(connect):
    scim = connect(scopes=["users:read"])
    assert_error(scim.get("/"), 403, None, "groups:read")
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
    assert_error(scim.post("/.search", body), 403, None, "groups:read")


def test_unknown_scope_is_rejected(scim):
    with pytest.raises(ValueError, match="unknown scopes"):
        connections.issue_token(scim.connection, scopes=["admin"])

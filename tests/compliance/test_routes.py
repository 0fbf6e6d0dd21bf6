"""Every route needs a token, a scope and encryption (RFC 7644 sections 2 and 7)."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.urls import URLResolver, get_resolver, resolve

from django_scim import connections

from ..client import BASE, SEARCH, USER, ScimClient, assert_error

BODY = {"schemas": [USER], "userName": "bjensen"}


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
EXAMPLES = {
    r"^(?P<rest>[vV]\d+(?:\.\d+)*(?:/.*)?)$": "v1/Users",
    "^(?P<rest>.*)$": "Nope",
    "^$": "",
    "^(?P<key>[0-9]+)/?$": "1",
    "^.+$": "nope",
}


def routes(patterns, prefix="/"):
    """Yield the path and the view of each route."""
    for each in patterns:
        text = str(each.pattern)
        path = prefix + re.sub(r"<\w+>", "x", EXAMPLES.get(text, text))
        assert not set("^$<>") & set(path), f"{path}: an example is missing"
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, path)
        else:
            yield path, each.callback


def routes_of_the_package():
    """Return the routes of this app, checked to resolve to their views."""
    mounted = [each for each in get_resolver().url_patterns if str(each.pattern) == "scim/"]
    # The audit API is not SCIM; tests/api/test_audit.py is about it.
    found = {path: view for path, view in routes(mounted) if not path.startswith("/scim/audit/")}
    assert len(found) >= 15
    for path, view in found.items():
        assert resolve(path).func is view, path
    return found


@pytest.fixture
def everywhere(scim):
    return ScimClient(scim.connection, scim.secret, base="")


OPEN = re.compile(r"/scim/(v2/|V2/)?ServiceProviderConfig$")


def test_sec_14_every_route_needs_a_token(everywhere, settings):
    settings.DJANGO_SCIM = {"THROTTLE_FAILURES": 0}
    for path in routes_of_the_package():
        for method in METHODS:
            answer = everywhere.request(method, path, BODY, token=False)
            if not OPEN.match(path):
                assert_error(answer, 401)
            elif method not in ("GET", "OPTIONS"):
                assert_error(answer, 405)
    assert not User.objects.exists() and not Group.objects.exists()


def test_sec_14_every_resource_needs_a_scope(scim):
    path_of_user = f"{BASE}/Users/{scim.make_user('unseen')['id']}"
    nothing = connections.issue_token(scim.connection, scopes=[]).secret
    helpless = ScimClient(scim.connection, nothing, base="")
    documents = "/scim/(v2/|V2/)?(ServiceProviderConfig|Schemas|ResourceTypes)$"
    for path in (*routes_of_the_package(), path_of_user):
        for method in METHODS[:-1]:
            answer = helpless.request(method, path, {"schemas": [SEARCH]})
            assert "unseen" not in answer.content.decode(), (method, path)
            if method == "GET" and re.match(documents, path):
                assert answer.status_code == 200
            else:
                assert answer.status_code in (400, 403, 404, 405, 501), (method, path)
    assert_error(helpless.get(path_of_user), 403, None, "users:read")
    assert User.objects.count() == 1


def test_sec_14_every_route_needs_encryption(everywhere):
    everywhere.http.defaults["REMOTE_ADDR"] = "203.0.113.9"
    for path in routes_of_the_package():
        for method in METHODS:
            assert_error(everywhere.request(method, path, BODY), 403, None, "https")

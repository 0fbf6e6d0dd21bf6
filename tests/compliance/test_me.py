"""/Me (RFC 7644 section 3.11)."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_scim.models import Connection
from tests.client import GROUP, PATCH, USER, ScimClient, assert_error

PEOPLE: dict[str, Any] = {}
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@dataclass
class PersonalToken:
    """A token that a site's own finder returns for a signed-in user."""

    connection: Connection
    user: Any
    prefix: str = "person"
    scopes: set[str] = field(default_factory=lambda: {"me:read", "me:write"})

    def permits(self, scope):
        return scope in self.scopes

    def is_usable(self, now):
        return True

    def touch(self, now, interval):
        pass


def find_token(secret):
    return PEOPLE.get(secret)


@pytest.fixture
def sign_in(scim, settings):
    """Return a function that returns a client with the token of a user."""
    settings.DJANGO_SCIM = {
        "TOKEN_FINDERS": ["django_scim.api.authentication.find_token", f"{__name__}.find_token"]
    }

    def sign_in(name, **options):
        user = User.objects.get(username=name)
        PEOPLE[name] = PersonalToken(scim.connection, user, **options)
        return ScimClient(scim.connection, secret=name)

    yield sign_in
    PEOPLE.clear()


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "POST"])
def test_me_01_client_token_has_no_user(scim, method):
    assert_error(scim.request(method, "/Me", {"schemas": [USER], "userName": "a"}), 501)
    assert scim.find("userName pr") == []


def test_me_03_supported_if_the_site_has_such_tokens(scim, sign_in):
    made = scim.make_user(title="Guide")
    me = sign_in("bjensen")
    response = me.get("/Me")
    assert response.status_code == 200
    assert response.data == made
    assert response.headers["Location"] == made["meta"]["location"]
    assert response.headers["Location"].endswith(f"/Users/{made['id']}")
    failed = me.patch("/Me", {"op": "replace", "path": "nothing", "value": 1})
    assert failed.headers["Location"] == made["meta"]["location"]


def test_me_04_every_method(scim, sign_in):
    made = scim.make_user(title="Guide")
    me = sign_in("bjensen")
    assert set(me.get("/Me?attributes=title").data) == {"schemas", "id", "title"}
    patched = me.patch("/Me", {"op": "replace", "path": "title", "value": "Boss"})
    assert (patched.status_code, patched.data["title"]) == (200, "Boss")
    version = patched.headers["ETag"]
    assert me.get("/Me", if_none_match=version).status_code == 304
    assert me.put("/Me", made, if_match=made["meta"]["version"]).status_code == 412
    replaced = me.put("/Me", made, if_match=version)
    assert (replaced.status_code, replaced.data["title"]) == (200, "Guide")
    gone = me.delete("/Me")
    assert gone.status_code == 204
    assert gone.headers["Location"] == made["meta"]["location"]
    assert scim.get(f"/Users/{made['id']}").status_code == 404


def test_me_05_user_outside_the_connection(scim, sign_in):
    User.objects.create_user("stranger")
    assert_error(sign_in("stranger").get("/Me"), 501)
    User.objects.create_superuser("root")
    assert_error(sign_in("root").get("/Me"), 501)


def test_me_06_registration_is_not_possible(scim, sign_in):
    scim.make_user()
    me = sign_in("bjensen")
    assert_error(me.post("/Me", {"schemas": [USER], "userName": "other"}), 501)
    assert User.objects.count() == 1


def test_sec_12_user_token_reaches_no_other_user(scim, sign_in):
    """The token of a user gives access only to /Me, whatever its scopes."""
    mine, other = scim.make_user(), scim.make_user("other")
    group = scim.make_group("Guides", other)
    scopes = {"me:read", "users:read", "users:write", "groups:read", "groups:write"}
    me = sign_in("bjensen", scopes=scopes)
    bulk = {"schemas": [BULK], "Operations": [
        {"method": "DELETE", "path": f"/Users/{other['id']}"}]}  # fmt: skip
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
    patch = {"schemas": [PATCH], "Operations": [{"op": "remove", "path": "members"}]}
    for method, path, body in [
        ("GET", "/Users", None),
        ("GET", f"/Users/{mine['id']}", None),
        ("DELETE", f"/Users/{other['id']}", None),
        ("POST", "/Users", {"schemas": [USER], "userName": "new"}),
        ("POST", "/Groups", {"schemas": [GROUP], "displayName": "new"}),
        ("PATCH", f"/Groups/{group['id']}", patch),
        ("POST", "/Bulk", bulk),
        ("POST", "/.search", search),
        ("GET", "/", None),
    ]:
        assert_error(me.request(method, path, body), 403)
    assert_error(me.patch("/Me", {"op": "add", "path": "title", "value": "x"}), 403, None,
                 "me:write")  # fmt: skip
    assert scim.get(f"/Users/{other['id']}").data["meta"] == other["meta"]
    assert scim.get("/Users").data["totalResults"] == 2

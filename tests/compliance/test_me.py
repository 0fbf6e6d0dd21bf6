"""/Me (RFC 7644 section 3.11)."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_scim.models import Connection, Event
from tests.client import ENTERPRISE, GROUP, PATCH, USER, ScimClient, assert_error

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


ADMIN = {
    "externalId": "e-2",
    "userName": "other",
    "active": False,
    "userType": "Boss",
    "roles": [{"value": "admin"}],
    "entitlements": [{"value": "all"}],
    f"{ENTERPRISE}:department": "Board",
    f"{ENTERPRISE}:employeeNumber": "1",
}
READ_ONLY = {"groups": [{"value": "x"}], "id": "x", "meta": {"created": "2020-01-01T00:00:00Z"}}
STORED = {
    "userType": "Guide", "externalId": "e-1", "roles": [{"value": "guide"}],
    "entitlements": [{"value": "tours"}],
    ENTERPRISE: {"department": "Tours", "employeeNumber": "7"},
}  # fmt: skip


def forms(name, value):
    """Return the operations that try to set an attribute."""
    urn, _, attribute = name.rpartition(":")
    nested = {urn: {attribute: value}} if urn else {name: value}
    yield {"op": "replace", "path": name, "value": value}
    yield {"op": "add", "path": name, "value": value}
    yield {"op": "replace", "path": name.upper() if not urn else name, "value": value}
    yield {"op": "replace", "value": {name: value}}
    yield {"op": "add", "value": nested}
    if not urn:
        yield {"op": "replace", "path": f"{USER}:{name}", "value": value}
    if isinstance(value, list):
        yield {"op": "replace", "path": f"{name}.value", "value": "x"}
        yield {"op": "add", "path": f'{name}[type eq "x"].value', "value": "x"}


@pytest.mark.parametrize("name", ADMIN)
def test_a_person_cannot_change_attributes_managed_by_admins(scim, sign_in, name):
    made = scim.make_user(**STORED)
    me = sign_in("bjensen")
    for operation in forms(name, ADMIN[name]):
        for more in ([], [{"op": "replace", "path": "title", "value": "x"}]):
            answer = me.patch("/Me", *more, operation)
            assert_error(answer, 400, "mutability", name, "/Me")
    if name not in ("userName", "active"):
        answer = me.patch("/Me", {"op": "remove", "path": name})
        assert_error(answer, 400, "mutability", name, "/Me")
    urn, _, attribute = name.rpartition(":")
    body = {**made, **({urn: {attribute: ADMIN[name]}} if urn else {name: ADMIN[name]})}
    assert_error(me.put("/Me", body), 400, "mutability", name.rpartition(":")[0])
    assert scim.get(f"/Users/{made['id']}").data == made


@pytest.mark.parametrize("name", READ_ONLY)
def test_a_person_cannot_change_read_only_attributes(scim, sign_in, name):
    made = scim.make_user(**STORED)
    me = sign_in("bjensen")
    operation = {"op": "replace", "path": name, "value": READ_ONLY[name]}
    answer = me.patch("/Me", operation)
    if name == "id":  # the profile ignores the others
        assert_error(answer, 400, "mutability", name)
    else:
        assert answer.status_code == 200 and "read-only" in Event.objects.latest("pk").detail
    assert me.put("/Me", made | {name: READ_ONLY[name]}).status_code == 200
    assert scim.get(f"/Users/{made['id']}").data == made


def test_put_by_a_person_keeps_attributes_managed_by_admins(scim, sign_in):
    """A PUT by the person replaces the other attributes; equal values are accepted."""
    made = scim.make_user(title="x", **STORED)
    me = sign_in("bjensen")
    answer = me.put("/Me", {"schemas": [USER], "userName": "bjensen", "nickName": "Babs"})
    assert answer.status_code == 200
    assert {name: answer.data[name] for name in STORED} == {name: made[name] for name in STORED}
    assert answer.data["nickName"] == "Babs" and "title" not in answer.data
    assert answer.data["active"] is True
    assert me.put("/Me", made).status_code == 200
    assert me.patch("/Me", {"op": "replace", "path": "active", "value": True}).status_code == 200
    given = {"op": "replace", "path": "name.givenName", "value": "Babs"}
    assert me.patch("/Me", given).data["name"]["givenName"] == "Babs"
    taken = {"op": "replace", "path": "roles", "value": [{"value": "admin"}]}
    assert scim.patch(f"/Users/{made['id']}", taken).status_code == 200  # the provider may

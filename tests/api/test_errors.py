"""Invalid requests: a SCIM error with the cause, no change, and one event."""

import json

import pytest
from django.contrib.auth.models import Group, User

from django_scim import connections
from django_scim.models import Event, UserLink

from ..client import GROUP, PATCH, USER, ScimClient, assert_error

GOOD = {"schemas": [USER], "userName": "good"}


@pytest.fixture
def untouched(scim):
    """Assert after the test that nothing has changed and one failure was recorded."""
    before = list(User.objects.values()), list(Group.objects.values())
    Event.objects.all().delete()
    yield
    assert (list(User.objects.values()), list(Group.objects.values())) == before
    (event,) = Event.objects.all()
    assert event.outcome == "failure" and event.status >= 400 and event.detail


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "header",
    [
        "", " ", "Bearer", "Bearer ", "Bearer wrong", "Basic dXNlcjpwYXNz", "bearer a b",
        "Bearer a,Bearer b", "Token x",
    ],
)  # fmt: skip
def test_invalid_token(header, scim):
    answer = scim.get("/Users", authorization=header)
    assert_error(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.usefixtures("untouched")
def test_missing_token(scim):
    assert_error(scim.post("/Users", GOOD, token=False), 401)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("state", ["revoked", "expired", "inactive"])
def test_revoked_token(state, scim):
    from datetime import timedelta

    from django.utils import timezone

    token = scim.connection.tokens.get()
    if state == "revoked":
        token.revoke()
    elif state == "expired":
        token.expires = timezone.now() - timedelta(seconds=1)
        token.save()
    else:
        scim.connection.is_active = False
        scim.connection.save()
    assert_error(scim.get("/Users"), 401)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("method", "path", "missing"),
    [
        ("POST", "/Users", "users:write"),
        ("GET", "/Groups", "groups:read"),
        ("DELETE", "/Groups/x", "groups:write"),
        ("GET", "/", "groups:read"),
    ],
)
def test_missing_scope(method, path, missing, scim):
    secret = connections.issue_token(scim.connection, scopes=["users:read"]).secret
    assert_error(
        ScimClient(scim.connection, secret).request(method, path, GOOD), 403, None, missing
    )


def test_search_by_post_needs_only_the_read_scope(scim):
    secret = connections.issue_token(scim.connection, scopes=["users:read"]).secret
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
    assert ScimClient(scim.connection, secret).post("/Users/.search", body).status_code == 200


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/Nope", "/Users/a/b", "/Schemas/x/y", "/Nope/"])
def test_unknown_urls(method, path, scim):
    assert_error(scim.request(method, path, GOOD), 404)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("path", ["/Me", "/me/"])
def test_unsupported_features(path, scim):
    assert_error(scim.post(path, GOOD), 501)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("path", ["/scim/v1/Users", "/scim/v3", "/scim/v20/Users"])
def test_other_versions(path, scim):
    other = ScimClient(scim.connection, scim.secret, base="")
    assert_error(other.get(path), 400, "invalidVers")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/Users"), ("PUT", "/Groups"), ("POST", "/Users/x")]
)
def test_unsupported_methods(method, path, scim):
    answer = scim.request(method, path, GOOD)
    assert_error(answer, 405)
    assert method not in answer.headers["Allow"].split(", ")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("scim_id", ["x", "0", "%00", "%F0%9F%92%A9", "A" * 300, "-1 or 1=1"])
def test_unknown_ids(scim_id, scim):
    assert_error(scim.get(f"/Users/{scim_id}"), 404)


@pytest.mark.parametrize("accept", ["text/html", "application/xml;q=0.9", "application/json;q=0"])
def test_unacceptable_media_types(accept, connect):
    assert_error(connect("strict").get("/Users", accept=accept), 406)
    assert connect("default").get("/Users", accept=accept).status_code == 200


@pytest.mark.parametrize("accept", ["*/*", "application/*", "text/html, application/scim+json"])
def test_acceptable_media_types(accept, connect):
    assert connect("strict").get("/Users", accept=accept).status_code == 200


def test_error_is_json_if_nothing_is_acceptable(connect):
    scim = connect("strict")
    answer = scim.http.get(
        "/scim/v2/Users",
        HTTP_AUTHORIZATION=f"Bearer {scim.secret}",
        HTTP_ACCEPT="application/json",
    )
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["totalResults"] == 0


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("kind", ["text/xml", "multipart/form-data; boundary=x", "text/plain"])
def test_unsupported_media_type(kind, scim):
    assert_error(scim.post("/Users", GOOD, content_type=kind), 415)


@pytest.mark.usefixtures("untouched")
def test_encoded_body(scim):
    assert_error(scim.post("/Users", GOOD, content_encoding="gzip"), 415, None, "Content-Encoding")


@pytest.mark.parametrize("kind", ["application/json", "application/scim+json; charset=utf-8", ""])
def test_supported_media_types(kind, scim):
    assert scim.post("/Users", GOOD, content_type=kind).status_code == 201


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("raw", "scim_type", "word"),
    [
        (b"", "invalidSyntax", "no body"),
        (b"{", "invalidSyntax", "line 1, column 2"),
        (b"[]", "invalidSyntax", "object"),
        (b'"x"', "invalidSyntax", "object"),
        (b"nul", "invalidSyntax", "not JSON"),
        (b'{"a": NaN}', "invalidSyntax", "NaN"),
        (b'{"a": 1, "a": 2}', "invalidSyntax", "'a' twice"),
        (b'\xef\xbb\xbf{"a": 1', "invalidSyntax", "not JSON"),
        (b'{"a": "\xff"}', "invalidSyntax", "UTF-8"),
        (b'{"a": "\\ud800"}', "invalidSyntax", "surrogate"),
        (b'{"userName": "a\\u0000b"}', "invalidValue", "userName"),
        (b'{"name": {"givenName": "\\u0000"}}', "invalidValue", "name.givenName"),
        (b"[" * 100_000, "invalidSyntax", "nested deeper"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "invalidSyntax", "nested deeper"),
        (b'{"a": ' + b"9" * 5000 + b"}", "invalidSyntax", "number"),
    ],
)
def test_malformed_body(raw, scim_type, word, scim):
    assert_error(scim.post("/Users", raw=raw), 400, scim_type, word)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("change", "scim_type", "words"),
    [
        ({"schemas": [GROUP]}, "invalidSyntax", ["schemas"]),
        ({"schemas": [PATCH]}, "invalidSyntax", ["schemas"]),
        ({"schemas": [USER, 1]}, "invalidSyntax", ["schemas"]),
        ({"userName": None}, "invalidValue", ["userName", "required"]),
        ({"userName": ""}, "invalidValue", ["userName", "required"]),
        ({"userName": True}, "invalidValue", ["userName", "string"]),
        ({"active": "maybe"}, "invalidValue", ["active"]),
        ({"name": "x"}, "invalidValue", ["name"]),
        ({"emails": ["x", 1]}, "invalidValue", ["emails[1]"]),
        ({"x509Certificates": [{"value": "@@"}]}, "invalidValue", ["x509Certificates[0].value"]),
        ({"USERNAME": "b"}, "invalidSyntax", ["userName", "twice"]),
        ({"userName": "x" * 151}, "invalidValue", ["userName", "150"]),
        ({"title": "x" * 256}, "invalidValue", ["title", "255"]),
        ({"externalId": "x" * 256}, "invalidValue", ["externalId", "255"]),
        ({"emails": [{"value": "x" * 255}]}, "invalidValue", ["emails.value", "254"]),
        ({"phoneNumbers": [{"value": "1", "type": "x" * 256}]}, "invalidValue",
         ["phoneNumbers.type", "255"]),
    ],
)  # fmt: skip
def test_invalid_attributes(change, scim_type, words, scim):
    assert_error(scim.post("/Users", GOOD | change), 400, scim_type, *words)


@pytest.mark.usefixtures("untouched")
def test_strict_rejects_unknown_attributes(connect):
    scim = connect("strict")
    assert_error(scim.post("/Users", GOOD | {"foo": 1}), 400, "invalidSyntax", "foo")


def test_other_profiles_ignore_unknown_attributes(scim, events):
    assert scim.post("/Users", GOOD | {"foo": 1}).status_code == 201
    assert events()[-1].tolerances == ["unknown-attribute"]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("endpoint", ["/Users", "/Groups"])
def test_oversized_body(endpoint, scim, settings):
    settings.DJANGO_SCIM = {"MAX_BODY_SIZE": 1000}
    assert_error(scim.post(endpoint, GOOD | {"title": "x" * 1000}), 413, None, "1000")


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "text", ['userName eq "', "a" * 20_001, "(" * 100, " or ".join(["title pr"] * 501)]
)
def test_invalid_filters(text, scim):
    assert_error(scim.get("/Users", {"filter": text}), 400, "invalidFilter")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title]", "value": 1}]},
        {"schemas": [PATCH], "Operations": "x"},
        {"schemas": [USER], "userName": "x"},
    ],
)
def test_invalid_patches(body, scim):
    path = f"/Users/{scim.make_user()['id']}"
    before = scim.get(path).data
    assert_error(scim.request("PATCH", path, body), 400, body_type(body))
    assert scim.get(path).data == before
    assert_error(scim.request("PATCH", "/Users/x", body), 404)


def body_type(body):
    return (
        "invalidPath"
        if isinstance(body.get("Operations", [None]), list) and len(body.get("Operations", [])) == 1
        else "invalidSyntax"
    )


@pytest.mark.usefixtures("untouched")
def test_internal_error_reveals_and_changes_nothing(scim, monkeypatch):
    def fail(self, *args, **kwargs):
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(UserLink, "save", fail)
    answer = scim.post("/Users", GOOD, x_request_id="find-me")
    assert_error(answer, 500, None, "find-me")
    assert "secret" not in json.dumps(answer.data)
    assert not User.objects.filter(username="good").exists()


def test_head_and_options(scim):
    user = scim.make_user()
    answer = scim.request("HEAD", f"/Users/{user['id']}")
    assert answer.status_code == 200 and answer.headers["ETag"] and not answer.content
    answer = scim.request("OPTIONS", "/Users")
    assert answer.status_code == 204
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))

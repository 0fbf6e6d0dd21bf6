"""Errors (RFC 7644 section 3.12): each status and scimType, and the body."""

import itertools
import json

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from django_scim import connections
from django_scim.models import UserLink
from django_scim.protocol.errors import ERROR_URN

from ..client import GROUP, PATCH, SEARCH, USER, ScimClient, assert_error

NUMBERS = itertools.count()
GOOD = {"schemas": [USER], "userName": "good"}
UNKNOWN = "2819c223-7f76-453a-919d-413861904646"


@pytest.fixture
def scim(connect):
    """Return a strict client."""
    cache.clear()
    yield connect("strict")
    cache.clear()


def reader(scim):
    """Return a client of the same connection whose token can only read users."""
    return ScimClient(
        scim.connection, connections.issue_token(scim.connection, scopes=["users:read"]).secret
    )


def taken(scim):
    scim.make_user("good")
    return scim.post("/Users", GOOD)


def throttled(scim):
    scim.get("/Users")
    return scim.get("/Users")


FAILURES = {
    400: lambda scim: scim.post("/Users", raw="{"),
    401: lambda scim: scim.get("/Users", token=False),
    403: lambda scim: reader(scim).post("/Users", GOOD),
    404: lambda scim: scim.get(f"/Users/{UNKNOWN}"),
    405: lambda scim: scim.delete("/Users"),
    406: lambda scim: scim.get("/Users", accept="text/html"),
    409: taken,
    412: lambda scim: scim.delete(f"/Users/{scim.make_user()['id']}", if_match='W/"stale"'),
    413: lambda scim: scim.post("/Users", GOOD | {"title": "x" * 2000}),
    415: lambda scim: scim.post("/Users", GOOD, content_type="text/xml"),
    429: throttled,
    500: lambda scim: scim.post("/Users", GOOD),
    501: lambda scim: scim.get("/Me"),
}


@pytest.mark.parametrize("status", FAILURES)
def test_err_01_every_error_is_a_scim_error(status, scim, settings, monkeypatch):
    if status == 413:
        settings.DJANGO_SCIM = {"MAX_BODY_SIZE": 1000}
    elif status == 429:
        settings.DJANGO_SCIM = {"THROTTLE_RATE": 1, "THROTTLE_BURST": 1}
        monkeypatch.setattr("django_scim.api.throttling.now", lambda: 5.5)
    elif status == 500:
        monkeypatch.setattr(UserLink, "save", fail)
    answer = FAILURES[status](scim)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/scim+json"
    body = json.loads(answer.content)
    assert body["schemas"] == [ERROR_URN]
    assert body["status"] == str(status)
    assert isinstance(body["detail"], str) and body["detail"]


def fail(self, *args, **kwargs):
    raise RuntimeError("the secret of the house")


@pytest.mark.parametrize("path", ["/Users/a/b/c", "/Nope", "/Nope/", "/Users.html", "/v2/Users"])
def test_err_01_no_error_pages_of_the_site(path, scim):
    for method in ("GET", "POST"):
        answer = scim.request(method, path, None)
        assert answer.status_code == 404 and answer.data["schemas"] == [ERROR_URN]


def send(scim, method, path, body=None):
    """Send a request; ID in the path is replaced by a user's id."""
    if "ID" in path:
        path = path.replace("ID", scim.make_user(f"user{next(NUMBERS)}")["id"])
    if isinstance(body, str):
        return scim.request(method, path, raw=body)
    return scim.request(method, path, body)


def patch(**operation):
    return {"schemas": [PATCH], "Operations": [operation]}


def query(**parameters):
    return {"schemas": [SEARCH], **parameters}


PUT, POST, GET = ("PUT", "/Users/ID"), ("POST", "/Users"), ("GET", "/Users")
ON_USER, SEARCHES = ("PATCH", "/Users/ID"), ("POST", "/Users/.search")
BAD_REQUESTS = {
    "invalidFilter": [
        ("GET", "/Users?filter=userName"),
        (*SEARCHES, query(filter="userName zz 1")),
        (*ON_USER, patch(op="remove", path='emails[type zz "work"]')),
    ],
    "mutability": [
        (*ON_USER, patch(op="replace", path="id", value="x")),
        (*ON_USER, patch(op="remove", path="userName")),
    ],
    "invalidSyntax": [
        (*SEARCHES, "{"),
        (*SEARCHES, {"filter": "userName pr"}),
        (*POST, "{"),
        (*POST, {"userName": "good"}),
        (*PUT, "[]"),
        (*PUT, {"schemas": ["urn:x"], "userName": "good"}),
        (*ON_USER, "nul"),
        (*ON_USER, {"schemas": [PATCH]}),
    ],
    "invalidPath": [(*ON_USER, patch(op="replace", path="nosuch", value=1))],
    "noTarget": [
        (*ON_USER, patch(op="remove")),
        (*ON_USER, patch(op="replace", path='emails[type eq "x"].value', value="x")),
    ],
    "invalidValue": [
        ("GET", "/Users?count=many"),
        ("GET", "/Users?sortOrder=sideways"),
        (*SEARCHES, query(sortOrder="sideways")),
        (*POST, {"schemas": [USER]}),
        (*POST, GOOD | {"active": "yes"}),
        (*PUT, GOOD | {"title": 1}),
        (*ON_USER, patch(op="add", path="title")),
    ],
}


def test_err_02_every_bad_request_has_a_type_and_a_detail(scim):
    for scim_type, requests in BAD_REQUESTS.items():
        for request in requests:
            answer = send(scim, *request)
            assert answer.data["scimType"] == scim_type and answer.data["detail"]


def test_err_03_syntax_and_schema(scim):
    assert_error(scim.post("/Users", raw='{"userName": '), 400, "invalidSyntax", "line 1")
    assert_error(scim.post("/Users", raw="<user/>"), 400, "invalidSyntax", "JSON")
    assert_error(scim.post("/Users", GOOD | {"emails": 1}), 400, "invalidValue", "emails")
    body = {"schemas": [GROUP], "displayName": "G", "members": [{"value": 1}]}
    assert_error(scim.post("/Groups", body), 400, "invalidValue", "members[0].value")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "scim_type",
    [
        pytest.param("invalidFilter", id="ERR-04"),
        pytest.param("mutability", id="ERR-07"),
        pytest.param("invalidSyntax", id="ERR-08"),
        pytest.param("invalidPath", id="ERR-09-path"),
        pytest.param("noTarget", id="ERR-09-target"),
        pytest.param("invalidValue", id="ERR-10"),
    ],
)
def test_bad_requests(scim_type, scim):
    for request in BAD_REQUESTS[scim_type]:
        assert_error(send(scim, *request), 400, scim_type)
    assert not User.objects.filter(username="good").exists()


def test_err_07_put_of_another_immutable_value(scim, settings):
    adapter = "tests.compliance.patch_adapters.FixedTitle"
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": adapter}}
    user = scim.make_user(title="Guide")
    answer = scim.put(f"/Users/{user['id']}", user | {"title": "Chief"})
    assert_error(answer, 400, "mutability", "title")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_err_06_uniqueness_is_a_conflict(method, scim):
    scim.make_user("good")
    path = "/Users" if method == "POST" else f"/Users/{scim.make_user('other')['id']}"
    body = patch(op="replace", path="userName", value="Good") if method == "PATCH" else GOOD
    assert_error(scim.request(method, path, body), 409, "uniqueness", "userName")
    group = {"schemas": [GROUP], "displayName": "Guides"}
    scim.make("/Groups", group)
    path = "/Groups" if method == "POST" else f"/Groups/{scim.make_group('Other')['id']}"
    body = patch(op="replace", path="displayName", value="GUIDES") if method == "PATCH" else group
    assert_error(scim.request(method, path, body), 409, "uniqueness", "displayName")


@pytest.mark.parametrize("path", ["/scim/v1/Users", "/scim/v3", "/scim/v3/Schemas"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_err_11_another_version(method, path, scim):
    elsewhere = ScimClient(scim.connection, scim.secret, base="")
    assert_error(elsewhere.request(method, path), 400, "invalidVers", "v2")


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic dXNlcjpwYXNz", "Bearer"])
def test_err_13_unauthorized(header, scim):
    headers = {"token": False} if header is None else {"authorization": header}
    answer = scim.get("/Users", **headers)
    assert_error(answer, 401)
    error = ', error="invalid_token"' if header else ""
    assert answer.headers["WWW-Authenticate"] == f'Bearer realm="SCIM"{error}'


def test_err_14_forbidden_and_unknown(scim, connect):
    answer = reader(scim).post("/Users", GOOD)
    assert_error(answer, 403, None, "users:write")
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert_error(reader(scim).get("/Groups"), 403, None, "groups:read")
    theirs = connect().make_user()
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        body = patch(op="remove", path="title") if method == "PATCH" else GOOD
        details = set()
        for scim_id in (theirs["id"], UNKNOWN):
            answer = scim.request(method, f"/Users/{scim_id}", body, x_request_id="one")
            assert_error(answer, 404)
            details.add(answer.data["detail"].replace(scim_id, ""))
        assert (
            len(details) == 1
        )  # a user of another connection gives the same response as an unknown one


@pytest.mark.parametrize(
    "path", [f"/Users/{UNKNOWN}", "/Groups/x", "/Robots", "/Users/a/b", "/Schemas/x"]
)
def test_err_15_not_found(path, scim):
    assert_error(scim.get(path), 404)


def test_err_16_duplicate_is_409_and_version_is_412(scim):
    user = scim.make_user("good")
    assert_error(scim.post("/Users", GOOD), 409, "uniqueness", "userName")
    assert_error(scim.put(f"/Users/{user['id']}", GOOD, if_match='W/"stale"'), 412)


def test_err_17_failed_precondition(scim):
    user = scim.make_user("good", title="old")
    path = f"/Users/{user['id']}"
    assert_error(scim.put(path, GOOD, if_match='W/"stale"'), 412, None, user["meta"]["version"])
    assert scim.get(path).data == user


def test_err_19_internal_error_has_only_the_request_id(scim, monkeypatch, caplog):
    monkeypatch.setattr(UserLink, "save", fail)
    answer = scim.post("/Users", GOOD, x_request_id="find-me")
    assert_error(answer, 500, None, "find-me")
    assert b"secret" not in answer.content and b"Traceback" not in answer.content
    assert "find-me" in caplog.text and "the secret of the house" in caplog.text
    assert not User.objects.exists()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_err_20_unsupported_features(method, scim):
    assert_error(scim.request(method, "/Me", GOOD), 501)


def test_err_21_too_many_requests(scim, settings, monkeypatch):
    monkeypatch.setattr("django_scim.api.throttling.now", lambda: 5.5)
    settings.DJANGO_SCIM = {"THROTTLE_RATE": 1, "THROTTLE_BURST": 2}
    assert [scim.get("/Users").status_code for _ in range(2)] == [200, 200]
    answer = scim.get("/Users")
    assert_error(answer, 429)
    assert int(answer.headers["Retry-After"]) >= 1


def test_err_22_error_names_the_attribute(scim):
    wrong = {"name": {"givenName": True}, "emails": [{"value": "a@b.c"}, {"value": False}]}
    answer = scim.post("/Users", GOOD | wrong)
    assert_error(answer, 400, "invalidValue", "name.givenName")
    assert "emails[1].value: must be a string" in answer.data["detail"]
    answer = scim.post("/Users", GOOD | {"emails": wrong["emails"]})
    assert_error(answer, 400, "invalidValue", "emails[1].value")


@pytest.mark.parametrize("endpoint", ["GET", ".search"])
def test_err_05_too_many(endpoint, scim, settings):
    settings.DJANGO_SCIM = {"MAX_RESULTS": 2}
    for name in ("one", "two", "three"):
        scim.make_user(name)
    text = "userName pr"
    if endpoint == "GET":
        answer = scim.get("/Users", {"filter": text})
    else:
        answer = send(scim, *SEARCHES, query(filter=text))
    assert_error(answer, 400, "tooMany")


def test_err_12_sensitive(scim, settings):
    settings.DJANGO_SCIM = {"SENSITIVE_FILTERS": ["emails"]}
    text = 'emails.value eq "babs@example.com"'
    assert_error(scim.get("/Users", {"filter": text}), 403, "sensitive", "emails")
    assert send(scim, *SEARCHES, query(filter=text)).data["totalResults"] == 0

"""Content types and formats (RFC 7644 sections 3.8 and 8.1), and versions of the protocol."""

import json
import re

import pytest
from django.contrib.auth.models import User

from ..client import BASE, GROUP, SEARCH, USER, ScimClient, assert_error

SCIM = "application/scim+json"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
BODY = {"schemas": [USER], "userName": "zo\u00eb", "displayName": "Łódź 名"}
ENCODED = json.dumps(BODY, ensure_ascii=False).encode()


def raw_get(scim, accept, path="/Users"):
    """Send GET without the client's check of the content type; None sends no Accept header."""
    headers = {"Authorization": f"Bearer {scim.secret}"} | ({"Accept": accept} if accept else {})
    return scim.http.get(BASE + path, headers=headers)


def test_fmt_01_utf_8_in_both_directions(scim):
    answer = scim.post("/Users", raw=ENCODED)
    assert answer.status_code == 201
    assert json.loads(answer.content.decode("utf-8"))["displayName"] == "Łódź 名"
    shown = scim.get(f"/Users/{answer.data['id']}")
    assert shown.data["displayName"].encode() == BODY["displayName"].encode()


def test_fmt_02_accept_scim_json(scim):
    answer = scim.get("/Users", accept=SCIM)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == SCIM


@pytest.mark.parametrize("accept", ["application/json", "application/json; charset=utf-8"])
def test_fmt_03_accept_json(scim, accept):
    answer = raw_get(scim, accept)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["totalResults"] == 0
    both = raw_get(scim, f"application/json, {SCIM};q=0.5")
    assert both.headers["Content-Type"] == "application/json"
    equal = raw_get(scim, f"application/json, {SCIM}")
    assert equal.headers["Content-Type"] == SCIM
    error = raw_get(scim, accept, "/Users/x")
    assert (error.status_code, error.json()["schemas"]) == (404, [ERROR])


@pytest.mark.parametrize("accept", [None, "", "*/*", "application/*", "text/html, */*;q=0.1"])
def test_fmt_04_accept_anything(connect, accept):
    answer = raw_get(connect("strict"), accept)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == SCIM


@pytest.mark.parametrize("accept", ["text/html", "application/xml", f"{SCIM};q=0", "text/*"])
def test_fmt_05_accept_something_else(connect, accept):
    assert_error(connect("strict").get("/Users", accept=accept), 406, None, SCIM)
    assert connect().get("/Users", accept=accept).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (SCIM, 201),
        ("application/json", 201),
        ("text/xml", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
    ],
)
def test_fmt_06_content_types(scim, content_type, status):
    answer = scim.post("/Users", raw=ENCODED, content_type=content_type)
    assert answer.status_code == status
    if status == 415:
        assert_error(answer, 415, None, SCIM)
        assert not User.objects.exists()


@pytest.mark.parametrize("media_type", [SCIM, "application/json"])
@pytest.mark.parametrize("parameter", ["; charset=utf-8", ';charset="UTF-8"', "; profile=x"])
def test_fmt_07_content_type_with_parameters(scim, media_type, parameter):
    answer = scim.post("/Users", raw=ENCODED, content_type=media_type + parameter)
    assert answer.status_code == 201
    assert answer.data["displayName"] == "Łódź 名"


def test_fmt_08_missing_content_type(scim):
    assert scim.post("/Users", raw=ENCODED, content_type="").status_code == 201


@pytest.mark.parametrize("suffix", ["json", "scim", "xml"])
def test_fmt_09_suffixes_are_not_supported(scim, suffix):
    user = scim.make_user()
    for path in (f"/Users.{suffix}", f"/Users/{user['id']}.{suffix}"):
        assert_error(scim.get(path), 404)


def test_fmt_10_no_content_type_without_body(connect):
    scim = connect("strict")
    user, group = scim.make_user(), scim.make_group()
    rename = {"op": "replace", "path": "displayName", "value": "New"}
    answers = [
        scim.get(f"/Users/{user['id']}", if_none_match=user["meta"]["version"]),
        scim.delete(f"/Groups/{group['id']}"),
        scim.delete(f"/Users/{user['id']}"),
    ]
    assert [answer.status_code for answer in answers] == [304, 204, 204]
    for answer in answers:
        assert answer.content == b"" and "Content-Type" not in answer.headers
    tolerant = connect()
    group = tolerant.make_group("Other")
    answer = tolerant.patch(f"/Groups/{group['id']}", rename)  # SCIM-SDK needs the header
    assert answer.status_code == 204 and answer.headers["Content-Type"] == SCIM


@pytest.mark.parametrize(
    "raw",
    [
        b'{"userName": "a", "userName": "b"}',
        b'{"name": {"givenName": "a", "givenName": "b"}}',
        b'{"userName": NaN}',
        b'{"userName": Infinity}',
        b'\xef\xbb\xbf{"userName": "a"}',
        b'{"userName": "\xff"}',
        '{"userName": "a"}'.encode("utf-16"),
    ],
    ids=["twice", "twice inside", "NaN", "Infinity", "BOM", "invalid UTF-8", "another encoding"],
)
def test_fmt_11_malformed_json(connect, raw):
    scim = connect("strict")
    raw = raw.replace(b"{", b'{"schemas": ["%s"], ' % USER.encode(), 1)
    assert_error(scim.post("/Users", raw=raw), 400, "invalidSyntax")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "attributes",
    [
        {"userName": "a", "USERNAME": "b"},
        {"userName": "a", "name": {"givenName": "a", "GIVENNAME": "b"}},
        {"userName": "a", "name": {"givenName": "a"}, "Name": {"familyName": "b"}},
    ],
)
def test_fmt_12_duplicate_attribute(scim, attributes):
    assert_error(scim.post("/Users", {"schemas": [USER], **attributes}), 400, "invalidSyntax")
    assert not User.objects.exists()
    user = scim.make_user("before")
    operation = {"op": "replace", "value": attributes}
    assert_error(scim.patch(f"/Users/{user['id']}", operation), 400, "invalidSyntax")
    assert scim.get(f"/Users/{user['id']}").data == user


UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


def test_fmt_13_times_are_in_utc(scim, settings):
    settings.TIME_ZONE = "Asia/Kolkata"
    user, group = scim.make_user(), scim.make_group()
    for resource in (user, group, *scim.get("/Users").data["Resources"]):
        assert UTC.fullmatch(resource["meta"]["created"])
        assert UTC.fullmatch(resource["meta"]["lastModified"])
    created = user["meta"]["created"]
    assert scim.find(f'meta.created eq "{created}"')
    assert not scim.find(f'meta.created eq "{created[:-1]}+05:30"')


# Versions of the protocol


def test_ver_01_version_precedes_the_endpoint(scim):
    assert scim.get("/Users").status_code == 200
    assert scim.make_user()["meta"]["location"].startswith("http://testserver/scim/v2/Users/")
    anywhere = ScimClient(scim.connection, scim.secret, base="/scim")
    for version in ("v1", "v3", "v20"):
        answer = anywhere.post(f"/{version}/Users", BODY)
        assert_error(answer, 400, "invalidVers", "v2")
        assert_error(anywhere.get(f"/{version}"), 400, "invalidVers")
    assert User.objects.count() == 1


@pytest.mark.urls("tests.compliance.urls")
def test_ver_02_without_a_version(connect):
    scim = connect()
    unversioned = ScimClient(scim.connection, scim.secret, base="/unversioned")
    user = unversioned.make_user()
    assert user["meta"]["location"] == f"http://testserver/unversioned/Users/{user['id']}"
    assert unversioned.get(f"/Users/{user['id']}").data == user


def test_ver_03_locations_have_no_query(scim):
    user = scim.post("/Users?attributes=meta", BODY).data
    group = scim.post("/Groups?x=1", {"schemas": [GROUP], "displayName": "G"}).data
    documents = [
        user,
        group,
        scim.get(f"/Users/{user['id']}?attributes=meta&x=1").data,
        scim.post("/Users/.search?x=1", {"schemas": [SEARCH]}).data["Resources"][0],
        scim.get("/ServiceProviderConfig?x=1").data,
        *scim.get("/Schemas?x=1").data["Resources"],
        *scim.get("/ResourceTypes?x=1").data["Resources"],
    ]
    for document in documents:
        assert "?" not in document["meta"]["location"]


def test_ver_04_trailing_slash(scim, settings):
    assert settings.APPEND_SLASH
    for number, slash in enumerate(("", "/")):
        answer = scim.post(f"/Users{slash}", BODY | {"userName": f"u{number}"})
        assert answer.status_code == 201
        assert not answer.data["meta"]["location"].endswith("/")
        path = f"/Users/{answer.data['id']}{slash}"
        assert scim.get(path).data == answer.data
        assert scim.get(f"/Users{slash}").status_code == 200
        assert scim.patch(path, {"op": "add", "path": "title", "value": "x"}).status_code == 200
        assert scim.delete(path).status_code == 204

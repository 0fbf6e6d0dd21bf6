"""Reading one resource, and the attributes in the response (RFC 7644 sections 3.4.1 and 3.9)."""

import pytest

from tests.client import ENTERPRISE, USER, assert_error

from .adapters import EXTRA

EMAILS = [{"value": "b@example.com", "type": "work", "primary": True, "display": "Babs"}]


@pytest.fixture
def path(scim):
    made = scim.make_user(
        name={"givenName": "Barbara", "familyName": "Jensen"},
        title="Guide",
        emails=EMAILS,
        **{ENTERPRISE: {"department": "Tours", "division": "Park"}},
    )
    return f"/Users/{made['id']}"


def test_get_01_one_resource(scim, path):
    answer = scim.get(path)
    assert answer.status_code == 200 and answer.data["userName"] == "bjensen"
    assert answer.headers["ETag"] == answer.data["meta"]["version"]
    assert answer.headers["Content-Location"] == answer.data["meta"]["location"]


def test_get_02_unknown_id(scim):
    answer = scim.get("/Users/2819c223-7f76-453a-919d-413861904646")
    assert_error(answer, 404)  # a SCIM error without scimType, in SCIM's media type


@pytest.mark.parametrize("text", ["1", "nobody", "%00", "%27%20OR%201=1", "é", "x" * 500, "a%20b"])
def test_get_03_malformed_id(text, scim):
    assert_error(scim.get(f"/Users/{text}"), 404)


def test_get_04_default_attributes(scim, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "tests.compliance.adapters.ExtraUserAdapter"}}
    given = {"hidden": "x", "plain": "y"}
    made = scim.make_user(title="Guide", schemas=[USER, EXTRA], **{EXTRA: given})
    data = scim.get(f"/Users/{made['id']}").data
    assert data["title"] == "Guide" and data[EXTRA] == {"plain": "y", "shown": "yes"}
    assert "password" not in data


def test_get_05_attributes(scim, path):
    data = scim.get(path, {"attributes": "name.familyName"}).data
    assert data == {"schemas": [USER], "id": path[7:], "name": {"familyName": "Jensen"}}
    assert set(scim.get(path, {"attributes": "title, TITLE,emails"}).data) == {
        "schemas", "id", "title", "emails"}  # fmt: skip


def test_get_06_minimum(scim, path):
    assert set(scim.get(path, {"attributes": "userName"}).data) == {"schemas", "id", "userName"}


def test_get_07_complete_complex_attribute(scim, path):
    assert scim.get(path, {"attributes": "emails"}).data["emails"] == EMAILS


def test_get_08_excluded_attributes(scim, path):
    full = scim.get(path).data
    data = scim.get(path, {"excludedAttributes": "id,schemas,title,emails.type"}).data
    assert set(full) - set(data) == {"title"}
    assert data["emails"] == [{k: v for k, v in EMAILS[0].items() if k != "type"}]
    group = scim.make_group("Guides", {"id": path[7:]})
    data = scim.get(f"/Groups/{group['id']}", {"excludedAttributes": "id,members"}).data
    assert data["id"] == group["id"] and "members" not in data


def test_get_09_attributes_and_excluded_attributes_are_exclusive(scim, path):
    both = {"attributes": "userName", "excludedAttributes": "title"}
    assert_error(scim.get(path, both), 400, "invalidValue")


def test_get_10_with_urns(scim, path):
    department = f"{ENTERPRISE}:department"
    data = scim.get(path, {"attributes": department}).data
    assert data[ENTERPRISE] == {"department": "Tours"} and set(data) == {
        "schemas", "id", ENTERPRISE}  # fmt: skip
    data = scim.get(path, {"attributes": f"{USER}:name.familyName"}).data
    assert data["name"] == {"familyName": "Jensen"}
    data = scim.get(path, {"excludedAttributes": f"{department.upper()},{USER}:title"}).data
    assert data[ENTERPRISE] == {"division": "Park"} and "title" not in data


def test_get_11_complete_extension(scim, path):
    data = scim.get(path, {"attributes": ENTERPRISE}).data
    assert data[ENTERPRISE] == {"department": "Tours", "division": "Park"}
    assert set(data) == {"schemas", "id", ENTERPRISE}
    data = scim.get(path, {"excludedAttributes": ENTERPRISE}).data
    assert ENTERPRISE not in data and data["schemas"] == [USER]


def test_get_12_unknown_names(scim, path):
    for name in ("nosuch", "name.nosuch", "urn:example:x", ENTERPRISE + ":nosuch", "a[b]", "é"):
        assert set(scim.get(path, {"attributes": name}).data) == {"schemas", "id"}
        assert scim.get(path, {"excludedAttributes": name}).data == scim.get(path).data


def test_get_13_case_of_parameters(scim, path, connect):
    assert set(scim.get(path, {"Attributes": "title"}).data) == {"schemas", "id", "title"}
    assert "title" not in scim.get(path, {"excludedattributes": "title"}).data
    strict = connect("strict")
    refused = strict.get("/Users", {"Attributes": "title"})
    assert_error(refused, 400, "invalidValue", "must be written attributes")
    assert "title" in scim.get(path, {"attributes": "TITLE"}).data


def test_get_14_filter_on_one_resource_is_ignored(scim, path):
    full = scim.get(path).data
    for text in ('userName eq "nobody"', "no filter"):
        assert scim.get(path, {"filter": text}).data == full


def test_get_15_head_and_options(scim, path):
    head, get = scim.request("HEAD", path), scim.get(path)
    assert head.status_code == 200 and head.content == b""
    for name in ("ETag", "Content-Location"):
        assert head.headers[name] == get.headers[name]
    options = scim.request("OPTIONS", path)
    allowed = set(options.headers["Allow"].split(", "))
    assert options.status_code == 204 and {"GET", "PUT", "PATCH", "DELETE"} <= allowed


def test_get_16_other_methods(scim, path):
    for method, at in (("POST", path), ("PUT", "/Users"), ("DELETE", "/Users"), ("TRACE", path)):
        answer = scim.request(method, at)
        assert_error(answer, 405)
        assert "GET" in answer.headers["Allow"] and method not in answer.headers["Allow"]

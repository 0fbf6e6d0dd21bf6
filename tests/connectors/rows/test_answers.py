"""Answers, discovery documents and reading, as real clients need them."""

import base64
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from django_scim.models import UserLink
from tests.client import ENTERPRISE, GROUP, SEARCH, USER, ScimClient, assert_error

ROOT = Path(__file__).parents[3]

CONFIG = "/ServiceProviderConfig"


def test_row_J9_every_characteristic_is_printed(scim):
    names = {"name", "type", "multiValued", "description", "required", "caseExact", "mutability",
             "returned", "uniqueness"}  # fmt: skip
    for schema in scim.get("/Schemas").data["Resources"]:
        for attribute in schema["attributes"]:
            for each in (attribute, *attribute.get("subAttributes", [])):
                assert names <= each.keys(), each["name"]
                if each["type"] in ("boolean", "complex"):
                    assert each["caseExact"] is False
                if each["type"] == "binary":  # row F8
                    assert each["caseExact"] is True


def test_row_J10_pagination(connect):
    for profile in ("default", "entra", "okta", "strict"):
        assert "pagination" in connect(profile).get(CONFIG).data
    for profile in ("keycloak", "ping"):
        client = connect(profile)
        assert "pagination" not in client.get(CONFIG).data
        assert_error(client.get("/Users", {"cursor": ""}), 400, "invalidValue", "cursor")
    assert "pagination" not in client.get(CONFIG, token=False).data  # suvera's first request


def test_row_J11_group_as_the_answer(connect):
    client = connect("ping")
    group = client.make_group("old")
    rename = {"op": "replace", "path": "displayName", "value": "new"}
    answer = client.patch(f"/Groups/{group['id']}", rename)
    assert answer.status_code == 200 and answer.data["displayName"] == "new"


@pytest.mark.parametrize("profile", ["default", "entra", "okta", "keycloak"])
def test_row_J12_content_type_of_an_empty_answer(connect, profile):
    client = connect(profile)
    group = client.make_group("old")
    rename = {"op": "replace", "path": "displayName", "value": "new"}
    answer = client.patch(f"/Groups/{group['id']}", rename)
    assert answer.status_code == 204 and not answer.content
    assert answer.headers["Content-Type"] == "application/scim+json"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_row_J17_if_match_of_a_read(scim, method):
    user = scim.make_user()
    path = f"/Users/{user['id']}"
    if method == "GET":  # the client does not take an empty error
        assert scim.request(method, path, if_match='W/"other"').status_code == 412
    assert scim.request(method, path, if_match=user["meta"]["version"]).status_code == 200
    assert scim.request(method, path, if_match="*").status_code == 200


def test_row_J18_location(scim):
    user = scim.make_user()
    group = scim.make_group("G")
    path, where = f"/Users/{user['id']}", user["meta"]["location"]
    title = {"op": "replace", "path": "title", "value": "x"}
    answers = [scim.get(path), scim.patch(path, title),
               scim.put(path, {"schemas": [USER], "userName": "bjensen"})]  # fmt: skip
    assert [answer.headers["Location"] for answer in answers] == [where] * 3
    rename = {"op": "replace", "path": "displayName", "value": "new"}
    answer = scim.patch(f"/Groups/{group['id']}", rename)
    assert answer.headers["Location"] == group["meta"]["location"]


def test_row_J20_schema_says_that_names_are_unique(scim):
    (name,) = [a for a in scim.get(f"/Schemas/{GROUP}").data["attributes"]
               if a["name"] == "displayName"]  # fmt: skip
    assert name["uniqueness"] == "server"
    scim.make_group("Sales")
    assert_error(scim.post("/Groups", {"displayName": "sales"}), 409, "uniqueness")


def test_row_J32_delete_has_nothing_to_negotiate(strict):
    path = f"/Users/{strict.make_user()['id']}"
    assert strict.delete(path, accept="text/html").status_code == 204


def test_row_J34_text_is_expected(strict):
    answer = strict.get("/Users", {"filter": "userName eq 5"})
    assert_error(answer, 400, "invalidFilter", 'a text such as "x"')
    assert "true or 5" not in answer.data["detail"]


def test_row_R7_version_of_a_part(scim):
    path = f"/Users/{scim.make_user(title='x')['id']}"
    part = scim.get(path, {"attributes": "title"})
    assert part.headers["ETag"] == scim.get(path).headers["ETag"]
    again = scim.get(path, {"attributes": "title"}, if_none_match=part.headers["ETag"])
    assert again.status_code == 304


def test_row_R13_31a_latest_version(scim):
    user = scim.make_user()
    site = ScimClient(scim.connection, scim.secret, base="")
    found = site.get(f"/scim/Users/{user['id']}")
    assert found.status_code == 200
    assert found.data["meta"]["location"] == f"http://testserver/scim/Users/{user['id']}"
    assert site.get("/scim/Users").data["totalResults"] == 1
    assert site.get("/scim/v2").data["totalResults"] == 1
    assert site.get("/scim/V2/Users").data["totalResults"] == 1
    assert_error(site.get("/scim/v3/Users"), 400, "invalidVers")
    assert scim.base == "/scim/v2"


def test_row_R14_quality(strict):
    plain = strict.http.get(f"{strict.base}/Users", headers={
        "authorization": f"Bearer {strict.secret}",
        "accept": "application/scim+json;q=0.2, application/json"})  # fmt: skip
    assert plain.headers["Content-Type"] == "application/json"
    for path in ("/Users", CONFIG):
        assert strict.get(path, accept="text/html").status_code == 406
        assert strict.get(path, accept="*/*;q=0").status_code == 406


def test_row_R17_challenges(scim, connect):
    assert scim.get("/Users", token=False).headers["WWW-Authenticate"] == 'Bearer realm="SCIM"'
    wrong = scim.get("/Users", authorization="Bearer wrong")
    assert 'error="invalid_token"' in wrong.headers["WWW-Authenticate"]
    reader = connect(scopes=["users:read"])
    refused = reader.post("/Users", {"userName": "x"})
    assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]


def test_row_34b_parameters(lenient, strict):
    lenient.make_user("ann", title="x")
    for query in ("filter=", "sortOrder=", "sortBy=", "count=&startIndex="):
        assert lenient.get(f"/Users?{query}").data["totalResults"] == 1
    (found,) = lenient.get("/Users?attributes=userName&attributes=title").data["Resources"]
    assert found.keys() == {"schemas", "id", "userName", "title"}
    assert_error(strict.get("/Users?attributes=userName&attributes=title"), 400, "invalidValue")


def test_row_J28_parameters_in_any_case(lenient, strict):
    for client in (lenient, strict):
        client.make_user(f"{client.connection.profile}1")
        client.make_user(f"{client.connection.profile}2")
    query = {"Filter": f'userName eq "{lenient.connection.profile}1"'}
    assert lenient.get("/Users", query).data["totalResults"] == 1
    assert lenient.get("/Users", {"StartIndex": 2}).data["startIndex"] == 2
    for wrong in ("Filter=title+pr&filter=name+pr", "filter=title+pr&filter=name+pr"):
        assert_error(lenient.get(f"/Users?{wrong}"), 400, "invalidValue", "filter", "twice")
    assert_error(strict.get("/Users", query), 400, "invalidValue", "must be written filter")


@pytest.mark.parametrize("operator", ["eq", "sw"])
def test_row_J29_plus_in_a_filter(lenient, strict, operator):
    lenient.make_user("ann+x@example.com")
    text = f"filter=userName%20{operator}%20%22ann+x@example.com%22"
    assert lenient.get(f"/Users?{text}").data["totalResults"] == 1
    blanks = text.replace("%20", "+")
    assert lenient.get(f"/Users?{blanks}").data["totalResults"] == 0
    encoded = text.replace("ann+x", "ann%2Bx")
    assert lenient.get(f"/Users?{encoded}").data["totalResults"] == 1
    assert strict.get(f"/Users?{text}").data["totalResults"] == 0


@pytest.mark.parametrize(
    "path", ["//Users", "/Users//{}", "/Users/{}/", "/Users/{}//", "//Users//{}"]
)
def test_row_extra_slashes(lenient, strict, path):
    for client in (lenient, strict):
        user = client.make_user(client.connection.profile)
        answer = client.get(path.format(user["id"]))
        if client is strict and "//" in path:
            assert_error(answer, 404)
        elif "{}" in path:
            assert answer.data == user
        else:
            assert answer.data["Resources"] == [user]


def test_row_J8_colon_after_a_urn(lenient, strict):
    extension = {ENTERPRISE: {"department": "R"}}
    user = lenient.make_user("ann", **extension)
    lenient.make_user("bob")
    path = f"/Users/{user['id']}"
    for text in (f"{ENTERPRISE}: pr", f"{ENTERPRISE} pr"):
        assert [each["userName"] for each in lenient.find(text)] == ["ann"]
        assert [each["userName"] for each in lenient.find(f"not ({text})")] == ["bob"]
    assert len(lenient.find(f"{USER}: pr")) == 2
    assert lenient.get(path, {"attributes": f"{ENTERPRISE}:"}).data[ENTERPRISE]
    assert ENTERPRISE not in lenient.get(path, {"excludedAttributes": f"{ENTERPRISE}:"}).data
    change = {"op": "replace", "path": f"{ENTERPRISE}:", "value": {"division": "D"}}
    expected = {"department": "R", "division": "D"}
    assert lenient.patch(path, change).data[ENTERPRISE] == expected
    add = {"op": "add", "path": f"{ENTERPRISE}:", "value": {"costCenter": "7"}}
    assert lenient.patch(path, add).data[ENTERPRISE] == expected | {"costCenter": "7"}
    remove = {"op": "remove", "path": f"{ENTERPRISE}:"}
    assert ENTERPRISE not in lenient.patch(path, remove).data
    core = {"op": "replace", "path": f"{USER}:", "value": {"title": "x"}}
    assert lenient.patch(path, core).data["title"] == "x"
    assert_error(strict.get("/Users", {"filter": f"{ENTERPRISE}: pr"}), 400, "invalidFilter")


def test_row_5b_J24_other_quotes_in_filters(lenient, strict):
    lenient.make_user("DOM\\user.1")
    for text in ("'DOM\\user.1'", "'DOM\\\\user.1'", "“DOM\\user.1”", '"DOM\\\\user.1"'):
        assert lenient.get("/Users", {"filter": f"userName eq {text}"}).data["totalResults"] == 1
    lenient.make_user("o'hara")
    assert len(lenient.find('userName eq "o\'hara"')) == 1
    assert len(lenient.find("userName eq 'o\\'hara'")) == 1
    for wrong in ("'o'hara'", "'open", "'a' 'b'"):
        answer = lenient.get("/Users", {"filter": f"userName eq {wrong}"})
        assert_error(answer, 400, "invalidFilter")
    assert_error(strict.get("/Users", {"filter": "userName eq 'x'"}), 400, "invalidFilter")


def test_row_J19_date_without_a_time(lenient, strict):
    lenient.make_user()
    assert lenient.find('meta.created gt "2020-11-25"')
    assert not lenient.find('meta.created lt "2020-11-25"')
    assert_error(
        strict.get("/Users", {"filter": 'meta.created gt "2020-11-25"'}), 400, "invalidFilter"
    )


@pytest.mark.parametrize("offset", ["+14:01", "+14:59", "-14:30", "+15:00", "+01:60"])
def test_row_R18_offset_of_more_than_14_hours(connect, offset):
    """XML Schema part 2, section 3.2.7.3: an offset is at most 14 hours."""
    for profile in ("default", "strict"):
        client = connect(profile)
        wrong = {"filter": f'meta.created gt "2020-01-01T00:00:00{offset}"'}
        assert_error(client.get("/Users", wrong), 400, "invalidFilter", "meta.created")
        for right in ("+14:00", "-14:00", "+13:59", "Z"):
            text = f'meta.created gt "2020-01-01T00:00:00{right}"'
            assert client.get("/Users", {"filter": text}).status_code == 200


def test_row_49_active_always_shows_the_state(lenient):
    for active in (True, False):
        user = lenient.make_user(f"u{active}", active=active)
        path = f"/Users/{user['id']}"
        for operation in (
            {"op": "replace", "path": "active", "value": None},
            {"op": "remove", "path": "active"},
            {"op": "replace", "value": {"active": ""}},
        ):
            assert lenient.patch(path, operation).data["active"] is active
        body = {"userName": f"u{active}", "active": None}
        assert lenient.put(path, body).data["active"] is active
        assert User.objects.get(username=f"u{active}").is_active is active
    assert len(lenient.find("active eq true")) == len(lenient.find("active eq false")) == 1


@pytest.mark.parametrize("sort", ["userName", "title", None])
def test_row_R9_cursor_tells_nothing(scim, sort):
    """RFC 9865 section 2.1: a cursor is opaque."""
    users = [scim.make_user(f"lovelace{number}", title="countess") for number in range(2)]
    for number, user in enumerate(users):  # primary keys that no random bytes contain
        UserLink.objects.filter(scim_id=user["id"]).update(id=987_654_321_000 + number)
    query = {"cursor": "", "count": 1} | ({"sortBy": sort} if sort else {})
    cursor = scim.get("/Users", query).data["nextCursor"]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for text in ("lovelace", "countess", users[0]["id"], "987654321", "User"):
        assert text.encode() not in raw and text not in cursor
    changed = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    answer = scim.get("/Users", query | {"cursor": changed})
    assert_error(answer, 400, "invalidCursor")


def test_row_J35_long_filters(scim):
    """The server itself takes filters that are longer than a request line of gunicorn."""
    scim.make_user("ann")
    text = " or ".join(['userName eq "' + "x" * 90 + '"'] * 48 + ['userName eq "ann"'])
    assert len(text) > 4_094
    assert scim.get("/Users", {"filter": text}).data["totalResults"] == 1
    body = {"schemas": [SEARCH], "filter": text}
    assert scim.post("/Users/.search", body).data["totalResults"] == 1
    page = (ROOT / "docs" / "how-to" / "connectors.md").read_text()
    assert "--limit-request-line" in page and "/.search" in page

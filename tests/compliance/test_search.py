"""Queries by POST to ``.search`` (RFC 7644 section 3.4.3)."""

import pytest

from tests.client import GROUP, SEARCH, USER, assert_error

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


@pytest.fixture
def people(scim):
    for name, title in (("ann", "Guide"), ("bob", "Chief"), ("carl", None)):
        scim.make_user(name, title=title, displayName=name)
    scim.make_group("Guides")
    return scim


def search(scim, at="/Users", **members):
    return scim.post(f"{at}/.search", {"schemas": [SEARCH], **members})


def test_src_01_on_every_endpoint(people):
    assert search(people).data == people.get("/Users").data
    assert search(people, "/Groups").data == people.get("/Groups").data
    at_base = search(people, "", filter="displayName pr").data
    assert at_base["totalResults"] == 4
    assert {each["meta"]["resourceType"] for each in at_base["Resources"]} == {"User", "Group"}


def test_src_02_schemas(people, connect):
    people = connect("strict")
    for schemas in ([USER], [], None, [SEARCH, USER], SEARCH):
        for at in ("/Users", ""):
            answer = people.post(f"{at}/.search", {"schemas": schemas, "filter": "title pr"})
            assert_error(answer, 400, "invalidSyntax", "schemas")
    assert_error(people.post("/Users/.search", raw="[]"), 400, "invalidSyntax")


@pytest.mark.parametrize(
    "members",
    [
        {"filter": "title pr"},
        {"sortBy": "title"},
        {"sortBy": "userName", "sortOrder": "descending"},
        {"startIndex": 2},
        {"count": 1},
        {"count": 0},
        {"attributes": ["userName", "title"]},
        {"excludedAttributes": ["title"]},
        {"filter": "title pr", "sortBy": "title", "startIndex": 2, "count": 1,
         "attributes": ["title"]},
    ],
    ids=lambda members: "-".join(members),
)  # fmt: skip
def test_src_03_same_as_get(members, people):
    params = {k: ",".join(v) if isinstance(v, list) else v for k, v in members.items()}
    assert search(people, **members).data == people.get("/Users", params).data


def test_src_04_response(people):
    answer = search(people, filter='title eq "guide"')
    assert answer.status_code == 200 and "Location" not in answer.headers
    assert answer.data["schemas"] == [LIST] and answer.data["totalResults"] == 1


def test_src_05_members_of_a_wrong_type(people, connect):
    strict = connect("strict")
    for members in ({"attributes": "userName,title"}, {"count": "1"}, {"startIndex": "1"},
                    {"filter": 5}, {"count": True}, {"sortBy": ["title"]}):  # fmt: skip
        assert_error(search(strict, **members), 400, "invalidSyntax", next(iter(members)))
    answer = search(people, attributes="userName,title", count="1")
    assert set(answer.data["Resources"][0]) == {"schemas", "id", "userName", "title"}
    assert answer.data["itemsPerPage"] == 1


@pytest.mark.parametrize("at", ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"])
def test_src_06_not_for_discovery(at, scim):
    assert search(scim, at).status_code in (404, 405)


def test_src_07_not_a_resource_id(people):
    assert_error(people.get("/Users/.search"), 405)
    for method in ("PUT", "PATCH", "DELETE"):
        body = {"schemas": [USER], "userName": "x"}
        assert_error(people.request(method, "/Users/.search", body), 405)
    before = people.get("/Users").data["totalResults"]
    assert search(people).status_code == 200
    assert people.post("/Users/.search", {"schemas": [GROUP]}).status_code == 400
    assert people.get("/Users").data["totalResults"] == before == 3

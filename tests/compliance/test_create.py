"""Creation of resources (RFC 7644 section 3.3)."""

import pytest

from django_scim.adapters.accounts import usernames as names
from tests.client import GROUP, USER, assert_error
from tests.concurrency import needs_row_locks, run_concurrently


def body(**attributes):
    return {"schemas": [USER], "userName": "bjensen", **attributes}


def path_of(resource):
    return f"/{resource['meta']['resourceType']}s/{resource['id']}"


def test_cre_01_read_only_is_ignored(scim):
    given = {"id": "x", "meta": {"version": "x"}, "groups": [{"value": "x"}]}
    made = scim.make_user(**given)
    assert made["id"] != "x" and made["meta"]["version"] != "x" and "groups" not in made


def test_cre_02_default(scim):
    made = scim.make_user()
    assert made["active"] is True and scim.get(path_of(made)).data["active"] is True


def test_cre_03_null_equals_omitted(scim):
    assert scim.make_user("one", active=None)["active"] is True
    assert not {"title", "emails"} & set(scim.make_user("two", title=None, emails=[]))


def test_cre_04_created(scim):
    assert scim.post("/Users", body()).status_code == 201


def test_cre_05_complete_representation(scim):
    answer = scim.post("/Users", body(title="Guide", emails=[{"value": "b@example.com"}]))
    assert answer.data == scim.get(path_of(answer.data)).data
    assert {"schemas", "id", "meta", "userName", "title", "emails"} <= set(answer.data)


def test_cre_06_location(scim):
    for answer in (
        scim.post("/Users", body()),
        scim.post("/Groups", {"schemas": [GROUP], "displayName": "Guides"}),
    ):
        assert answer.headers["Location"] == answer.data["meta"]["location"]
        assert answer.headers["Location"].endswith(path_of(answer.data))


def test_cre_07_duplicate(scim):
    scim.make_user("bjensen")
    assert_error(scim.post("/Users", body()), 409, "uniqueness", "userName")
    assert scim.get("/Users").data["totalResults"] == 1


def test_cre_08_resource_type(scim):
    given = {"schemas": [GROUP], "displayName": "Guides", "meta": {"resourceType": "User"}}
    assert scim.make("/Groups", given)["meta"]["resourceType"] == "Group"
    assert scim.make_user()["meta"]["resourceType"] == "User"


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_cre_09_concurrent_requests(scim):
    calls = [lambda client: client.post("/Users", body())] * 2
    assert run_concurrently(scim, calls) == [201, 409]
    assert scim.get("/Users").data["totalResults"] == 1


def test_cre_09_lost_race(scim, monkeypatch):
    """The other request commits after the name was checked and before it is inserted."""
    scim.make_user("bjensen")
    look, answers = names.conflicts, [{"BJensen": []}]
    monkeypatch.setattr(
        names, "conflicts", lambda wanted: answers.pop() if answers else look(wanted)
    )
    assert_error(scim.post("/Users", body(userName="BJensen")), 409, "uniqueness", "userName")
    assert not answers and scim.get("/Users").data["totalResults"] == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param({"schemas": [USER], "title": "x"}, "userName", id="CRE-10"),
        pytest.param(body(userName=1), "userName", id="CRE-11-number"),
        pytest.param(body(emails="x"), "emails", id="CRE-11-text-for-a-list"),
        pytest.param(body(name=["x", "y"]), "name", id="CRE-11-list-for-an-object"),
    ],
)
def test_invalid_values(given, words, connect):
    assert_error(connect("strict").post("/Users", given), 400, "invalidValue", words)


@pytest.mark.parametrize("raw", ["", "{", "[]", "5", '"x"', "null", '{"schemas": }', b"\xff{}"])
def test_cre_12_body_must_be_an_object(raw, scim):
    assert_error(scim.post("/Users", raw=raw), 400, "invalidSyntax")


def test_cre_13_missing_schemas(connect):
    scim = connect("strict")
    for given in ({"userName": "bjensen"}, body(schemas=[]), body(schemas=None)):
        assert_error(scim.post("/Users", given), 400, "invalidSyntax", "schemas")


def test_cre_14_unknown_attribute(connect):
    made = connect().make("/Users", body(foo=1, userName="one"))
    assert "foo" not in made
    assert_error(connect("strict").post("/Users", body(foo=1)), 400, "invalidSyntax", "foo")


def test_cre_15_attributes(scim):
    given = body(title="Guide", nickName="Babs")
    answer = scim.post("/Users?attributes=userName", given)
    assert answer.status_code == 201
    assert set(answer.data) == {"schemas", "id", "userName"}
    assert scim.get(path_of({"meta": {"resourceType": "User"}, **answer.data})).data["title"]
    other = scim.post("/Users?excludedAttributes=title,meta", given | {"userName": "other"}).data
    assert set(other) == {"schemas", "id", "userName", "nickName", "active"}


def test_cre_16_no_password(connect):
    answer = connect(passwords="accept").post("/Users", body(password="Correct-horse-7-battery"))
    assert answer.status_code == 201 and b"assword" not in answer.content
    assert b"horse" not in answer.content


def test_cre_17_registration_needs_a_token(scim):
    assert_error(scim.post("/Users", body(), token=False), 401)
    assert scim.get("/Users").data["totalResults"] == 0

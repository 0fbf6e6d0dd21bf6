"""A token without a read scope writes, and is told nothing about the resources."""

import pytest
from django.contrib.auth.models import User

from django_scim import connections
from django_scim.models import Event
from tests.client import GROUP, USER, ScimClient, assert_error
from tests.compliance.test_me import sign_in

__all__ = ["sign_in"]

WRITE = ["users:write", "groups:write"]
#: A value that the client does not know, because the site has set it.
HIDDEN = "hidden-by-the-site"


@pytest.fixture
def writer(scim):
    """A client with a write-only token of the connection of ``scim``."""
    secret = connections.issue_token(scim.connection, scopes=WRITE).secret
    return ScimClient(scim.connection, secret)


def assert_nothing(answer, status=204):
    assert answer.status_code == status
    assert answer.content == b""
    assert "ETag" not in answer.headers and "Content-Location" not in answer.headers


def detail(answer):
    """Return the detail of an error without the id of the request."""
    return answer["detail"].partition(" [request")[0]


def location(answer):
    return answer.headers["Location"].rpartition("/scim/v2")[2]


@pytest.mark.parametrize("query", ["", "?attributes=userName", "?excludedAttributes=emails"])
@pytest.mark.parametrize("endpoint", ["/Users", "/Groups"])
def test_writes_return_nothing(scim, writer, endpoint, query):
    body = {"schemas": [USER if endpoint == "/Users" else GROUP], "externalId": "e-1"}
    body["userName" if endpoint == "/Users" else "displayName"] = "ada"
    created = writer.post(endpoint + query, body)
    assert_nothing(created, 201)
    path, found = location(created), scim.find('externalId eq "e-1"', endpoint)
    assert path == f"{endpoint}/{found[0]['id']}"
    assert_nothing(writer.put(path + query, body | {"externalId": "e-2"}))
    assert_nothing(
        writer.patch(path + query, {"op": "replace", "path": "externalId", "value": "e-3"})
    )
    assert scim.get(path).data["externalId"] == "e-3"
    assert_nothing(writer.delete(path + query))
    assert_error(scim.get(path), 404)
    assert [event.status for event in Event.objects.exclude(outcome="failure").order_by("pk")] == [
        201, 204, 204, 204,
    ]  # fmt: skip


@pytest.mark.parametrize("profile", ["default", "entra", "okta", "strict"])
def test_bulk_returns_statuses_and_locations(connect, profile):
    scim = connect(profile)
    secret = connections.issue_token(scim.connection, scopes=WRITE).secret
    writer = ScimClient(scim.connection, secret)
    user, gone = scim.make_user("ada"), scim.make_user("gone")
    new = {"schemas": [USER], "userName": "new"}
    answer = writer.bulk(
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": new},
        {"method": "PUT", "path": f"/Users/{user['id']}",
         "data": {"schemas": [USER], "userName": "ada"}},
        {"method": "PATCH", "path": f"/Users/{user['id']}", "data": {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "title", "value": "x"}]}},
        {"method": "DELETE", "path": f"/Users/{gone['id']}"},
        {"method": "POST", "path": "/Groups", "bulkId": "g",
         "data": {"schemas": [GROUP], "displayName": "G", "members": [{"value": "bulkId:a"}]}},
    )  # fmt: skip
    assert answer.status_code == 200
    results = answer.data["Operations"]
    assert [each["status"] for each in results] == ["201", "204", "204", "204", "201"]
    for each in results:
        assert each.keys() <= {"method", "bulkId", "location", "status"}
        assert "location" in each


def test_scopes_are_checked_for_each_type(scim):
    """A token that reads only groups gets nothing of users, also in one bulk request."""
    scopes = [*WRITE, "groups:read"]
    secret = connections.issue_token(scim.connection, scopes=scopes).secret
    mixed = ScimClient(scim.connection, secret)
    assert_nothing(mixed.post("/Users", {"schemas": [USER], "userName": "ada"}), 201)
    assert mixed.make_group("G")["displayName"] == "G"
    answer = mixed.bulk(
        {"method": "POST", "path": "/Users", "bulkId": "a",
         "data": {"schemas": [USER], "userName": "bob"}},
        {"method": "POST", "path": "/Groups", "bulkId": "b",
         "data": {"schemas": [GROUP], "displayName": "H"}},
    )  # fmt: skip
    assert ["version" in each for each in answer.data["Operations"]] == [False, True]


@pytest.mark.parametrize("path", ["/Users", "/Users/{id}", "/Groups", "/"])
def test_nothing_can_be_read(scim, writer, path):
    path = path.format(id=scim.make_user("ada")["id"])
    for query in ("", '?filter=userName eq "ada"', "?attributes=id", "?count=0"):
        assert_error(writer.get(path + query), 403)
    search = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}
    for endpoint in ("/.search", "/Users/.search", "/Groups/.search"):
        assert_error(writer.post(endpoint, search), 403)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_versions_are_not_revealed(scim, writer, method):
    """A version is a digest of the values: neither the right nor a wrong guess is answered."""
    made = scim.post("/Users", {"schemas": [USER], "userName": "ada", "title": "x"})
    path, version = location(made), made.headers["ETag"]
    bodies = {
        "PUT": {"schemas": [USER], "userName": "ada"},
        "PATCH": {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                  "Operations": [{"op": "replace", "path": "title", "value": "y"}]},
        "DELETE": None,
    }  # fmt: skip
    errors = []
    for guess in (version, 'W/"0"', f'{version}, W/"0"'):
        answer = writer.request(method, path, bodies[method], if_match=guess)
        assert_error(answer, 412)
        assert version not in answer.content.decode() and version[3:-1] not in str(answer.headers)
        errors.append(detail(answer.data))
    assert len(set(errors)) == 1
    assert scim.get(path).data["title"] == "x"
    operation = {"method": method, "path": path, "version": version, "data": bodies[method]}
    result = writer.bulk(operation).data["Operations"][0]
    assert result["status"] == "412" and detail(result["response"]) == errors[0]
    assert_nothing(writer.request(method, path, bodies[method], if_match="*"))


SEARCHES = [
    'emails[value sw "h"].display', 'emails[value co "h"].display', 'emails[value ne "h"].display',
    'emails[value gt "h"].display', "emails[value pr].display",
    'emails[not (value eq "h")].display',
    'emails[type eq "work" and value ew "m"].display', 'emails[value eq "h" or type pr].display',
]  # fmt: skip


@pytest.mark.parametrize("path", SEARCHES)
def test_filters_in_paths_reveal_nothing(scim, writer, path):
    """Otherwise, a client could guess a value letter by letter."""
    user = scim.make_user("ada", emails=[{"value": "hidden@example.com", "type": "work"}])
    answers = set()
    for each in (path, path.replace('"h"', '"z"')):
        for op in ("replace", "remove", "add"):
            operation = {"op": op, "path": each, "value": "x"}
            if op == "remove":
                del operation["value"]
            answer = writer.patch(f"/Users/{user['id']}", operation, {"op": "remove", "path": "id"})
            assert answer.status_code in (400, 403)  # the second operation fails anyway
            answer = writer.patch(f"/Users/{user['id']}", operation)
            assert_error(answer, 403, None, "emails", "eq")
            answers.add(detail(answer.data))
    assert len(answers) == 1
    assert scim.get(f"/Users/{user['id']}").data["emails"] == user["emails"]


def test_equal_values_can_be_selected(scim, writer):
    user = scim.make_user("ada", emails=[{"value": "a@example.com", "type": "work"}])
    path = 'emails[type eq "work"].value'
    change = {"op": "replace", "path": path, "value": "b@example.com"}
    assert_nothing(writer.patch(f"/Users/{user['id']}", change))
    emails = scim.get(f"/Users/{user['id']}").data["emails"]
    assert [each["value"] for each in emails] == ["b@example.com"]
    group = scim.make_group("G", user)
    leave = {"op": "remove", "path": f'members[value eq "{user["id"]}"]'}
    assert_nothing(writer.patch(f"/Groups/{group['id']}", leave))
    assert scim.get(f"/Groups/{group['id']}").data["members"] == []


def test_errors_do_not_repeat_stored_values(scim, writer, connect):
    """Errors contain only what the client itself sent."""
    user = scim.make_user("ada", title=HIDDEN, externalId=f"{HIDDEN}-1")
    User.objects.filter(username="ada").update(first_name=HIDDEN, email=f"{HIDDEN}@example.com")
    User.objects.create(username="taken", first_name=HIDDEN, email=f"t@{HIDDEN}.example")
    connect().make_user("foreign", title=HIDDEN)
    path = f"/Users/{user['id']}"
    taken = {"schemas": [USER], "userName": "taken"}
    answers = [
        writer.post("/Users", taken),
        writer.post("/Users", {"schemas": [USER], "userName": "foreign"}),
        writer.put(path, taken),
        writer.patch(path, {"op": "replace", "path": "userName", "value": "taken"}),
        writer.patch(path, {"op": "replace", "path": "active", "value": "x"}),
        writer.patch(path, {"op": "replace", "path": "id", "value": "x"}),
        writer.patch(path, {"op": "remove", "path": "userName"}),
        writer.patch(path, {"op": "replace", "path": 'emails[value eq "x" and type eq "y"]'}),
        writer.put(path, {"schemas": [USER], "userName": None, "active": "x"}),
    ]
    assert {each.status_code for each in answers} == {400, 409}
    for answer in answers:
        assert HIDDEN not in answer.content.decode()


def test_my_account_without_me_read(scim, sign_in):
    user = scim.make_user("ada")
    me = sign_in("ada", scopes={"me:write"})
    assert_error(me.get("/Me"), 403, None, "me:read")
    assert_nothing(me.patch("/Me", {"op": "replace", "path": "title", "value": "x"}))
    assert_nothing(me.put("/Me", {"schemas": [USER], "userName": "ada", "title": "y"}))
    assert scim.get(f"/Users/{user['id']}").data["title"] == "y"

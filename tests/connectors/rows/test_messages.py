"""Messages as real clients send them: ``schemas``, empty ones, other encodings."""

import pytest
from django.contrib.auth.models import User

from tests.client import ENTERPRISE, GROUP, PATCH, SEARCH, USER, assert_error

OLD = ["urn:scim:schemas:core:2.0", "urn:scim:schemas:extension:enterprise:2.0"]
LOOSE = [[], None, "", OLD, ["urn:scim:schemas:core:1.0"], USER]
ids = {"ids": lambda value: str(value)[:30]}


def with_schemas(body, schemas):
    return body if schemas == "" else body | {"schemas": schemas}


@pytest.mark.parametrize("schemas", [*LOOSE, [ENTERPRISE], [USER, USER]], **ids)
def test_row_K3_resources(lenient, schemas, events):
    made = lenient.post("/Users", with_schemas({"userName": "ann"}, schemas))
    assert made.status_code == 201, made.data
    assert "loose-schemas" in events(connection=lenient.connection)[-1].tolerances
    path = f"/Users/{made.data['id']}"
    answer = lenient.put(path, with_schemas({"userName": "ann", "title": "x"}, schemas))
    assert answer.status_code == 200 and answer.data["title"] == "x"


def test_row_1b_wso2_user_with_an_extension_that_has_no_urn(lenient, strict):
    """What can be understood is stored; RFC 7643 section 3 wants the schemas, so strict refuses."""
    body = {
        "schemas": [],
        "userName": "kim",
        "name": {"familyName": "Berry", "givenName": "Kim"},
        "emails": [{"primary": True, "value": "kim@home.example", "type": "home"},
                   {"value": "kim@work.example", "type": "work"}],
        "EnterpriseUser": {"employeeNumber": "123A", "manager": {"value": "Taylor"}},
    }  # fmt: skip
    answer = lenient.post("/Users", body)
    assert answer.status_code == 201
    assert answer.data["name"] == body["name"] and len(answer.data["emails"]) == 2
    assert answer.data["emails"][0]["primary"] is True
    assert "EnterpriseUser" not in answer.data
    assert_error(strict.post("/Users", body | {"userName": "other"}), 400, "invalidSyntax")


def test_row_20a_user_without_schemas(lenient, strict):
    body = {"userName": "ann", "active": True}
    answer = lenient.post("/Users", body)
    assert answer.status_code == 201 and answer.data["active"] is True
    assert answer.data["schemas"] == [USER]
    assert_error(strict.post("/Users", body | {"userName": "bob"}), 400, "invalidSyntax", "schemas")


@pytest.mark.parametrize("schemas", [[], None, "", OLD, PATCH], **ids)
def test_row_K3_patch_1a(lenient, schemas):
    path = f"/Users/{lenient.make_user()['id']}"
    body = {"Operations": [{"op": "add", "path": "nickName", "value": "x"}]}
    answer = lenient.request("PATCH", path, with_schemas(body, schemas))
    assert answer.status_code == 200 and answer.data["nickName"] == "x"


@pytest.mark.parametrize("schemas", [[], None, "", SEARCH], **ids)
def test_row_K3_search(lenient, schemas):
    lenient.make_user("ann")
    lenient.make_user("bob")
    for endpoint in ("/Users/.search", "/.search"):
        answer = lenient.post(endpoint, with_schemas({"filter": 'userName eq "ann"'}, schemas))
        assert answer.data["totalResults"] == 1


@pytest.mark.parametrize("schemas", [[], None, ""], **ids)
def test_row_K3_bulk_39a(lenient, schemas):
    user = lenient.make_user("ann")
    operation = {"op": "replace", "path": "title", "value": "x"}
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "1",
         "data": with_schemas({"userName": "new", "active": True}, schemas)},
        {"method": "PATCH", "path": f"/Users/{user['id']}",
         "data": with_schemas({"Operations": [operation]}, schemas)},
        {"method": "PUT", "path": f"/Users/{user['id']}",
         "data": with_schemas({"userName": "ann2"}, schemas)},
    ]  # fmt: skip
    answer = lenient.post("/Bulk", with_schemas({"Operations": operations}, schemas))
    assert [each["status"] for each in answer.data["Operations"]] == ["201", "200", "200"]


def test_row_K3_strict_refuses(strict):
    user = strict.make_user("ann")
    patch = {"Operations": [{"op": "add", "path": "nickName", "value": "x"}]}
    for schemas in LOOSE[:4]:
        for method, path, body in (
            ("POST", "/Users", {"userName": "x"}),
            ("PUT", f"/Users/{user['id']}", {"userName": "x"}),
            ("PATCH", f"/Users/{user['id']}", patch),
            ("POST", "/Users/.search", {"filter": "title pr"}),
            ("POST", "/Bulk", {"Operations": [{"method": "DELETE", "path": "/Users/1"}]}),
        ):
            answer = strict.request(method, path, with_schemas(body, schemas))
            assert_error(answer, 400, "invalidSyntax", "schemas")
    assert User.objects.get().username == "ann"


def test_row_K3_other_message_is_refused(lenient):
    user = lenient.make_user("ann")
    path = f"/Users/{user['id']}"
    patch = {"schemas": [SEARCH], "Operations": [{"op": "remove", "path": "title"}]}
    assert_error(lenient.request("PATCH", path, patch), 400, "invalidSyntax", "schemas")
    assert_error(
        lenient.post("/Users", {"schemas": [GROUP], "userName": "x"}), 400, "invalidSyntax"
    )
    assert_error(lenient.request("PATCH", path, user), 400, "invalidSyntax")  # a resource
    assert_error(lenient.request("PATCH", path, {}), 400, "invalidSyntax", "Operations")


def test_row_18a_authentik_group(lenient):
    group = lenient.make_group("old")
    value = {"id": group["id"], "displayName": "new", "schemas": [GROUP], "externalId": "e"}
    body = {"Operations": [{"op": "replace", "value": value}]}
    answer = lenient.request("PATCH", f"/Groups/{group['id']}", body)
    assert answer.status_code in (200, 204)
    found = lenient.get(f"/Groups/{group['id']}").data
    assert (found["displayName"], found["externalId"]) == ("new", "e")


def test_row_18c_empty_group(lenient, strict):
    for client, expected in ((lenient, []), (strict, None)):
        group = client.make_group(client.connection.profile)
        assert client.get(f"/Groups/{group['id']}").data.get("members") == expected
        (listed,) = client.get("/Groups").data["Resources"]
        assert listed.get("members") == expected
        shown = client.get(f"/Groups/{group['id']}", {"attributes": "displayName"}).data
        assert "members" not in shown


def test_row_19a_onelogin_template(lenient):
    body = {"schemas": OLD, "userName": "ann", "name": {"familyName": " User 01"},
            "urn:scim:schemas:extension:enterprise:2.0": {"department": "R"}}  # fmt: skip
    assert lenient.make("/Users", body)[ENTERPRISE] == {"department": "R"}


@pytest.mark.parametrize("body", [{"schemas": [PATCH]}, {"schemas": [PATCH], "Operations": []}])
def test_row_J3_empty_patch(lenient, strict, body, events):
    for client, status in ((lenient, 200), (strict, 400)):
        user = client.make_user(client.connection.profile)
        answer = client.request("PATCH", f"/Users/{user['id']}", body)
        assert answer.status_code == status
        assert client.get(f"/Users/{user['id']}").data == user
    assert "empty-patch" in events(connection=lenient.connection)[-1].tolerances


def test_row_J4_foreign_urn(lenient):
    slack = "urn:scim:schemas:extension:slack:profile:1.0"
    for urn in (slack, "urn:ietf:params:scim:schemas:extension:slack:profile:2.0:User"):
        body = {"schemas": [USER, urn], "userName": urn, urn: {"startDate": "x"}}
        assert lenient.post("/Users", body).status_code == 201


@pytest.mark.parametrize("body", [None, {}])
def test_row_J16_search_without_a_body(lenient, strict, body):
    lenient.make_user("ann")
    assert lenient.post("/Users/.search", body).data["totalResults"] == 1
    assert lenient.post("/.search", body).data["totalResults"] == 1
    assert_error(strict.post("/Users/.search", body), 400, "invalidSyntax")


def test_row_J30_not_found_comes_first(scim):
    for method in ("PUT", "PATCH"):
        for body in ({"schemas": [PATCH]}, {"title": 1}, [1], "x"):
            assert_error(scim.request(method, "/Users/gone", body), 404)
    answer = scim.bulk({"method": "PUT", "path": "/Users/gone", "data": {"userName": True}})
    assert answer.data["Operations"][0]["status"] == "404"


@pytest.mark.parametrize(
    "content_type", ["application/scim", "application/json+scim", "text/json; charset=utf-8"]
)
def test_row_J31_26b_media_types(lenient, strict, content_type):
    body = {"schemas": [USER], "userName": "ann"}
    assert_error(strict.post("/Users", body, content_type=content_type), 415)
    assert lenient.post("/Users", body, content_type=content_type).status_code == 201
    assert_error(lenient.post("/Users", body, content_type="text/plain"), 415)


def test_row_26b_byte_order_mark(lenient, strict):
    raw = b'\xef\xbb\xbf{"schemas": ["%s"], "userName": "ann"}' % USER.encode()
    assert_error(strict.post("/Users", raw=raw), 400, "invalidSyntax")
    assert lenient.post("/Users", raw=raw).status_code == 201


def test_row_J36_bare_list_of_operations(lenient, strict):
    operations = [{"op": "replace", "path": "title", "value": "x"}]
    for client, statuses in ((lenient, ("200", 200)), (strict, ("400", 400))):
        path = f"/Users/{client.make_user(client.connection.profile)['id']}"
        answer = client.bulk({"method": "PATCH", "path": path, "data": operations})
        assert answer.data["Operations"][0]["status"] == statuses[0]
        assert client.request("PATCH", path, operations).status_code == statuses[1]


def test_row_R2_R5_names_without_case(connect):
    for profile in ("default", "strict"):
        client = connect(profile)
        one = client.make_user(f"{profile}1")
        client.make_user(f"{profile}2")
        body = {"schemas": [SEARCH], "FILTER": f'userName eq "{profile}1"', "Count": 1}
        assert client.post("/Users/.search", body).data["totalResults"] == 1
        twice = {"schemas": [SEARCH], "filter": "title pr", "Filter": "name pr"}
        assert_error(client.post("/Users/.search", twice), 400, "invalidSyntax")
        for wrong in (
            {"op": "add", "OP": "remove", "path": "title", "value": "x"},
            {"op": "add", "path": "title", "PATH": "nickName", "value": "x"},
        ):
            assert_error(client.patch(f"/Users/{one['id']}", wrong), 400, "invalidSyntax")
        both = {"schemas": [PATCH], "Operations": [], "operations": []}
        answer = client.request("PATCH", f"/Users/{one['id']}", both)
        assert_error(answer, 400, "invalidSyntax")


def test_row_R4_bulk_status_of_a_group(scim, connect):
    rename = {"op": "replace", "path": "displayName", "value": "New"}
    for client, status in ((scim, "204"), (connect("ping"), "200")):
        path = f"/Groups/{client.make_group('G')['id']}"
        data = {"schemas": [PATCH], "Operations": [rename]}
        answer = client.bulk({"method": "PATCH", "path": path, "data": data})
        assert answer.data["Operations"][0]["status"] == status


def test_row_R16_empty_version(scim):
    path = f"/Users/{scim.make_user()['id']}"
    answer = scim.bulk({"method": "DELETE", "path": path, "version": ""})
    assert answer.data["Operations"][0]["status"] == "400"
    assert scim.get(path).status_code == 200


def test_row_answer_names_everything(connect):
    for profile in ("default", "strict"):
        client = connect(profile)
        body = {
            "schemas": [USER],
            "userName": "ann",
            "active": "maybe",
            "title": {"a": 1},
            "name": {"givenName": True, "familyName": []},
            "emails": [{"value": True}, {"value": "a@b.c"}, {"primary": 5, "value": "x"}],
        }
        answer = client.post("/Users", body)
        assert_error(answer, 400, "invalidValue", "active: ", "title: ", "name.givenName: ",
                     "emails[0].value: ", "emails[2].primary: ")  # fmt: skip
        user = client.make_user(f"bob-{profile}")
        answer = client.patch(
            f"/Users/{user['id']}",
            {"op": "replace", "path": "id", "value": "x"},
            {"op": "replace", "path": "title", "value": {"a": 1}},
            {"op": "replace", "value": {"active": "maybe", "nickName": [1, 2]}},
        )
        assert_error(answer, 400, "mutability", "Operations[0]: id", "Operations[1]: title",
                     "Operations[2]: active", "Operations[2]: nickName")  # fmt: skip
        body = {"schemas": [USER], "userName": "x" * 400, "title": "x" * 400, "nickName": "x" * 400}
        answer = client.post("/Users", body)
        assert_error(answer, 400, "invalidValue", "userName", "title", "nickName")


def test_row_answer_names_at_most_ten(strict):
    body = {"schemas": [USER], "userName": "ann"} | {f"x{n}": 1 for n in range(15)}
    answer = strict.post("/Users", body)
    assert_error(answer, 400, "invalidSyntax", "x0: ", "x9: ", "and 5 more")
    assert "x10" not in answer.data["detail"]

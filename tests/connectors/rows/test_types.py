"""The schemas of a resource, and the resource types that its references lead to."""

import pytest
from django.contrib.auth.models import Group

from tests.client import ENTERPRISE, GROUP, USER, assert_error


def test_row_R6_schemas_name_the_only_type_of_members(scim):
    attributes = {each["name"]: each for each in scim.get(f"/Schemas/{GROUP}").data["attributes"]}
    subs = {each["name"]: each for each in attributes["members"]["subAttributes"]}
    assert subs["type"]["canonicalValues"] == ["User"]
    assert subs["$ref"]["referenceTypes"] == ["User"]
    attributes = {each["name"]: each for each in scim.get(f"/Schemas/{USER}").data["attributes"]}
    subs = {each["name"]: each for each in attributes["groups"]["subAttributes"]}
    assert subs["type"]["canonicalValues"] == ["direct"]
    assert subs["$ref"]["referenceTypes"] == ["Group"]


def post(endpoint, name, bulk_id, *members, **values):
    data = {"schemas": [GROUP], "displayName": name, "members": [{"value": m} for m in members]}
    if endpoint == "Users":
        data = {"schemas": [USER], "userName": name} | values
    return {"method": "POST", "path": f"/{endpoint}", "bulkId": bulk_id, "data": data}


def test_row_R6_groups_that_contain_each_other(lenient, strict, events):
    for client in (lenient, strict):
        name = client.connection.profile
        answer = client.bulk(
            post("Groups", f"A {name}", "a", "bulkId:b"),
            post("Groups", f"B {name}", "b", "bulkId:a"),
            post("Groups", f"C {name}", "c", "bulkId:u"),
            post("Users", name, "u"),
        )
        one, two, three, user = answer.data["Operations"]
        for each, other in ((one, "b"), (two, "a")):
            assert each["status"] == "400"
            expected = f"members: must refer to a User; the operation '{other}' creates a Group"
            assert expected in each["response"]["detail"]
        assert (three["status"], user["status"]) == ("201", "201")
        assert len(events(connection=client.connection, outcome="failure")) == 2
    assert not Group.objects.filter(name__startswith="A").exists()


def test_row_R6_manager_who_is_a_group(lenient):
    boss = {ENTERPRISE: {"manager": {"value": "bulkId:g"}}}
    answer = lenient.bulk(post("Groups", "G", "g"), post("Users", "ann", "u", **boss))
    assert [each["status"] for each in answer.data["Operations"]] == ["201", "400"]


def test_row_R11_patch_of_schemas(strict):
    user = strict.make_user()
    path = f"/Users/{user['id']}"
    add = {"op": "add", "path": "schemas", "value": [ENTERPRISE]}
    department = {"op": "add", "path": "department", "value": "R"}
    assert strict.patch(path, add, department).data[ENTERPRISE] == {"department": "R"}
    assert_error(strict.patch(path, department), 400, "invalidPath")
    remove = {"op": "remove", "path": "schemas"}
    assert_error(strict.patch(path, remove), 400, "mutability", "schemas")
    unknown = {"op": "add", "path": "schemas", "value": ["urn:acme:x"]}
    assert_error(strict.patch(path, unknown), 400, "invalidValue", "urn:acme:x")


def test_row_R11_schemas_without_an_extension(strict, lenient, events):
    shown = {}
    for client in (strict, lenient):
        user = client.make_user(client.connection.profile, **{ENTERPRISE: {"department": "R"}})
        path = f"/Users/{user['id']}"
        both = {"op": "replace", "path": "schemas", "value": [USER, ENTERPRISE.upper()]}
        assert client.patch(path, both).data[ENTERPRISE] == {"department": "R"}
        core = {"op": "replace", "path": "schemas", "value": [USER]}
        shown[client] = client.patch(path, core).data
        again = {"op": "replace", "value": {"schemas": [USER], "title": "x"}}
        assert client.patch(path, again).data["title"] == "x"  # as a client read it
    assert ENTERPRISE not in shown[strict] and shown[strict]["schemas"] == [USER]
    assert shown[lenient][ENTERPRISE] == {"department": "R"}
    assert any("schemas" in each.detail for each in events(connection=lenient.connection))


def member_put(client, group, member):
    body = {"schemas": [GROUP], "displayName": group["displayName"], "members": [member]}
    return client.put(f"/Groups/{group['id']}", body)


def member_bulk(client, group, member):
    data = {"schemas": [GROUP], "displayName": group["displayName"], "members": [member]}
    operation = {"method": "PUT", "path": f"/Groups/{group['id']}", "data": data}
    return client.bulk(operation)


def member_patch(op):
    def patch(client, group, member):
        operation = {"op": op, "path": "members", "value": [member]}
        return client.patch(f"/Groups/{group['id']}", operation)

    return patch


WRITES = [member_put, member_bulk, member_patch("add"), member_patch("replace")]
CONTRADICTIONS = {
    "type": {"type": "Group"},
    "another site": {"$ref": "https://else.example/Users/other"},
    "another endpoint": {"$ref": "https://else.example/scim/v2/Groups/{0}"},
    "relative": {"$ref": "../Groups/{0}"},
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_row_R15_contradicting_member(strict, scim, events, write, name):
    for client in (strict, scim):
        user = client.make_user(client.connection.profile)
        group = client.make_group(client.connection.profile)
        member = {"value": user["id"]}
        member |= {key: text.format(user["id"]) for key, text in CONTRADICTIONS[name].items()}
        answer = write(client, group, member)
        status = (answer.data or {}).get("Operations", [{}])[0].get("status")
        status = int(status or answer.status_code)
        row = Group.objects.get(name=client.connection.profile)
        if client is strict:
            assert status == 400 and not row.user_set.exists()
        else:
            assert status < 300 and row.user_set.count() == 1
            assert "loose-reference" in events(connection=client.connection)[-1].tolerances


def test_row_R15_same_type_in_other_forms(strict):
    user, group = strict.make_user(), strict.make_group("G")
    for more in ({"type": "user"}, {"$ref": f"../users/{user['id']}"}, {"$ref": user["id"]}):
        assert member_put(strict, group, {"value": user["id"]} | more).status_code == 200


def test_row_R15_contradicting_manager(strict, scim):
    for client, status in ((strict, 400), (scim, 200)):
        user, boss = (
            client.make_user(f"u{client is strict}"),
            client.make_user(f"{client is strict}"),
        )
        value = {"value": boss["id"], "$ref": f"../Groups/{boss['id']}"}
        change = {"op": "add", "path": f"{ENTERPRISE}:manager", "value": value}
        answer = client.patch(f"/Users/{user['id']}", change)
        assert answer.status_code == status
        if status == 400:
            assert_error(answer, 400, "invalidValue", "manager.$ref", "Users", "Groups")

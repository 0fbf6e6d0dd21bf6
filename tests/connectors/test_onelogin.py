"""OneLogin: bodies from a JSON template that the customer's admin edits."""

import pytest
from django.contrib.auth.models import User

from ..client import ENTERPRISE, USER, assert_error

ADA = {"value": "ada@example.com", "primary": True}
BOB = {"value": "bob@example.com", "type": "work"}
TEMPLATE = {
    "schemas": [USER, ENTERPRISE],
    "id": None,
    "userName": "ada@example.com",
    "externalId": "ext-123",
    "name": {"familyName": "Lovelace", "givenName": "Ada", "formatted": None},
    "title": None,
    "nickName": None,
    "profileUrl": None,
    "phoneNumbers": None,
    "addresses": [{"locality": None, "region": "", "country": None}],
    "emails": [{"value": "ada@example.com", "type": "work", "primary": True}],
    "active": "true",
    ENTERPRISE: {
        "organization": "",
        "department": "Engines",
        "manager": {"value": "", "displayName": " "},
    },
}


def test_emails_as_one_object_in_post(scim, used):
    user = scim.make_user(emails=ADA)
    assert user["emails"] == [ADA]
    assert User.objects.get().email == "ada@example.com"
    assert used(scim) == {"lone-element"}


def test_emails_as_one_object_in_put(scim, used):
    user = scim.make_user(emails=ADA)
    body = {"schemas": [USER], "userName": "bjensen", "emails": BOB}
    assert scim.put(f"/Users/{user['id']}", body).data["emails"] == [BOB]
    assert User.objects.get().email == "bob@example.com"
    assert used(scim) == {"lone-element"}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "emails", "value": BOB},
        {"op": "replace", "value": {"emails": BOB}},
    ],
)
def test_emails_as_one_object_in_patch(operation, scim):
    user = scim.make_user(emails=ADA)
    assert scim.patch(f"/Users/{user['id']}", operation).data["emails"] == [BOB]
    assert User.objects.get().email == "bob@example.com"


def test_strict_needs_an_array(connect):
    strict = connect("strict")
    body = {"schemas": [USER], "userName": "ada", "emails": ADA}
    assert_error(strict.post("/Users", body), 400, "invalidValue", "emails")
    assert not User.objects.exists()


def test_template_with_nulls_and_empty_strings(scim, used):
    answer = scim.post("/Users", TEMPLATE)
    assert answer.status_code == 201
    data = answer.data
    assert data["id"] and data["active"] is True
    assert data["name"] == {"familyName": "Lovelace", "givenName": "Ada"}
    assert data[ENTERPRISE] == {"department": "Engines"}
    assert not {"title", "nickName", "profileUrl", "phoneNumbers", "addresses"} & set(data)
    assert used(scim) == {"boolean-text"}


def test_strict_accepts_null_but_not_boolean_text(connect):
    strict = connect("strict")
    assert_error(strict.post("/Users", TEMPLATE), 400, "invalidValue", "active")
    assert strict.post("/Users", TEMPLATE | {"active": True}).status_code == 201


def test_put_of_the_template_clears_by_null(scim):
    user = scim.make_user("ada@example.com", title="Countess", phoneNumbers=[{"value": "+1"}])
    data = scim.put(f"/Users/{user['id']}", TEMPLATE).data
    assert "title" not in data and "phoneNumbers" not in data


def test_scim_1_template_is_rejected_by_name(connect):
    body = TEMPLATE | {"schemas": ["urn:scim:schemas:core:1.0"], "active": True}
    assert connect("default").post("/Users", body).status_code == 201
    answer = connect("strict").post("/Users", body)
    assert_error(answer, 400, "invalidSyntax", "urn:scim:schemas:core:1.0")


def test_membership(scim, members):
    user, group = scim.make_user(), scim.make_group("G")
    path = f"/Groups/{group['id']}"
    add = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
    assert scim.patch(path, add).status_code == 204
    assert members(scim, group) == {user["id"]}
    remove = {"op": "remove", "path": f'members[value eq "{user["id"]}"]'}
    assert scim.patch(path, remove).status_code == 204
    assert members(scim, group) == set()


@pytest.mark.parametrize("form", ["text", "list", "object", "null"])
def test_add_member_by_value_filter(form, scim, used, members):
    user, group = scim.make_user(), scim.make_group("G")
    value = {
        "text": user["id"],
        "list": [{"value": user["id"]}],
        "object": {"value": user["id"], "display": "bjensen"},
        "null": None,
    }[form]
    operation = {"op": "add", "path": f'members[value eq "{user["id"]}"]', "value": value}
    path = f"/Groups/{group['id']}"
    assert scim.patch(path, operation).status_code == 204
    assert members(scim, group) == {user["id"]}
    assert used(scim) == {"create-target"} | ({"bare-value"} if form == "text" else set())
    version = scim.get(path).headers["ETag"]
    assert scim.patch(path, operation).headers["ETag"] == version  # a member already


def test_value_filter_for_unknown_or_other_member(scim, members):
    user, group = scim.make_user(), scim.make_group("G")
    path = f"/Groups/{group['id']}"
    nobody = {"op": "add", "path": 'members[value eq "7f4bc1a3"]', "value": "7f4bc1a3"}
    assert_error(scim.patch(path, nobody), 400, "invalidValue", "7f4bc1a3")
    other = {"op": "add", "path": 'members[value eq "7f4bc1a3"]', "value": user["id"]}
    assert_error(scim.patch(path, other), 400, "mutability", "members")
    vague = {"op": "add", "path": 'members[value sw "7"]', "value": user["id"]}
    assert_error(scim.patch(path, vague), 400, "mutability", "members")
    assert members(scim, group) == set()


def test_strict_rejects_adding_by_value_filter(connect, members):
    strict = connect("strict")
    user, group = strict.make_user(), strict.make_group("G")
    operation = {
        "op": "add",
        "path": f'members[value eq "{user["id"]}"]',
        "value": [{"value": user["id"]}],
    }
    assert_error(strict.patch(f"/Groups/{group['id']}", operation), 400, "mutability")
    assert members(strict, group) == set()

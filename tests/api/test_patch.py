"""PATCH of users (RFC 7644 section 3.5.2), strict and tolerant."""

import pytest

from ..client import ENTERPRISE, USER, assert_error

HOME = {"value": "home@b.c", "type": "home"}
WORK = {"value": "work@b.c", "type": "work", "primary": True}


@pytest.fixture(params=["strict", "default"])
def either(request, connect):
    """Return a client of each profile, for behaviour that no tolerance changes."""
    return connect(request.param)


@pytest.fixture
def strict(connect):
    return connect("strict")


def patch(client, user, *operations):
    return client.patch(f"/Users/{user['id']}", *operations)


def test_strict_rejects_a_filter_without_match(strict):
    user = strict.make_user(emails=[HOME])
    for op in ("replace", "add"):
        operation = {"op": op, "path": 'emails[type eq "work"].value', "value": "a@b.c"}
        assert_error(patch(strict, user, operation), 400, "noTarget")
    assert strict.get(f"/Users/{user['id']}").data == user


@pytest.mark.parametrize("op", ["Replace", "Add"])
def test_other_profiles_create_the_filtered_value(op, scim):
    user = scim.make_user(emails=[HOME])
    operation = {"op": op, "path": 'emails[type eq "work"].value', "value": "a@b.c"}
    assert patch(scim, user, operation).data["emails"] == [HOME, {"type": "work", "value": "a@b.c"}]


def test_created_primary_replaces_the_old_one(scim):
    user = scim.make_user(emails=[WORK])
    path = 'emails[type eq "home" and primary eq true].value'
    data = patch(scim, user, {"op": "add", "path": path, "value": "home@b.c"}).data
    assert {each["type"]: each["primary"] for each in data["emails"]} == {
        "home": True,
        "work": False,
    }


def test_filter_without_equality_creates_nothing(scim):
    user = scim.make_user()
    for where in ('type ne "work"', 'type eq "work" or type eq "home"', 'value co "@"'):
        operation = {"op": "replace", "path": f"emails[{where}].value", "value": "a@b.c"}
        assert_error(patch(scim, user, operation), 400, "noTarget")


def test_change_of_a_selected_value(either):
    user = either.make_user(emails=[WORK, HOME])
    operation = {"op": "add", "path": 'emails[type eq "work"].value', "value": "new@b.c"}
    assert patch(either, user, operation).data["emails"] == [WORK | {"value": "new@b.c"}, HOME]


def test_new_primary_replaces_the_old_one(either):
    user = either.make_user(emails=[WORK, HOME])
    new = {"value": "n@b.c", "primary": True}
    emails = patch(either, user, {"op": "add", "path": "emails", "value": [new]}).data["emails"]
    assert emails == [WORK | {"primary": False}, HOME, new]
    operation = {"op": "replace", "path": 'emails[type eq "home"].primary', "value": True}
    emails = patch(either, user, operation).data["emails"]
    assert [email.get("primary") for email in emails] == [False, True, False]


def test_rejects_two_primaries(either):
    user = either.make_user()
    two = [{"value": "a", "primary": True}, {"value": "b", "primary": True}]
    answer = patch(either, user, {"op": "add", "path": "emails", "value": two})
    assert_error(answer, 400, "invalidValue", "emails", "primary")
    body = {"schemas": [USER], "userName": "x", "emails": two}
    assert_error(either.post("/Users", body), 400, "invalidValue", "emails")


def test_failed_operation_changes_nothing(either):
    user = either.make_user(title="old", emails=[WORK])
    answer = patch(
        either,
        user,
        {"op": "replace", "path": "title", "value": "x"},
        {"op": "remove", "path": "emails"},
        {"op": "replace", "path": "nickName", "value": {"a": 1}},
    )
    assert_error(answer, 400, "invalidValue", "nickName")
    assert either.get(f"/Users/{user['id']}").data == user


def test_complex_attribute_keeps_other_sub_attributes(either):
    user = either.make_user(name={"givenName": "Babs", "familyName": "Jensen"})
    for op in ("replace", "add"):
        operation = {"op": op, "path": "name", "value": {"givenName": op}}
        assert patch(either, user, operation).data["name"] == {
            "givenName": op,
            "familyName": "Jensen",
        }
    data = patch(either, user, {"op": "remove", "path": "name.familyName"}).data
    assert data["name"] == {"givenName": "add"}
    assert "name" not in patch(either, user, {"op": "remove", "path": "name"}).data


@pytest.mark.parametrize("nothing", [None, ""])
def test_null_removes_only_that_sub_attribute(nothing, either):
    """Null unassigns a sub-attribute (RFC 7643 section 2.5); missing ones keep their value."""
    name = {"givenName": "Babs", "familyName": "Jensen", "middleName": "J"}
    for value, expected in (
        ({"middleName": nothing}, {"givenName": "Babs", "familyName": "Jensen"}),
        ({"middleName": nothing, "givenName": "X"}, {"givenName": "X", "familyName": "Jensen"}),
        ({"givenName": nothing, "familyName": nothing}, {"middleName": "J"}),
    ):
        for op, body in (("replace", {"path": "name", "value": value}), ("add", {"value": {
            "name": value}})):  # fmt: skip
            user = either.make_user(name=name)
            assert patch(either, user, {"op": op, **body}).data["name"] == expected
            either.delete(f"/Users/{user['id']}")


def test_add_and_remove_an_extension(either):
    user = either.make_user()
    path = f"{ENTERPRISE}:department"
    data = patch(either, user, {"op": "add", "path": path, "value": "R"}).data
    assert data["schemas"] == [USER, ENTERPRISE]
    assert data[ENTERPRISE] == {"department": "R"}
    data = patch(either, user, {"op": "remove", "path": path}).data
    assert data["schemas"] == [USER] and ENTERPRISE not in data


def test_remove_values(either):
    user = either.make_user(emails=[WORK, HOME])
    data = patch(either, user, {"op": "remove", "path": 'emails[type eq "work"]'}).data
    assert data["emails"] == [HOME]
    data = patch(either, user, {"op": "remove", "path": 'emails[type eq "home"].type'}).data
    assert data["emails"] == [{"value": "home@b.c"}]
    assert "emails" not in patch(either, user, {"op": "remove", "path": "emails"}).data


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "title", "value": "Guide"},
        {"op": "add", "path": "emails", "value": [HOME]},
        {"op": "add", "path": "emails", "value": HOME},
        {"op": "replace", "path": "emails", "value": [WORK, HOME]},
        {"op": "remove", "path": "nickName"},
        {"op": "remove", "path": 'emails[type eq "other"]'},
        {"op": "add", "path": 'emails[type eq "work"]', "value": []},
        {"op": "replace", "value": {"active": True}},
    ],
)
def test_patch_without_effect_keeps_version_and_date(operation, either):
    user = either.make_user(title="Guide", emails=[WORK, HOME])
    assert patch(either, user, operation).data == user


def test_replace_a_selected_value(scim, strict):
    for client, expected in ((strict, {"value": "n@b.c"}),
                             (scim, {"value": "n@b.c", "type": "work"})):  # fmt: skip
        user = client.make_user(client.connection.profile, emails=[WORK, HOME])
        operation = {"op": "replace", "path": 'emails[type eq "work"]', "value": {"value": "n@b.c"}}
        assert patch(client, user, operation).data["emails"] == [expected, HOME]


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "remove"}, "noTarget"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "replace", "path": "userName", "value": ""}, "mutability"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "value": {"id": "x"}}, "mutability"),
        ({"op": "replace", "path": "emails[type zz 1]", "value": {}}, "invalidFilter"),
        ({"op": "replace", "path": "/title", "value": "x"}, "invalidPath"),
        ({"op": "add", "path": "title"}, "invalidValue"),
        ({"op": "replace", "path": "title", "value": {"a": 1}}, "invalidValue"),
        ({"op": "jump", "path": "title"}, "invalidSyntax"),
    ],
)
def test_rejected_operations(operation, scim_type, either):
    user = either.make_user()
    assert_error(patch(either, user, operation), 400, scim_type)
    assert either.get(f"/Users/{user['id']}").data == user


def test_only_tolerant_profiles_accept_path_keys_and_text_booleans(scim, strict):
    value = {"name.givenName": "X", f"{ENTERPRISE}:department": "R", "active": "False"}
    operation = {"op": "replace", "value": value}
    data = patch(scim, scim.make_user("one"), operation).data
    assert (data["name"]["givenName"], data[ENTERPRISE]["department"]) == ("X", "R")
    assert data["active"] is False
    user = strict.make_user("two")
    assert_error(patch(strict, user, operation), 400, "invalidPath")
    text = {"op": "replace", "path": "active", "value": "False"}
    assert_error(patch(strict, user, text), 400, "invalidValue", "active")


def test_attributes_limit_the_response(scim):
    user = scim.make_user(title="a")
    operation = {"op": "replace", "path": "title", "value": "b"}
    answer = scim.patch(f"/Users/{user['id']}?attributes=userName", operation)
    assert answer.data == {"schemas": [USER], "id": user["id"], "userName": "bjensen"}
    assert answer.headers["ETag"] == scim.get(f"/Users/{user['id']}").headers["ETag"]


def test_number_of_operations_is_limited(scim, settings):
    settings.DJANGO_SCIM = {"MAX_PATCH_OPERATIONS": 2}
    user = scim.make_user()
    operation = {"op": "replace", "path": "title", "value": "b"}
    assert_error(patch(scim, user, *[operation] * 3), 400, "invalidSyntax", "2")

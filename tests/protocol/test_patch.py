"""Parsing of PatchOp messages (RFC 7644 section 3.5.2)."""

import pytest

from django_scim.protocol.attributes import ENTERPRISE_URN
from django_scim.protocol.errors import (
    InvalidFilter,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    Mutability,
    NoTarget,
)
from django_scim.protocol.messages.patch import PATCH_URN, parse_patch
from django_scim.protocol.tolerances import Tolerance


def body(*operations):
    return {"schemas": [PATCH_URN], "Operations": list(operations)}


def parse(schema, tolerances, *operations, **kwargs):
    return parse_patch(body(*operations), schema, tolerances, "the-id", **kwargs)


def shown(operations):
    return [(each.op, str(each.path), each.value) for each in operations]


def test_operations_keep_their_order_and_names_have_no_case(user_schema, strict):
    operations = parse(
        user_schema,
        strict,
        {"op": "Replace", "path": "TITLE", "value": "a"},
        {"op": "ADD", "path": "nickName", "value": "b"},
        {"op": "remove", "path": "name.familyName"},
    )
    assert shown(operations) == [
        ("replace", "title", "a"),
        ("add", "nickName", "b"),
        ("remove", "name.familyName", None),
    ]


def test_a_value_without_a_path_is_split_by_attribute(user_schema, strict):
    value = {"title": "a", ENTERPRISE_URN: {"department": "R"}, "name": {"givenName": "X"}}
    assert shown(parse(user_schema, strict, {"op": "replace", "value": value})) == [
        ("replace", "title", "a"),
        ("replace", f"{ENTERPRISE_URN}:department", "R"),
        ("replace", "name", {"givenName": "X"}),
    ]


def test_keys_that_are_paths(user_schema, entra):
    value = {"name.givenName": "K", f"{ENTERPRISE_URN}:employeeNumber": "7", "active": "False"}
    assert shown(parse(user_schema, entra, {"op": "replace", "value": value})) == [
        ("replace", "name.givenName", "K"),
        ("replace", f"{ENTERPRISE_URN}:employeeNumber", "7"),
        ("replace", "active", False),
    ]
    assert entra.used == {Tolerance.PATH_KEYS, Tolerance.BOOLEAN_TEXT}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{ENTERPRISE_URN}:manager", "9"),
        (f"{ENTERPRISE_URN}.manager", "9"),
        ("manager", [{"$ref": "http://h/Users/9", "value": "9"}]),
        (f"{ENTERPRISE_URN}User:manager".replace("2.0:User", "2.0"), {"value": "9"}),
    ],
)
def test_every_form_of_entras_manager(path, value, user_schema, entra):
    (operation,) = parse(user_schema, entra, {"op": "Add", "path": path, "value": value})
    assert str(operation.path) == f"{ENTERPRISE_URN}:manager"
    assert operation.value["value"] == "9"


@pytest.mark.parametrize("value", ["", None, [], {}])
def test_replacing_by_an_empty_value_removes(value, user_schema, entra):
    operations = parse(user_schema, entra, {"op": "replace", "path": "title", "value": value})
    assert shown(operations) == [("remove", "title", None)]


def test_a_listed_removal_never_removes_all(group_schema, entra, strict):
    operation = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "7"}]}
    (parsed,) = parse(group_schema, entra, operation)
    assert parsed.value == [{"value": "7"}]
    with pytest.raises(InvalidSyntax):
        parse(group_schema, strict, operation)


@pytest.mark.parametrize("value", [[], {}, [{"value": None}], [None]])
def test_removing_an_empty_list_removes_nothing(value, group_schema, entra, strict):
    operation = {"op": "remove", "path": "members", "value": value}
    assert shown(parse(group_schema, entra, operation)) == [("remove", "members", [])]
    with pytest.raises(InvalidSyntax):
        parse(group_schema, strict, operation)


@pytest.mark.parametrize("operation", [{}, {"value": None}, {"value": ""}])
def test_a_removal_without_a_list_removes_all(operation, group_schema, entra, strict):
    for tolerances in (entra, strict):
        (parsed,) = parse(group_schema, tolerances, {"op": "remove", "path": "members"} | operation)
        assert parsed.value is None


def test_the_id_and_read_only_attributes_are_ignored_if_sent_back(user_schema, strict):
    value = {"id": "the-id", "meta": {"version": "x"}, "groups": [], "schemas": ["x"], "title": "t"}
    assert shown(parse(user_schema, strict, {"op": "replace", "value": value})) == [
        ("replace", "title", "t")
    ]


def test_removal_of_an_extension(user_schema, strict):
    operations = parse(user_schema, strict, {"op": "remove", "path": ENTERPRISE_URN})
    assert f"{ENTERPRISE_URN}:manager" in [str(each.path) for each in operations]
    assert {each.op for each in operations} == {"remove"}


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        ({"op": "remove"}, NoTarget),
        ({"op": "remove", "value": {"title": 1}}, NoTarget),
        ({"op": "move", "path": "title"}, InvalidSyntax),
        ({"path": "title", "value": "x"}, InvalidSyntax),
        ("replace", InvalidSyntax),
        ({"op": "add", "path": "title"}, InvalidValue),
        ({"op": "add", "value": "x"}, InvalidValue),
        ({"op": "replace", "path": "title", "value": 1}, InvalidValue),
        ({"op": "replace", "path": "active", "value": "False"}, InvalidValue),
        ({"op": "replace", "path": "emails", "value": [{"primary": True, "value": "a"}] * 2},
         InvalidValue),
        ({"op": "remove", "path": "userName"}, Mutability),
        ({"op": "replace", "path": "userName", "value": None}, Mutability),
        ({"op": "replace", "path": "id", "value": "the-id"}, Mutability),
        ({"op": "add", "path": "groups", "value": [{"value": "1"}]}, Mutability),
        ({"op": "replace", "value": {"id": "other"}}, Mutability),
        ({"op": "replace", "path": f"{ENTERPRISE_URN}:manager.displayName", "value": "x"},
         Mutability),
        ({"op": "replace", "path": "nosuch", "value": 1}, InvalidPath),
        ({"op": "replace", "path": "urn:example:x:attr", "value": 1}, InvalidPath),
        ({"op": "replace", "path": "/emails/0", "value": 1}, InvalidPath),
        ({"op": "replace", "path": "emails[type eq \"work\"].nosuch", "value": 1}, InvalidPath),
        ({"op": "replace", "path": "title[value eq \"x\"]", "value": 1}, InvalidPath),
        ({"op": "replace", "path": 5, "value": 1}, InvalidPath),
        ({"op": "replace", "path": "emails[type zz \"x\"]", "value": {}}, InvalidFilter),
        ({"op": "replace", "path": "emails[type eq \"x\"", "value": {}}, InvalidFilter),
        ({"op": "replace", "value": {"name.givenName": "X"}}, InvalidPath),
    ],
)  # fmt: skip
def test_strict_rejects(operation, error, user_schema, strict):
    with pytest.raises(error):
        parse(user_schema, strict, operation)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        {"schemas": [PATCH_URN]},
        {"schemas": [PATCH_URN], "Operations": []},
        {"schemas": ["urn:x"], "Operations": [{"op": "remove", "path": "title"}]},
    ],
)
def test_rejects_other_messages(wrong, user_schema, strict):
    with pytest.raises(InvalidSyntax):
        parse_patch(wrong, user_schema, strict, "the-id")


def test_the_number_of_operations_is_limited(user_schema, strict):
    with pytest.raises(InvalidSyntax, match="more than 2"):
        parse(user_schema, strict, *[{"op": "remove", "path": "title"}] * 3, max_operations=2)


def test_a_member_cannot_be_changed(group_schema, strict):
    path = 'members[value eq "1"].value'
    with pytest.raises(Mutability):
        parse(group_schema, strict, {"op": "replace", "path": path, "value": "2"})


def test_json_in_a_string(user_schema, entra):
    operation = {"op": "replace", "value": '{"name": {"givenName": "K"}}'}
    assert shown(parse(user_schema, entra, operation)) == [("replace", "name", {"givenName": "K"})]


@pytest.mark.parametrize("op", ["add", "replace"])
@pytest.mark.parametrize("value", [[{"display": "x"}], {"display": "x"}, [{"nonsense": "x"}]])
def test_a_value_without_writable_parts_does_not_empty_the_list(group_schema, entra, op, value):
    # display is read-only (RFC 7643 section 4.2); without it the list would be empty
    with pytest.raises(InvalidValue, match=r"members\[0\]: has nothing that a client can write"):
        parse(group_schema, entra, {"op": op, "path": "members", "value": value})


@pytest.mark.parametrize("op", ["add", "replace"])
def test_a_complex_value_without_writable_parts_changes_nothing(user_schema, entra, op):
    operation = {"op": op, "path": f"{ENTERPRISE_URN}:manager", "value": {"displayName": "Bob"}}
    assert parse(user_schema, entra, operation) == []
    assert (
        parse(user_schema, entra, {"op": op, "value": {operation["path"]: {"nonsense": 1}}}) == []
    )


def test_path_error_names_the_operation(user_schema, strict):
    operations = [{"op": "remove", "path": path} for path in ("title", "titel")]
    with pytest.raises(InvalidPath) as raised:
        parse(user_schema, strict, *operations)
    assert raised.value.detail == "Operations[1].path: User has no attribute 'titel'"

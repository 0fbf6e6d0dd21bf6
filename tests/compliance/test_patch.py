"""PATCH (RFC 7644 section 3.5.2): the message, paths, atomicity, and what no operation may do."""

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_scim.adapters import linking

from ..client import ENTERPRISE, GROUP, PATCH, USER, assert_error

SECRET = "Correct-horse-7-battery"
HOME = {"value": "home@example.com", "type": "home"}
WORK = {"value": "work@example.com", "type": "work", "display": "W", "primary": True}
RETITLE = {"op": "replace", "path": "title", "value": "new"}


@pytest.fixture
def strict(connect):
    return connect("strict")


@pytest.fixture
def user(strict):
    return strict.make_user(
        title="old", emails=[WORK, HOME], name={"givenName": "Babs", "familyName": "Jensen"}
    )


@pytest.fixture
def patch(strict, user):
    """Send operations on the user; the client is strict."""
    return lambda *operations: strict.patch(f"/Users/{user['id']}", *operations)


@pytest.fixture
def unchanged(strict, user):
    """Check after the test that it changed nothing of the user."""
    yield
    assert strict.get(f"/Users/{user['id']}").data == user


def test_pat_01_is_supported_as_the_config_says(strict, patch):
    assert strict.get("/ServiceProviderConfig").data["patch"] == {"supported": True}
    assert patch(RETITLE).data["title"] == "new"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("schemas", [None, [], [USER], PATCH, [PATCH, USER], [PATCH, PATCH], [1]])
def test_pat_02_schemas_is_patch_op(schemas, strict, user):
    body = {"Operations": [RETITLE]} | ({} if schemas is None else {"schemas": schemas})
    answer = strict.request("PATCH", f"/Users/{user['id']}", body)
    assert_error(answer, 400, "invalidSyntax", "schemas")


def test_pat_03_operations_is_an_array_that_is_not_empty(strict, user):
    path = f"/Users/{user['id']}"
    for wrong in ({}, *({"Operations": value} for value in ([], None, RETITLE, "x", ["x"]))):
        answer = strict.request("PATCH", path, {"schemas": [PATCH], **wrong})
        assert_error(answer, 400, "invalidSyntax", "Operations")
    body = {"schemas": [PATCH], "operations": [RETITLE]}  # names have no case (RFC 7643 2.1)
    assert strict.request("PATCH", path, body).data["title"] == "new"


def test_pat_04_each_has_one_op_of_three(patch):
    for wrong in ("move", "test", "", None, 1, ["add"]):
        assert_error(patch(RETITLE | {"op": wrong}), 400, "invalidSyntax", "Operations[0].op")
    assert_error(patch({"path": "title", "value": "new"}), 400, "invalidSyntax", "op")
    for op in ("add", "Add", "replace", "Replace", "REPLACE"):
        assert patch(RETITLE | {"op": op, "value": op}).data["title"] == op
    assert "title" not in patch({"op": "Remove", "path": "title"}).data


def test_pat_05_a_path_is_for_remove_alone_required(patch):
    for op in ("add", "replace"):
        assert patch({"op": op, "value": {"title": op}}).data["title"] == op
    assert_error(patch({"op": "remove"}), 400, "noTarget", "path")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("title", "new"),
        ("name.familyName", "new"),
        ('emails[type eq "work"]', {"display": "new"}),
        ('emails[type eq "work"].display', "new"),
        ('emails[type eq "work" and not (value sw "home")].display', "new"),
        (f'{USER}:emails[value ew "example.com" and primary eq true].display', "new"),
    ],
)
def test_pat_06_paths(path, value, patch):
    answer = patch({"op": "add", "path": path, "value": value})
    assert answer.status_code == 200 and "new" in str(answer.data)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "path",
    [
        "1x", " ", "title title", "name.", ".familyName", "name..familyName", "emails]", "(title)",
        "name.familyName.x", 'emails[type eq "work"]value', 'emails[type eq "work"].value.x',
        'emails[type eq "work"].nosuch', 'emails[type eq "work"][type eq "x"]',
        'title[value eq "x"]', 'emails.value[type eq "work"]', "emails.value eq 1", 7, {"a": 1},
    ],
)  # fmt: skip
def test_pat_06_malformed_paths(path, patch):
    assert_error(patch({"op": "replace", "path": path, "value": "x"}), 400, "invalidPath")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "where", ['type zz "x"', "type", "", 'nosuch eq "x"', "type eq", 'type eq "x', "(type pr", "0"]
)
def test_pat_07_a_bad_filter_in_a_path(where, patch):
    for path in (f"emails[{where}]", f"emails[{where}].value"):
        operation = {"op": "replace", "path": path, "value": {"value": "x"}}
        assert_error(patch(operation), 400, "invalidFilter")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("path", "value", "scim_type"),
    [
        ("id", "x", "mutability"),
        ("meta.created", "x", "mutability"),
        ("groups", [{"value": "x"}], "mutability"),
        (f"{ENTERPRISE}:manager.displayName", "x", "mutability"),
        ("title", 1, "invalidValue"),
        ("active", "yes", "invalidValue"),
        ("emails", [{"value": 1}], "invalidValue"),
        ('emails[type eq "work"].primary', "x", "invalidValue"),
        ("name", "Babs Jensen", "invalidValue"),
    ],
)
def test_pat_08_mutability_and_schema_are_kept(path, value, scim_type, patch):
    for op in ("add", "replace"):
        assert_error(patch({"op": op, "path": path, "value": value}), 400, scim_type)


def test_pat_09_an_immutable_attribute_is_set_once(strict, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "tests.compliance.patch_adapters.FixedTitle"}}
    path = f"/Users/{strict.make_user()['id']}"
    operation = {"op": "add", "path": "title", "value": "Guide"}
    assert strict.patch(path, operation).data["title"] == "Guide"
    for op in ("add", "replace"):
        changed = operation | {"op": op, "value": "Chief"}
        assert_error(strict.patch(path, changed), 400, "mutability", "title")
    assert_error(strict.patch(path, {"op": "remove", "path": "title"}), 400, "mutability", "title")
    assert strict.get(path).data["title"] == "Guide"


@pytest.mark.parametrize(
    "path",
    [
        f"{USER}:name.familyName",
        f"{USER.upper()}:NAME.FAMILYNAME",
        "Name.FamilyName",
    ],
)
def test_pat_10_attribute_notation(path, patch):
    data = patch({"op": "replace", "path": path, "value": "new"}).data
    assert data["name"] == {"givenName": "Babs", "familyName": "new"}


def test_pat_10_extensions_have_their_urn(patch):
    path = f"{ENTERPRISE.lower()}:DEPARTMENT"
    data = patch({"op": "add", "path": path, "value": "Tours"}).data
    assert data[ENTERPRISE] == {"department": "Tours"}


def test_pat_11_schemas_follow(patch):
    department = {"op": "add", "path": f"{ENTERPRISE}:department", "value": "Tours"}
    number = {"op": "add", "path": f"{ENTERPRISE}:employeeNumber", "value": "7"}
    assert patch(department, number).data["schemas"] == [USER, ENTERPRISE]
    assert ENTERPRISE in patch({"op": "remove", "path": department["path"]}).data["schemas"]
    data = patch({"op": "remove", "path": number["path"]}).data
    assert data["schemas"] == [USER] and ENTERPRISE not in data
    named = {"op": "add", "path": "schemas", "value": [ENTERPRISE]}
    assert patch(named, number).data["schemas"] == [USER, ENTERPRISE]
    unknown = named | {"value": ["urn:example:unknown"]}
    assert_error(patch(unknown, department), 400, "invalidValue", "urn:example:unknown")


def test_pat_12_each_operation_sees_what_the_one_before_did(strict, patch):
    data = patch(
        {"op": "replace", "path": "emails", "value": [HOME]},
        {"op": "replace", "path": 'emails[type eq "home"].type', "value": "other"},
        {"op": "add", "path": 'emails[type eq "other"].display', "value": "O"},
    ).data
    assert data["emails"] == [HOME | {"type": "other", "display": "O"}]
    one, two = strict.make_user("one"), strict.make_user("two")
    group = strict.make_group("Guides", one)
    answer = strict.patch(
        f"/Groups/{group['id']}",
        {"op": "remove", "path": "members"},
        {"op": "add", "path": "members", "value": [{"value": two["id"]}]},
    )
    assert [member["value"] for member in answer.data["members"]] == [two["id"]]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "emails", "value": [{"value": "new@example.com", "primary": True}]},
        {"op": "replace", "path": 'emails[type eq "home"].primary', "value": True},
        {"op": "add", "path": 'emails[type eq "home"]', "value": {"primary": True}},
    ],
)
def test_pat_13_a_new_primary_takes_it_from_the_old(operation, patch):
    emails = patch(operation).data["emails"]
    assert emails[0] == WORK | {"primary": False}
    assert [each["value"] for each in emails if each.get("primary")] == [emails[-1]["value"]]


def test_pat_14_all_or_nothing(strict, user, patch):
    bad = {"op": "replace", "path": 'emails[type eq "none"].value', "value": "x"}
    wrong = patch(RETITLE, {"op": "remove", "path": "emails"}, bad)
    assert_error(wrong, 400, "noTarget")
    assert strict.get(f"/Users/{user['id']}").data == user
    group = strict.make_group("Guides", user)
    wrong = strict.patch(
        f"/Groups/{group['id']}",
        {"op": "remove", "path": "members"},
        {"op": "replace", "path": "displayName", "value": "New"},
        {"op": "add", "path": "members", "value": [{"value": "no-such-user"}]},
    )
    assert_error(wrong, 400, "invalidValue", "no-such-user")
    assert strict.get(f"/Groups/{group['id']}").data == group
    assert User.objects.get().groups.get().name == "Guides"


def test_pat_15_the_resource_or_no_content(scim, strict):
    rename = {"op": "replace", "path": "displayName", "value": "New"}
    answer = scim.patch(f"/Users/{scim.make_user('one')['id']}", RETITLE)
    assert answer.status_code == 200 and answer.data["title"] == "new"
    answer = scim.patch(f"/Groups/{scim.make_group()['id']}", rename)
    assert (answer.status_code, answer.content) == (204, b"")
    answer = strict.patch(f"/Groups/{strict.make_group()['id']}", rename)
    assert answer.status_code == 200 and answer.data["displayName"] == "New"


def test_pat_16_attributes_ask_for_the_resource(scim):
    user, group = scim.make_user(), scim.make_group()
    answer = scim.patch(f"/Users/{user['id']}?attributes=userName", RETITLE)
    assert answer.status_code == 200
    assert answer.data == {"schemas": [USER], "id": user["id"], "userName": "bjensen"}
    rename = {"op": "replace", "path": "displayName", "value": "New"}
    answer = scim.patch(f"/Groups/{group['id']}?attributes=displayName", rename)
    assert answer.status_code == 200
    assert answer.data == {"schemas": [GROUP], "id": group["id"], "displayName": "New"}


def test_pat_17_no_content_has_the_new_version(scim):
    group = scim.make_group()
    rename = {"op": "replace", "path": "displayName", "value": "New"}
    answer = scim.patch(f"/Groups/{group['id']}", rename)
    fresh = scim.get(f"/Groups/{group['id']}").data
    assert answer.status_code == 204
    assert answer.headers["ETag"] == fresh["meta"]["version"] != group["meta"]["version"]


@pytest.mark.usefixtures("unchanged")
def test_pat_18_add_needs_a_value(patch):
    for op in ("add", "replace"):
        assert_error(patch({"op": op, "path": "title"}), 400, "invalidValue", "value")
        assert_error(patch({"op": op}), 400, "invalidValue", "value")


@pytest.mark.parametrize("value", ["Chief", 1, True, ["title"], None])
def test_pat_19_without_a_path_the_value_is_an_object(value, patch):
    added = {"op": "add", "value": {"nickName": "B", "emails": [{"value": "n@example.com"}]}}
    data = patch(added).data
    assert data["nickName"] == "B" and data["emails"] == [WORK, HOME, {"value": "n@example.com"}]
    assert_error(patch({"op": "add", "value": value}), 400, "invalidValue", "value")


def test_pat_20_add_appends(patch):
    one, two, three = ({"value": f"{number}@example.com"} for number in "123")
    assert patch({"op": "add", "path": "emails", "value": one}).data["emails"] == [WORK, HOME, one]
    data = patch({"op": "add", "path": "emails", "value": [two, three]}).data
    assert data["emails"] == [WORK, HOME, one, two, three]


def test_pat_21_add_replaces_a_single_value(patch):
    assert patch({"op": "add", "path": "title", "value": "new"}).data["title"] == "new"


def test_pat_22_add_to_a_complex_attribute_keeps_its_other_parts(patch):
    for operation in (
        {"path": "name", "value": {"givenName": "Barbara"}},
        {"value": {"name": {"givenName": "Barbara"}}},
    ):
        name = patch({"op": "add", **operation}).data["name"]
        assert name == {"givenName": "Barbara", "familyName": "Jensen"}
    assert_error(patch({"op": "add", "path": "name", "value": "Babs"}), 400, "invalidValue", "name")


def test_pat_23_what_is_there_already_changes_nothing(strict, user):
    group = strict.make_group("Guides", user)
    for path, before, operations in (
        (
            f"/Users/{user['id']}",
            strict.get(f"/Users/{user['id']}").data,
            [
                {"op": "add", "path": "title", "value": "old"},
                {"op": "add", "path": "emails", "value": [HOME]},
                {"op": "add", "value": {"name": {"givenName": "Babs"}}},
            ],
        ),
        (
            f"/Groups/{group['id']}",
            group,
            [{"op": "add", "path": "members", "value": [{"value": user["id"]}]}],
        ),
    ):
        answer = strict.patch(path, *operations)
        assert answer.status_code == 200 and answer.data == before
        assert answer.headers["ETag"] == before["meta"]["version"]


def test_pat_24_add_with_a_filter_merges(scim, patch):
    operation = {"op": "add", "path": 'emails[type eq "work"]', "value": {"display": "new"}}
    assert patch(operation).data["emails"] == [WORK | {"display": "new"}, HOME]
    nothing = {"op": "add", "path": 'emails[type eq "other"].value', "value": "o@example.com"}
    assert_error(patch(nothing), 400, "noTarget")
    user = scim.make_user("tolerant")
    made = scim.patch(f"/Users/{user['id']}", nothing).data
    assert made["emails"] == [{"type": "other", "value": "o@example.com"}]


def test_pat_25_a_part_of_every_value(patch):
    path = "emails.display"
    data = patch({"op": "replace", "path": path, "value": "D"}).data
    assert data["emails"] == [WORK | {"display": "D"}, HOME | {"display": "D"}]
    assert_error(patch({"op": "add", "path": path, "value": "x"}), 400, "invalidPath", "emails")
    assert_error(patch({"op": "remove", "path": path}), 400, "invalidPath", "emails")


def test_pat_36_replace_without_a_path(patch):
    answer = patch({"op": "replace", "value": {"active": False, "title": "new"}})
    assert answer.status_code == 200
    assert (answer.data["active"], answer.data["title"]) == (False, "new")
    for wrong in ("x", [1], None):
        assert_error(patch({"op": "replace", "value": wrong}), 400, "invalidValue", "value")


def test_pat_37_keys_that_are_paths(scim, patch):
    value = {"name.givenName": "Ann", f"{ENTERPRISE}:department": "Tours", "nickName": "A"}
    operation = {"op": "replace", "value": value}
    data = scim.patch(f"/Users/{scim.make_user('tolerant')['id']}", operation).data
    assert (data["name"]["givenName"], data["nickName"]) == ("Ann", "A")
    assert data[ENTERPRISE] == {"department": "Tours"}
    assert_error(patch(operation), 400, "invalidPath", "name.givenName")


def test_pat_38_replace_whole_values(patch):
    new = [{"value": "n@example.com", "type": "other"}]
    data = patch(RETITLE, {"op": "replace", "path": "emails", "value": new}).data
    assert (data["title"], data["emails"]) == ("new", new)


def test_pat_39_replace_of_what_is_not_there_adds(patch):
    data = patch(
        {"op": "replace", "path": "nickName", "value": "B"},
        {"op": "replace", "path": "phoneNumbers", "value": [{"value": "1"}]},
        {"op": "replace", "path": "name.middleName", "value": "J"},
    ).data
    assert (data["nickName"], data["phoneNumbers"]) == ("B", [{"value": "1"}])
    assert data["name"] == {"givenName": "Babs", "middleName": "J", "familyName": "Jensen"}


def test_pat_40_replace_of_a_complex_attribute_keeps_its_other_parts(patch):
    value = {"givenName": "Barbara", "middleName": "J"}
    for operation in ({"path": "name", "value": value}, {"value": {"name": value}}):
        name = patch({"op": "replace", **operation}).data["name"]
        assert name == value | {"familyName": "Jensen"}


@pytest.mark.parametrize(("profile", "kept"), [("strict", {}), ("default", {"type": "work"})])
def test_pat_41_replace_of_selected_values(profile, kept, connect):
    scim = connect(profile)
    home = {"type": "home", "locality": "Hollywood"}
    two = [{"type": "work", "locality": place, "country": "US"} for place in ("A", "B")]
    path = f"/Users/{scim.make_user(addresses=[*two, home])['id']}"
    operation = {"op": "replace", "path": 'addresses[type eq "work"]', "value": {"region": "CA"}}
    assert scim.patch(path, operation).data["addresses"] == [kept | {"region": "CA"}] * 2 + [home]


def test_pat_42_replace_of_a_part_of_selected_values(strict):
    two = [{"type": "work", "locality": place} for place in ("A", "B")]
    home = {"type": "home", "locality": "Hollywood"}
    path = f"/Users/{strict.make_user(addresses=[*two, home])['id']}"
    operation = {"op": "replace", "path": 'addresses[type eq "work"].region', "value": "CA"}
    expected = [each | {"region": "CA"} for each in two] + [home]
    assert strict.patch(path, operation).data["addresses"] == expected


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ('emails[type eq "none"]', {"value": "x"}),
        ('emails[type eq "none"].value', "x"),
        ('phoneNumbers[type eq "work"].value', "1"),
    ],
)
def test_pat_43_replace_of_what_no_filter_finds(path, value, patch):
    assert_error(patch({"op": "replace", "path": path, "value": value}), 400, "noTarget")


def test_pat_44_null_and_the_empty_array_remove(patch):
    for path, empty in (("title", None), ("name", None), ("emails", [])):
        data = patch({"op": "replace", "path": path, "value": empty}).data
        assert path not in data
    answer = patch({"op": "replace", "path": "userName", "value": None})
    assert_error(answer, 400, "mutability", "userName")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
@pytest.mark.parametrize(
    "path", ["nosuch", "name.nosuch", "urn:example:unknown:2.0:User:x", f"{ENTERPRISE}:nosuch"]
)
def test_pat_45_unknown_attributes(op, path, patch):
    assert_error(patch({"op": op, "path": path, "value": "x"}), 400, "invalidPath", "attribute")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("path", ["/emails/0", "/title", "emails/0", "emails.0", "emails/-"])
def test_pat_46_no_json_pointer(path, patch):
    assert_error(patch({"op": "replace", "path": path, "value": "x"}), 400, "invalidPath")


@pytest.mark.usefixtures("unchanged")
def test_pat_47_unique_values(strict, patch):
    strict.make_user("taken")
    operation = {"op": "replace", "path": "userName", "value": "TAKEN"}
    assert_error(patch(RETITLE, operation), 409, "uniqueness", "userName")


def test_pat_48_booleans_as_text(scim, patch):
    for number, text in enumerate(("False", "True", "false")):
        operation = {"op": "Replace", "path": "active", "value": text}
        assert_error(patch(operation), 400, "invalidValue", "active")
        user = scim.make_user(f"tolerant{number}")
        assert scim.patch(f"/Users/{user['id']}", operation).data["active"] is (text == "True")


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "title", "value": "old"},
        {"op": "replace", "path": "emails", "value": [WORK, HOME]},
        {"op": "remove", "path": "nickName"},
        {"op": "replace", "value": {"active": True, "userName": "bjensen"}},
    ],
)
def test_pat_49_no_change_no_version(operation, user, patch):
    answer = patch(operation)
    assert answer.status_code == 200 and answer.data == user
    assert answer.headers["ETag"] == user["meta"]["version"]


def test_pat_50_passwords(connect):
    operation = {"op": "replace", "path": "password", "value": SECRET}
    for passwords, supported in (("accept", True), ("ignore", False)):
        scim = connect("strict", passwords=passwords)
        config = scim.get("/ServiceProviderConfig").data
        assert config["changePassword"] == {"supported": supported}
        answer = scim.patch(f"/Users/{scim.make_user(passwords)['id']}", operation)
        assert answer.status_code == 200 and "password" not in answer.data
        account = User.objects.get(username=passwords)
        assert SECRET not in account.password
        assert bool(authenticate(username=passwords, password=SECRET)) is supported


def test_pat_51_ten_thousand_members_at_once(connect):
    number = 10_000
    User.objects.bulk_create([User(username=f"u{n}") for n in range(number)])
    scim = connect(scope="site")
    linking.link_site(scim.connection)
    ids = list(scim.connection.django_scim_userlinks.values_list("scim_id", flat=True))
    group = scim.make_group("Everyone")
    operation = {"op": "add", "path": "members", "value": [{"value": each} for each in ids]}
    with CaptureQueriesContext(
        connection,
    ) as statements:
        assert scim.patch(f"/Groups/{group['id']}", operation).status_code == 204
    assert len(statements) < number / 50
    assert User.objects.filter(groups__name="Everyone").count() == number == len(ids)

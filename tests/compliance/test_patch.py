"""PATCH (RFC 7644 section 3.5.2): the message, paths, atomicity, and forbidden changes."""

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_scim.adapters import linking

from ..client import ENTERPRISE, GROUP, PATCH, USER, assert_error
from .conftest import HOME, WORK

SECRET = "Correct-horse-7-battery"
RETITLE = {"op": "replace", "path": "title", "value": "new"}


def test_pat_01_supported_as_published(strict, patch):
    assert strict.get("/ServiceProviderConfig").data["patch"] == {"supported": True}
    assert patch(RETITLE).data["title"] == "new"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("schemas", [None, [], [USER], PATCH, [PATCH, USER], [PATCH, PATCH], [1]])
def test_pat_02_schemas_is_patch_op(schemas, strict, user):
    body = {"Operations": [RETITLE]} | ({} if schemas is None else {"schemas": schemas})
    answer = strict.request("PATCH", f"/Users/{user['id']}", body)
    assert_error(answer, 400, "invalidSyntax", "schemas")


def test_pat_03_operations_is_a_non_empty_array(strict, user):
    path = f"/Users/{user['id']}"
    for wrong in ({}, *({"Operations": value} for value in ([], None, RETITLE, "x", ["x"]))):
        answer = strict.request("PATCH", path, {"schemas": [PATCH], **wrong})
        assert_error(answer, 400, "invalidSyntax", "Operations")
    body = {
        "schemas": [PATCH],
        "operations": [RETITLE],
    }  # names are case insensitive (RFC 7643 section 2.1)
    assert strict.request("PATCH", path, body).data["title"] == "new"


def test_pat_04_op_is_one_of_three(patch):
    for wrong in ("move", "test", "", None, 1, ["add"]):
        assert_error(patch(RETITLE | {"op": wrong}), 400, "invalidSyntax", "Operations[0].op")
    assert_error(patch({"path": "title", "value": "new"}), 400, "invalidSyntax", "op")
    for op in ("add", "Add", "replace", "Replace", "REPLACE"):
        assert patch(RETITLE | {"op": op, "value": op}).data["title"] == op
    assert "title" not in patch({"op": "Remove", "path": "title"}).data


def test_pat_05_only_remove_needs_a_path(patch):
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
def test_pat_07_invalid_filter_in_a_path(where, patch):
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
def test_pat_08_mutability_and_schema(path, value, scim_type, patch):
    for op in ("add", "replace"):
        assert_error(patch({"op": op, "path": path, "value": value}), 400, scim_type)


def test_pat_09_immutable_attribute_is_set_once(strict, settings):
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


def test_pat_10_extensions_need_their_urn(patch):
    path = f"{ENTERPRISE.lower()}:DEPARTMENT"
    data = patch({"op": "add", "path": path, "value": "Tours"}).data
    assert data[ENTERPRISE] == {"department": "Tours"}


def test_pat_11_schemas_are_updated(patch):
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


def test_pat_12_operations_see_earlier_results(strict, patch):
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
def test_pat_13_new_primary_replaces_the_old_one(operation, patch):
    emails = patch(operation).data["emails"]
    assert emails[0] == WORK | {"primary": False}
    assert [each["value"] for each in emails if each.get("primary")] == [emails[-1]["value"]]


def test_pat_14_failure_changes_nothing(strict, user, patch):
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


def test_pat_15_resource_or_no_content(scim, strict):
    rename = {"op": "replace", "path": "displayName", "value": "New"}
    answer = scim.patch(f"/Users/{scim.make_user('one')['id']}", RETITLE)
    assert answer.status_code == 200 and answer.data["title"] == "new"
    answer = scim.patch(f"/Groups/{scim.make_group()['id']}", rename)
    assert (answer.status_code, answer.content) == (204, b"")
    answer = strict.patch(f"/Groups/{strict.make_group()['id']}", rename)
    assert answer.status_code == 200 and answer.data["displayName"] == "New"


def test_pat_16_attributes_return_the_resource(scim):
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
def test_pat_49_unchanged_keeps_the_version(operation, user, patch):
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


def test_pat_51_ten_thousand_members_in_one_request(connect):
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

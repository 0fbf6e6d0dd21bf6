"""PATCH add and replace (RFC 7644 sections 3.5.2.1 and 3.5.2.3)."""

import pytest

from ..client import ENTERPRISE, assert_error
from .conftest import HOME, WORK

RETITLE = {"op": "replace", "path": "title", "value": "new"}


@pytest.mark.usefixtures("unchanged")
def test_pat_18_add_needs_a_value(patch):
    for op in ("add", "replace"):
        assert_error(patch({"op": op, "path": "title"}), 400, "invalidValue", "value")
        assert_error(patch({"op": op}), 400, "invalidValue", "value")


@pytest.mark.parametrize("value", ["Chief", 1, True, ["title"], None])
def test_pat_19_value_without_path_is_an_object(value, patch):
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


def test_pat_22_add_keeps_other_sub_attributes(patch):
    for operation in (
        {"path": "name", "value": {"givenName": "Barbara"}},
        {"value": {"name": {"givenName": "Barbara"}}},
    ):
        name = patch({"op": "add", **operation}).data["name"]
        assert name == {"givenName": "Barbara", "familyName": "Jensen"}
    assert_error(patch({"op": "add", "path": "name", "value": "Babs"}), 400, "invalidValue", "name")


def test_pat_23_existing_values_change_nothing(strict, user):
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
    both = 'emails[type eq "home" and primary eq true and display eq "H"].value'
    operation = {"op": "replace", "path": both, "value": "h@example.com"}
    made = scim.patch(f"/Users/{scim.make_user('both')['id']}", operation).data
    expected = {"type": "home", "primary": True, "display": "H", "value": "h@example.com"}
    assert made["emails"] == [expected]


def test_pat_25_sub_attribute_of_every_value(patch):
    path = "emails.display"
    data = patch({"op": "replace", "path": path, "value": "D"}).data
    assert data["emails"] == [WORK | {"display": "D"}, HOME | {"display": "D"}]
    data = patch({"op": "add", "path": path, "value": "E"}).data
    assert data["emails"] == [WORK | {"display": "E"}, HOME | {"display": "E"}]
    data = patch({"op": "remove", "path": path}).data
    assert not any("display" in each for each in data["emails"])
    assert [each["value"] for each in data["emails"]] == [WORK["value"], HOME["value"]]


def test_pat_36_replace_without_path(patch):
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


def test_pat_38_replace_all_values(patch):
    new = [{"value": "n@example.com", "type": "other"}]
    data = patch(RETITLE, {"op": "replace", "path": "emails", "value": new}).data
    assert (data["title"], data["emails"]) == ("new", new)


def test_pat_39_replace_adds_missing_values(patch):
    data = patch(
        {"op": "replace", "path": "nickName", "value": "B"},
        {"op": "replace", "path": "phoneNumbers", "value": [{"value": "1"}]},
        {"op": "replace", "path": "name.middleName", "value": "J"},
    ).data
    assert (data["nickName"], data["phoneNumbers"]) == ("B", [{"value": "1"}])
    assert data["name"] == {"givenName": "Babs", "middleName": "J", "familyName": "Jensen"}


def test_pat_40_replace_keeps_other_sub_attributes(patch):
    value = {"givenName": "Barbara", "middleName": "J"}
    for operation in ({"path": "name", "value": value}, {"value": {"name": value}}):
        name = patch({"op": "replace", **operation}).data["name"]
        assert name == value | {"familyName": "Jensen"}


@pytest.mark.parametrize(("profile", "kept"), [("strict", {}), ("default", {"type": "work"})])
def test_pat_41_replace_selected_values(profile, kept, connect):
    scim = connect(profile)
    home = {"type": "home", "locality": "Hollywood"}
    two = [{"type": "work", "locality": place, "country": "US"} for place in ("A", "B")]
    path = f"/Users/{scim.make_user(addresses=[*two, home])['id']}"
    operation = {"op": "replace", "path": 'addresses[type eq "work"]', "value": {"region": "CA"}}
    assert scim.patch(path, operation).data["addresses"] == [kept | {"region": "CA"}] * 2 + [home]


def test_pat_42_replace_a_sub_attribute_of_selected_values(strict):
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
def test_pat_43_replace_with_a_filter_without_match(path, value, patch):
    assert_error(patch({"op": "replace", "path": path, "value": value}), 400, "noTarget")


def test_pat_44_null_and_empty_array_remove(patch):
    for path, empty in (("title", None), ("name", None), ("emails", [])):
        data = patch({"op": "replace", "path": path, "value": empty}).data
        assert path not in data
    answer = patch({"op": "replace", "path": "userName", "value": None})
    assert_error(answer, 400, "mutability", "userName")

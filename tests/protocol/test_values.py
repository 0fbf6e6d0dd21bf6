"""Conversion of values (RFC 7643 section 2.3), folding, bodies, schemas and projections."""

import json
from datetime import UTC, datetime
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_scim.protocol.attributes import ENTERPRISE_URN, Attribute, load_schema
from django_scim.protocol.errors import InvalidSyntax, InvalidValue
from django_scim.protocol.formats import format_datetime, parse_datetime
from django_scim.protocol.projection import parse_projection
from django_scim.protocol.resource_body import read_resource
from django_scim.protocol.values import coerce, fold

USER = load_schema("User").id


@pytest.mark.parametrize(
    "variant", ["BJensen", "bjensen", "ＢＪＥＮＳＥＮ", "BJENSEN"]
)  # fmt: skip
def test_folding_ignores_case_and_width(variant):
    assert fold(variant) == "bjensen"


def test_folding_ignores_composition():
    assert fold("Zoe\u0308") == fold("ZO\u00cb") == "zo\u00eb"


def test_folding_keeps_the_dotless_i():
    assert fold("ı") != fold("i")


@given(st.text())
def test_folding_is_idempotent(text):
    assert fold(fold(fold(text))) == fold(fold(text))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2008-01-23T04:56:22Z", datetime(2008, 1, 23, 4, 56, 22, tzinfo=UTC)),
        ("2008-01-23T04:56:22", datetime(2008, 1, 23, 4, 56, 22, tzinfo=UTC)),
        ("2011-05-13T04:42:34+02:00", datetime(2011, 5, 13, 2, 42, 34, tzinfo=UTC)),
        ("0001-01-03T00:00:00.0000000Z", datetime(1, 1, 3, tzinfo=UTC)),
        ("2015-10-10T14:38:21.8617979-07:00", datetime(2015, 10, 10, 21, 38, 21, 861797, UTC)),
        ("2024-01-01", None),
        ("2024-13-01T00:00:00Z", None),
        ("2024-01-01T00:00:00+99:00", None),
        ("2024-01-01T00:00:00+14:00", datetime(2023, 12, 31, 10, tzinfo=UTC)),
        ("2024-01-01T00:00:00-14:00", datetime(2024, 1, 1, 14, tzinfo=UTC)),
        ("2024-01-01T00:00:00+14:01", None),
        ("2024-01-01T00:00:00-14:01", None),
        ("2024-01-01T00:00:00+01:60", None),
        ("٢٠٢٤-01-01T00:00:00Z", None),
    ],
)
def test_date_times(text, moment):
    assert parse_datetime(text) == moment


@given(st.datetimes(timezones=st.just(UTC)))
def test_date_times_survive_a_round_trip(moment):
    assert parse_datetime(format_datetime(moment)) == moment


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", 1), ("string", True), ("boolean", 1), ("boolean", "true"),
        ("integer", 1.0), ("integer", True), ("integer", "1"), ("decimal", "1.5"),
        ("dateTime", "2024-01-01"), ("binary", "@@"), ("complex", "x"), ("reference", {}),
    ],
)  # fmt: skip
def test_the_error_of_a_wrong_type_does_not_contain_the_value(kind, value, strict):
    with pytest.raises(InvalidValue) as caught:
        coerce(Attribute(name="thing", type=kind), value or {"a": 1}, "thing", strict)
    assert caught.value.detail.startswith("thing: must be")
    assert "@@" not in caught.value.detail


def test_base64_without_padding(strict):
    assert coerce(Attribute(name="c", type="binary"), "TUk", "c", strict) == "TUk"


def test_schemas_are_those_of_the_rfc():
    for name in ("User", "Group", "EnterpriseUser", "Schema", "ServiceProviderConfig"):
        path = resources.files("django_scim.protocol").joinpath("schemas", f"{name}.json")
        original = json.loads(path.read_text("utf-8"))
        assert load_schema(name).to_json()["id"] == original["id"]
        _same_attributes(load_schema(name).to_json()["attributes"], original["attributes"])


def _same_attributes(ours, theirs):
    assert [each["name"] for each in ours] == [each["name"] for each in theirs]
    for our, their in zip(ours, theirs, strict=True):
        _same_attributes(our.get("subAttributes", []), their.get("subAttributes", []))
        for key in ("type", "required", "mutability", "returned"):
            assert our[key] == their[key], (our["name"], key)
        for key in ("caseExact", "canonicalValues", "referenceTypes"):
            if their.get(key):
                assert our[key] == their[key], (our["name"], key)


def test_names_in_a_body_have_no_case(user_schema, strict):
    values = read_resource(
        {"SCHEMAS": [USER], "UserName": "a", "id": "mine", "meta": {}, "groups": [{"value": "1"}]},
        user_schema,
        strict,
    )
    assert {str(path): value for path, value in values.items()} == {"userName": "a"}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ([], InvalidSyntax),
        ({"userName": "a"}, InvalidSyntax),
        ({"schemas": [], "userName": "a"}, InvalidSyntax),
        ({"schemas": [ENTERPRISE_URN], "userName": "a"}, InvalidSyntax),
        ({"schemas": [USER, USER], "userName": "a"}, InvalidSyntax),
        ({"schemas": [USER, "urn:x:unknown"], "userName": "a"}, InvalidSyntax),
        ({"schemas": [USER], "userName": "a", "USERNAME": "b"}, InvalidSyntax),
        ({"schemas": [USER]}, InvalidValue),
        ({"schemas": [USER], "userName": ""}, InvalidValue),
        ({"schemas": [USER], "userName": "a", ENTERPRISE_URN: "x"}, InvalidValue),
        ({"schemas": [USER], "userName": "a", "name": "x"}, InvalidValue),
    ],
)
def test_rejected_bodies(body, error, user_schema, strict):
    with pytest.raises(error):
        read_resource(body, user_schema, strict)


@pytest.mark.parametrize(
    ("attributes", "excluded", "path", "expected"),
    [
        (["userName"], [], "userName", True),
        (["USERNAME"], [], "userName", True),
        (["userName"], [], "title", False),
        (["userName"], [], "id", True),
        (["nosuch"], [], "title", False),
        ([], ["id", "title"], "id", True),
        ([], ["id", "title"], "title", False),
        ([], ["title"], "password", False),
        (["password"], [], "password", False),
        ([ENTERPRISE_URN], [], f"{ENTERPRISE_URN}:department", True),
        (['emails[type eq "work"]'], [], "emails", True),
    ],
)
def test_projection(attributes, excluded, path, expected, user_schema, entra):
    projection = parse_projection(user_schema, attributes, excluded, entra)
    assert (projection.select(user_schema.find(path)) is not None) is expected


def test_strict_ignores_names_that_are_not_tolerated(user_schema, strict):
    names = ['emails[type eq "work"]', "department"]
    assert parse_projection(user_schema, names, [], strict).attributes == frozenset()


def test_projection_narrows_to_sub_attributes(user_schema, strict):
    emails = user_schema.find("emails")
    only = parse_projection(user_schema, ["emails.value"], [], strict).select(emails)
    assert [sub.name for sub in only.sub_attributes] == ["value"]
    without = parse_projection(user_schema, [], ["emails.value"], strict).select(emails)
    assert "value" not in [sub.name for sub in without.sub_attributes]


def test_the_two_lists_cannot_be_combined(user_schema, strict):
    with pytest.raises(InvalidValue):
        parse_projection(user_schema, ["userName"], ["title"], strict)

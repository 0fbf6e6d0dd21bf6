"""The definition of a schema (RFC 7643 sections 2 and 7)."""

import json

import pytest

from django_scim.protocol.attributes import Attribute, Schema, load_schema
from django_scim.protocol.errors import InvalidValue
from django_scim.protocol.resource_body import read_resource
from django_scim.protocol.schema_validation import problems
from django_scim.protocol.tolerances import PROFILES, Tolerances

URN = "urn:example:scim:schemas:acme:2.0:User"


@pytest.mark.parametrize(
    "name", ["User", "Group", "EnterpriseUser", "ResourceType", "ServiceProviderConfig"]
)
def test_the_schemas_of_the_rfc_are_valid(name):
    assert list(problems(load_schema(name))) == []


def sub(**characteristics):
    return Attribute(name="sub", **characteristics)


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        (Attribute(name="1st"), "1st: a name must be a letter"),
        (Attribute(name="a b"), "a b: a name must be a letter"),
        (Attribute(name="a", type="text"), "a: type must be one of binary"),
        (Attribute(name="a", mutability="readonly"), "a: mutability must be one of immutable"),
        (Attribute(name="a", returned="no"), "a: returned must be one of always"),
        (Attribute(name="a", uniqueness="yes"), "a: uniqueness must be one of global"),
        (Attribute(name="a", type="complex"), "a: a complex attribute must have subAttributes"),
        (Attribute(name="a", sub_attributes=(sub(),)), "a: only a complex attribute can have"),
        (Attribute(name="a", strict=True), "a: a strict attribute must have canonicalValues"),
        (
            Attribute(name="a", mutability="writeOnly"),
            "a: a writeOnly attribute must have returned 'never'",
        ),
        (
            Attribute(name="a", type="complex", sub_attributes=(sub(type="complex"),)),
            "a.sub: a sub-attribute cannot be complex",
        ),
        (Attribute(name="a", type="complex", sub_attributes=(sub(), sub())), "a.sub: is defined 2"),
    ],
)
def test_a_problem_names_its_attribute(attribute, words):
    assert words in " ".join(problems(Schema(URN, "Acme", attributes=(attribute,))))


def test_names_that_differ_in_case_are_equal():
    schema = Schema(URN, "Acme", attributes=(Attribute(name="badge"), Attribute(name="Badge")))
    assert list(problems(schema)) == ["badge: is defined 2 times (names have no case)"]


def test_an_id_must_be_a_urn():
    assert "is not a URN" in next(problems(Schema("acme", "Acme")))


def test_a_schema_from_a_file_gets_the_defaults_of_the_rfc(tmp_path):
    # RFC 7643 section 2.2
    path = tmp_path / "acme.json"
    path.write_text(json.dumps({"id": URN, "attributes": [{"name": "badge"}]}))
    (badge,) = Schema.load(path).attributes
    assert badge.to_json() == {
        "name": "badge",
        "type": "string",
        "multiValued": False,
        "description": "",
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }


def read(attribute, value):
    from django_scim.protocol.resource_schema import ResourceSchema

    schema = Schema(URN, "Acme", attributes=(attribute,))
    body = {"schemas": [URN], attribute.name: value}
    values = read_resource(body, ResourceSchema("Acme", schema), Tolerances(PROFILES["default"]))
    return {str(path): value for path, value in values.items()}


def test_canonical_values_are_suggestions_unless_the_attribute_is_strict():
    # RFC 7643 section 2.3.1: the service provider MAY restrict a value to them.
    free = Attribute(name="kind", canonical_values=("laptop", "phone"))
    assert read(free, "sextant") == {"kind": "sextant"}
    strict = Attribute(name="kind", canonical_values=("laptop", "phone"), strict=True)
    assert read(strict, "Laptop") == {"kind": "laptop"}
    with pytest.raises(InvalidValue, match="kind: must be one of laptop, phone"):
        read(strict, "sextant")


def test_a_required_sub_attribute():
    attribute = Attribute(
        name="office",
        type="complex",
        sub_attributes=(Attribute(name="city", required=True), Attribute(name="floor")),
    )
    assert read(attribute, {"city": "Bern"}) == {"office": {"city": "Bern"}}
    with pytest.raises(InvalidValue, match=r"office\.city: is required"):
        read(attribute, {"floor": "3"})

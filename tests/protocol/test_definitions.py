"""Validation of schema definitions (RFC 7643 sections 2 and 7)."""

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
def test_rfc_schemas_are_valid(name):
    assert list(problems(load_schema(name))) == []


def sub(**characteristics):
    return Attribute(name="sub", **characteristics)


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        (Attribute(name="1st"), "1st: a name is a letter"),
        (Attribute(name="a b"), "a name is a letter"),
        (Attribute(name="a", type="text"), "a: type 'text' is none of"),
        (Attribute(name="a", mutability="readonly"), "a: mutability 'readonly' is none of"),
        (Attribute(name="a", returned="no"), "a: returned 'no' is none of"),
        (Attribute(name="a", uniqueness="yes"), "a: uniqueness 'yes' is none of"),
        (Attribute(name="a", type="complex"), "a: a complex attribute needs subAttributes"),
        (Attribute(name="a", sub_attributes=(sub(),)), "a: only a complex attribute has"),
        (Attribute(name="a", strict=True), "a: strict without canonicalValues"),
        (Attribute(name="a", mutability="writeOnly"), "a: what is writeOnly must be returned"),
        (
            Attribute(name="a", type="complex", sub_attributes=(sub(type="complex"),)),
            "a.sub: a sub-attribute cannot be complex",
        ),
        (Attribute(name="a", type="complex", sub_attributes=(sub(), sub())), "a.sub: defined 2"),
    ],
)
def test_problem_names_its_attribute(attribute, words):
    assert words in " ".join(problems(Schema(URN, "Acme", attributes=(attribute,))))


def test_duplicate_name_in_other_case():
    schema = Schema(URN, "Acme", attributes=(Attribute(name="badge"), Attribute(name="Badge")))
    assert list(problems(schema)) == ["badge: defined 2 times (names have no case)"]


def test_id_must_be_a_urn():
    assert "is not a URN" in next(problems(Schema("acme", "Acme")))


def test_schema_from_a_file_has_the_rfc_defaults(tmp_path):
    # the default characteristics of RFC 7643 section 2.2
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
    from django_scim.protocol.attributes import ResourceSchema

    schema = Schema(URN, "Acme", attributes=(attribute,))
    body = {"schemas": [URN], attribute.name: value}
    values = read_resource(body, ResourceSchema("Acme", schema), Tolerances(PROFILES["default"]))
    return {str(path): value for path, value in values.items()}


def test_canonical_values_are_suggestions_unless_strict():
    # RFC 7643 section 2.3.1: the service provider MAY restrict a value to them.
    free = Attribute(name="kind", canonical_values=("laptop", "phone"))
    assert read(free, "sextant") == {"kind": "sextant"}
    strict = Attribute(name="kind", canonical_values=("laptop", "phone"), strict=True)
    assert read(strict, "Laptop") == {"kind": "laptop"}
    with pytest.raises(InvalidValue, match="kind: must be one of laptop, phone"):
        read(strict, "sextant")


def test_required_sub_attribute():
    attribute = Attribute(
        name="office",
        type="complex",
        sub_attributes=(Attribute(name="city", required=True), Attribute(name="floor")),
    )
    assert read(attribute, {"city": "Bern"}) == {"office": {"city": "Bern"}}
    with pytest.raises(InvalidValue, match=r"office\.city: is required"):
        read(attribute, {"floor": "3"})

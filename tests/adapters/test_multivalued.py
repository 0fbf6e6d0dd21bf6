"""PATCH of sub-attributes (RFC 7643 section 7, RFC 7644 section 3.5.2)."""

import pytest

from django_scim.adapters.mappings.complete_values import amended
from django_scim.adapters.mappings.multivalued import MultiValue, ValueList
from django_scim.adapters.writing.effort import Effort
from django_scim.protocol.attributes import Attribute, Schema
from django_scim.protocol.errors import InvalidValue, Mutability
from django_scim.protocol.messages.patch import PATCH_URN, parse_patch
from django_scim.protocol.resource_schema import ResourceSchema
from django_scim.protocol.tolerances import PROFILES, Tolerances

SUBS = (
    Attribute(name="value", required=True),
    Attribute(name="type"),
    Attribute(name="serial", mutability="immutable"),
    Attribute(name="primary", type="boolean"),
)
LIST = Attribute(name="keys", type="complex", multi_valued=True, sub_attributes=SUBS)
ONE = Attribute(name="key", type="complex", sub_attributes=SUBS)
SCHEMA = ResourceSchema("Box", Schema("urn:example:Box", "Box", attributes=(LIST, ONE)))
STORED = {"value": "a", "type": "w", "serial": "1"}


def run(op, path, value=None):
    tolerances = Tolerances(PROFILES["default"])
    body = {"schemas": [PATCH_URN], "Operations": [{"op": op, "path": path, "value": value}]}
    (operation,) = parse_patch(body, SCHEMA, tolerances, "the-id")
    if operation.path.attribute is ONE:
        return amended(ONE, dict(STORED), operation, tolerances, Effort())
    held = [MultiValue(dict(STORED), key=1, original=dict(STORED))]
    values = ValueList("keys", LIST, held, Effort())
    values.apply(operation, tolerances)
    return [each.data for each in values]


@pytest.mark.parametrize(
    ("op", "path", "value"),
    [
        ("remove", 'keys[type eq "w"].value', None),
        ("replace", 'keys[type eq "w"]', {"primary": True}),
        ("replace", 'keys[type eq "new"].primary', True),
        ("remove", "key.value", None),
    ],
)
def test_required_sub_attribute_cannot_be_removed(op, path, value):
    with pytest.raises(InvalidValue, match=r"value: is required"):
        run(op, path, value)


@pytest.mark.parametrize(
    ("op", "path", "value"),
    [
        ("replace", 'keys[type eq "w"].serial', "2"),
        ("replace", 'keys[type eq "w"]', {"value": "a", "serial": "2"}),
        ("remove", 'keys[type eq "w"].serial', None),
        ("add", "keys", [{"value": "a", "type": "w", "serial": "2"}]),
        ("replace", "key.serial", "2"),
        ("replace", "key", {"value": "b", "serial": "2"}),
        ("remove", "key.serial", None),
    ],
)
def test_immutable_sub_attribute_cannot_change(op, path, value):
    with pytest.raises(Mutability, match="serial"):
        run(op, path, value)


@pytest.mark.parametrize(
    ("op", "path", "value", "expected"),
    [
        ("replace", 'keys[type eq "w"].type', "h", [STORED | {"type": "h"}]),
        ("add", "keys", [STORED], [STORED]),
        ("add", "keys", [{"value": "b", "serial": "2"}], [STORED, {"value": "b", "serial": "2"}]),
        ("remove", 'keys[type eq "w"]', None, []),
        ("replace", "key", {"value": "b"}, STORED | {"value": "b"}),
        ("remove", "key", None, None),
    ],
)
def test_other_changes_are_applied(op, path, value, expected):
    assert run(op, path, value) == expected

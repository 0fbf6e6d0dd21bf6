from django_scim.adapters import Attribute, Schema

ACME = "urn:example:scim:schemas:acme:2.0:User"
DEVICE = "urn:example:scim:schemas:acme:2.0:Device"
ACCESS = "urn:example:scim:schemas:acme:2.0:BadgeAccess"
OWNER = "urn:example:scim:schemas:acme:2.0:BadgeOwner"


def complex_attribute(name, *subs, **characteristics):
    made = tuple(sub if isinstance(sub, Attribute) else Attribute(name=sub) for sub in subs)
    return Attribute(name=name, type="complex", sub_attributes=made, **characteristics)


PRIMARY = Attribute(name="primary", type="boolean")

acme = Schema(
    ACME,
    "AcmeUser",
    "Acme's data about a user.",
    (
        Attribute(name="badge", case_exact=True, uniqueness="server"),
        Attribute(name="nickname"),
        Attribute(name="level", type="integer"),
        Attribute(name="rate", type="decimal"),
        Attribute(name="hired", type="dateTime"),
        Attribute(name="seen", type="dateTime"),
        Attribute(name="contractor", type="boolean"),
        Attribute(name="reference", case_exact=True),
        Attribute(name="size", canonical_values=("S", "L"), strict=True),
        Attribute(name="city", mutability="readOnly"),
        Attribute(name="initials"),
        Attribute(name="employer"),
        Attribute(name="colour"),
        Attribute(name="floor", type="integer"),
        Attribute(name="remote", type="boolean"),
        Attribute(name="reviewed", type="dateTime"),
        complex_attribute("desk", "room", Attribute(name="number", type="integer")),
        Attribute(name="labels", multi_valued=True),
        complex_attribute("links", "value", "type", PRIMARY, multi_valued=True),
        complex_attribute(
            "phones",
            "value",
            "type",
            PRIMARY,
            Attribute(name="since", type="dateTime"),
            multi_valued=True,
        ),
        Attribute(name="skills", multi_valued=True),
        Attribute(name="office"),
        complex_attribute("mentor", "value", "$ref", "displayName"),
        Attribute(name="startedAt", mutability="immutable"),
        complex_attribute("devices", "value", "$ref", "display", "type", multi_valued=True),
    ),
)
device = Schema(
    DEVICE,
    "Device",
    "Equipment from the warehouse.",
    (
        Attribute(name="serialNumber", required=True, case_exact=True, uniqueness="server"),
        Attribute(name="displayName"),
        complex_attribute("keeper", "value", "$ref", "displayName"),
        complex_attribute("users", "value", "$ref", "display", "type", multi_valued=True),
    ),
)
badge = Schema(
    "urn:example:scim:schemas:acme:2.0:Badge",
    "Badge",
    "A badge.",
    (
        Attribute(name="number", required=True, case_exact=True, uniqueness="server"),
        Attribute(name="note", returned="request"),
        Attribute(name="picture", type="binary"),
    ),
)
access = Schema(
    ACCESS,
    "BadgeAccess",
    "An extension that each badge has, with a required attribute.",
    (
        Attribute(name="level", type="integer", required=True),
        Attribute(name="door", returned="request"),
    ),
)
owner = Schema(
    OWNER,
    "BadgeOwner",
    "An extension that each badge has, without a required attribute.",
    (Attribute(name="department"), Attribute(name="room")),
)

from django_scim.adapters import Attribute, Field, ResourceAdapter, Schema

from .models import Locker, LockerLink, Thing, ThingLink

URN = "urn:example:scim:schemas:things:2.0:Thing"


def of_parts(name, *parts, **characteristics):
    made = tuple(Attribute(name=part) if isinstance(part, str) else part for part in parts)
    return Attribute(name=name, type="complex", sub_attributes=made, **characteristics)


MEMBER = ("value", "$ref", "display", "type")
thing = Schema(
    URN,
    "Thing",
    attributes=(
        Attribute(name="serial", required=True, uniqueness="server"),
        Attribute(name="text"),
        Attribute(name="other"),
        Attribute(name="number", type="integer"),
        Attribute(name="decimal", type="decimal"),
        Attribute(name="moment", type="dateTime"),
        Attribute(name="flag", type="boolean"),
        Attribute(name="texts", multi_valued=True),
        of_parts("keeper", "value", "$ref", "displayName"),
        of_parts("owner", "value", "since"),
        of_parts("people", *MEMBER, multi_valued=True),
        of_parts("others", *MEMBER, multi_valued=True),
        of_parts("ranked", *MEMBER, "rank", multi_valued=True),
        of_parts("tagged", "value", Attribute(name="tags", multi_valued=True), multi_valued=True),
        of_parts("holder", "value", Attribute(name="tags", multi_valued=True)),
    ),
)


class ThingAdapter(ResourceAdapter):
    name, endpoint = "Thing", "Things"
    schema = thing
    model, link = Thing, ThingLink
    attributes = {"serial": Field("serial")}


class LockerAdapter(ResourceAdapter):
    name, endpoint = "Locker", "Lockers"
    schema = Schema(
        "urn:example:scim:schemas:things:2.0:Locker",
        "Locker",
        attributes=(Attribute(name="number"), of_parts("user", "value", "$ref", "displayName")),
    )
    model, link = Locker, LockerLink
    attributes = {"number": Field("number")}

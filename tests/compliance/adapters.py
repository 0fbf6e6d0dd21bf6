"""Adapters with an extension that has attributes of every type and characteristic."""

import json

from django_scim.adapters import Attribute, Constant, Custom, Field, Schema, UserAdapter

EXTRA = "urn:example:scim:schemas:extra:2.0:User"
MUST = "urn:example:scim:schemas:must:2.0:User"


class InText(Custom):
    """Map a value of any JSON type to a text column that is otherwise unused."""

    def __init__(self, column):
        self.select = {"text": f"scim_profile__{column}"}
        self.writes = (f"scim_profile.{column}",)

    def read(self, text):
        return json.loads(text) if text else None

    def write(self, value):
        return {self.writes[0]: "" if value is None else json.dumps(value)}


extra = Schema(
    EXTRA,
    "Extra",
    "Attributes for the tests of compliance.",
    (
        Attribute(name="plain"),
        Attribute(name="level", type="integer"),
        Attribute(name="revision", type="integer", mutability="readOnly", returned="request"),
        Attribute(name="rate", type="decimal"),
        Attribute(name="since", type="dateTime"),
        Attribute(name="size", canonical_values=("S", "L"), strict=True),
        Attribute(name="hidden", returned="request"),
        Attribute(name="shown", returned="always"),
        Attribute(name="once", mutability="immutable"),
        Attribute(
            name="desk",
            type="complex",
            sub_attributes=(Attribute(name="room"), Attribute(name="note", returned="request")),
        ),
        Attribute(name="code", case_exact=True, uniqueness="server"),
    ),
)


class ExtraUserAdapter(UserAdapter):
    extensions = [extra]
    attributes = {
        path: mapping
        for path, mapping in UserAdapter.attributes.items()
        if "enterprise" not in path and path != "nickName"
    } | {
        f"{EXTRA}:plain": Field("scim_profile.organization"),
        f"{EXTRA}:level": InText("employee_number"),
        f"{EXTRA}:revision": Field("link.version"),
        f"{EXTRA}:rate": InText("cost_center"),
        f"{EXTRA}:since": Field("last_login"),
        f"{EXTRA}:size": Field("scim_profile.division"),
        f"{EXTRA}:hidden": Field("scim_profile.department"),
        f"{EXTRA}:shown": Constant("yes"),
        f"{EXTRA}:once": Field("scim_profile.family_name"),
        f"{EXTRA}:desk": InText("nick_name"),
        f"{EXTRA}:code": Field("scim_profile.given_name"),
    }


must = Schema(MUST, "Must", attributes=(Attribute(name="badge", required=True),))


may = Schema(MUST, "May", attributes=(Attribute(name="badge"),))


class MustUserAdapter(UserAdapter):
    """Require a badge of every user."""

    extensions = required_extensions = [must]
    attributes = {
        "userName": UserAdapter.attributes["userName"],
        f"{MUST}:badge": Field("scim_profile.employee_number"),
    }


class MayUserAdapter(MustUserAdapter):
    """Require the extension of every user, but no attribute of it."""

    extensions = required_extensions = [may]

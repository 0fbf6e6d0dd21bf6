"""Declarations that cannot work are reported by a check, without a traceback or a 500."""

import pytest
from django.contrib.auth.models import Group
from django.db.models import F

from django_scim import checks
from django_scim.adapters import (
    Attribute,
    Computed,
    Constant,
    Custom,
    Field,
    GroupAdapter,
    Json,
    Members,
    Memberships,
    Reference,
    ResourceAdapter,
    Rows,
    Schema,
    UserAdapter,
    Values,
)

URN = "urn:example:scim:schemas:acme:2.0:User"
PARTS = (Attribute(name="value"), Attribute(name="type"), Attribute(name="primary", type="boolean"))
ACME = Schema(
    URN,
    "Acme",
    attributes=(
        Attribute(name="text"),
        Attribute(name="number", type="integer"),
        Attribute(name="moment", type="dateTime"),
        Attribute(name="flag", type="boolean"),
        Attribute(name="many", type="complex", multi_valued=True, sub_attributes=PARTS),
        Attribute(name="more", type="complex", multi_valued=True, sub_attributes=PARTS),
        Attribute(name="one", type="complex", sub_attributes=PARTS),
    ),
)


class MixedSelect(Custom):
    select = {"a": F("first_name") + F("id")}

    def read(self, a):
        return a


class KeyMapping(Custom):
    select = {"a": "id"}
    writes = ("id",)

    def read(self, a):
        return a

    def write(self, value):
        return {"id": value}


def user(base=UserAdapter, **declared):
    attributes = {f"{URN}:{name}": mapping for name, mapping in declared.items()}
    return type("Acme", (base,), {"extensions": [*base.extensions, ACME],
                                  "attributes": base.attributes | attributes})  # fmt: skip


def schema(*attributes):
    made = Schema(URN, "Acme", attributes=attributes)
    return type("Acme", (UserAdapter,), {"extensions": [*UserAdapter.extensions, made]})


def with_options(base=UserAdapter, **options):
    return type("Acme", (base,), options)


CASES = {
    "a string": ("E017", user(text="first_name")),
    "nothing": ("E017", user(text=None)),
    "a class": ("E017", user(text=Field)),
    "a custom class": ("E017", user(text=KeyMapping)),
    "no column": ("E007", user(text=Field(None))),
    "a reference to nothing": ("E009", user(one=Reference("scim_profile.manager", to=""))),
    "members of nothing": ("E009", user(GroupAdapter, many=Members("user_set", to=""))),
    "members behind no foreign key": (
        "E003", user(many=Memberships("scim_values", to="User", member="value"))),
    "a column that waits elsewhere": (
        "E007", user(one=Reference("scim_profile.manager", to="User", pending="username"))),
    "computed from a string": ("E007", user(text=Computed("first_name"))),
    "computed from a mixture": ("E003", user(text=Computed(F("first_name") + F("id")))),
    "computed number for a text": ("E007", user(text=Computed(F("id")))),
    "selected from a mixture": ("E003", user(text=MixedSelect())),
    "writes a key": ("E018", user(text=KeyMapping())),
    "the primary key": ("E018", user(number=Field("id"))),
    "a text in a moment's column": ("E007", user(text=Field("date_joined"))),
    "a number for a text": ("E007", user(text=Constant(5))),
    "a text for a number": ("E007", user(number=Constant("x"))),
    "a text for a moment": ("E007", user(moment=Constant("x"))),
    "no value": ("E007", user(text=Constant(None))),
    "values of no user": ("E007", user(GroupAdapter, many=Values("many"))),
    "one name for two lists": ("E019", user(many=Values("x"), more=Values("x"))),
    "one table for two lists": ("E019", user(
        many=Rows("scim_values", value="value", type="type", primary="primary"),
        more=Rows("scim_values", value="value", type="type", primary="primary"))),
    "an unknown key column": ("E003", user(
        many=Rows("scim_values", value="value", type="type", primary="primary",
                  keys={"value": "nope"}))),
    "a key that is not folded": ("E007", user(text=Field("first_name", key="last_name"))),
    "no JSON column": ("E007", user(text=Json("first_name", "a"))),
    "an unknown type": ("E008", schema(Attribute(name="a", type="int"))),
    "a type by having": ("E008", user(text=Field("last_login").having(type="text"))),
    "a mutability by having": ("E008", user(flag=Field("is_active").having(mutability="readonly"))),
    "write-only and returned": ("E008", user(
        text=Field("scim_profile.title").having(mutability="writeOnly"))),
    "strict about nothing": ("E008", user(text=Field("scim_profile.title").having(strict=True))),
    "parts that are texts": ("E008", schema(
        Attribute(name="a", type="complex", sub_attributes=("b",)))),
    "a schema that is a dict": ("E010", with_options(schema={"id": URN})),
    "extensions that are none": ("E010", with_options(extensions=None)),
    "extensions that are texts": ("E010", with_options(extensions=[URN])),
    "attributes that are none": ("E010", with_options(attributes=None)),
    "a model that is a text": ("E010", with_options(model="auth.User")),
    "a list of privileged objects": ("E010", with_options(
        privileged_objects=classmethod(lambda cls: []))),
    "privileged objects of another model": ("E010", with_options(
        privileged_objects=classmethod(lambda cls: Group.objects.all()))),
    "privileged objects by an unknown column": ("E010", with_options(
        privileged_objects=classmethod(lambda cls: cls.model.objects.filter(nope=1)))),
    "required, but no extension": ("E021", with_options(required_extensions=[ACME])),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_reports_error(case, settings, monkeypatch):
    code, adapter = CASES[case]
    monkeypatch.setitem(globals(), "Subject", adapter)
    key = "Group" if adapter.model is Group else "User"
    settings.DJANGO_SCIM = {"ADAPTERS": {key: f"{__name__}.Subject"}}
    messages = checks.check_adapters()
    assert f"django_scim.{code}" in [each.id for each in messages], messages
    assert all(each.hint and each.msg for each in messages)


def test_reports_missing_schema_file(settings, tmp_path, monkeypatch):
    for name, text in (("nofile", "Schema.load('/nowhere.json')"), ("noname", "Schema.from_json({"
                       "'id': 'urn:x:y', 'attributes': [{'type': 'string'}]})")):  # fmt: skip
        module = tmp_path / f"{name}_adapters.py"
        module.write_text(f"from django_scim.adapters import Schema\nschema = {text}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{name}_adapters.Adapter"}}
        (message,) = checks.check_adapters()
        assert message.id == "django_scim.E002"


def test_rejects_connection_adapters_that_are_not_a_dict(settings):
    settings.DJANGO_SCIM = {"CONNECTION_ADAPTERS": {"Okta": None}}
    (message,) = checks.check_adapters()
    assert message.id == "django_scim.E012" and "'Okta'" in message.msg


def test_stock_adapters_have_no_errors():
    assert issubclass(UserAdapter, ResourceAdapter)
    assert [
        *UserAdapter.examine_declaration().errors,
        *GroupAdapter.examine_declaration().errors,
    ] == []

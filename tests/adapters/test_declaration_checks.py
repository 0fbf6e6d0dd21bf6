"""System checks of adapters: a faulty declaration and the message for it."""

import pytest
from django.core.checks import ERROR, WARNING
from rest_framework import serializers

from django_scim import checks
from django_scim.adapters import (
    Behaviour,
    Constant,
    Custom,
    Field,
    GroupAdapter,
    Members,
    Reference,
    ResourceAdapter,
    UserAdapter,
    Values,
)
from django_scim.models import Event, GroupLink, UserLink
from django_scim.protocol.attributes import ENTERPRISE_URN as ENTERPRISE
from django_scim.protocol.attributes import Attribute, Schema

URN = "urn:example:scim:schemas:acme:2.0:User"
ACME = Schema(URN, "Acme", attributes=(Attribute(name="badge"), Attribute(name="level",
              type="integer"), Attribute(name="tags", multi_valued=True)))  # fmt: skip


def with_attributes(base=UserAdapter, **attributes):
    """Return a subclass of an adapter with more attributes; plain names go to an extension."""
    named = {name if "." in name or base.schema.find(name) else f"{URN}:{name}": mapping
             for name, mapping in attributes.items()}  # fmt: skip
    return type("Acme", (base,), {
        "extensions": [*base.extensions, ACME], "attributes": base.attributes | named})  # fmt: skip


def with_schema(urn, **characteristics):
    made = Schema(urn, "Acme", attributes=(Attribute(name="a", **characteristics),))
    return type("Acme", (UserAdapter,), {"extensions": [*UserAdapter.extensions, made]})


class StaffMapping(Custom):
    select = {"is_staff": "is_staff"}
    writes = ("is_staff",)

    def read(self, is_staff):
        return "x" if is_staff else None

    def write(self, value):
        return {"is_staff": bool(value)}


class WrongName(GroupAdapter):
    name = "Team"


class Reserved(GroupAdapter):
    endpoint = "Me"


class SameEndpoint(GroupAdapter):
    endpoint = "users"


class NoModel(ResourceAdapter):
    name, endpoint, schema, link = "Group", "Groups", GroupAdapter.schema, GroupLink


class WrongLink(GroupAdapter):
    link = UserLink


class NoLink(GroupAdapter):
    link = Event


class Required(UserAdapter):
    attributes = {k: v for k, v in UserAdapter.attributes.items() if k != "userName"}


class Unserializable(UserAdapter):
    serializer_class = serializers.Serializer


class NoSuchSerializer(UserAdapter):
    serializer_class = "nowhere.Serializer"


class BrokenSchema(UserAdapter):
    extensions = [
        *UserAdapter.extensions,
        Schema(URN, "Acme", attributes=(Attribute(name="a", type="text"),)),
    ]


class NoKey(UserAdapter):
    attributes = UserAdapter.attributes | {"userName": Field("username")}


class Suspended(Custom):
    """Deactivation in a column that Django does not read."""

    select = {"absent": "pk"}
    writes = ("link.unconfirmed",)

    def read(self, absent):
        return True

    def write(self, value):
        return {"link.unconfirmed": not value}


class Active(Custom):
    select = {"is_active": "is_active"}
    writes = ("is_active",)

    def read(self, is_active):
        return is_active

    def write(self, value):
        return {"is_active": bool(value)}


def with_active(mapping):
    """Return a user adapter with another mapping of ``active``, or with none."""
    attributes = {path: each for path, each in UserAdapter.attributes.items() if path != "active"}
    if mapping is not None:
        attributes["active"] = mapping
    return type("Acme", (UserAdapter,), {"attributes": attributes})


def with_behaviours(behaviours):
    return type("Acme", (UserAdapter,), {"behaviours": behaviours})


CASES = {
    "column": ("E003", with_attributes(badge=Field("batch")), "no field named 'batch'"),
    "relation": ("E003", with_attributes(badge=Field("groups.name")),
        "'groups' must be a foreign key"),
    "members": ("E003", with_attributes(GroupAdapter, members=Members("people", to="User")),
                "foreign key: member=..."),
    "path": ("E004", type("A", (UserAdapter,), {"attributes": UserAdapter.attributes
                                                | {"nickname2": Field("last_name")}}),
             "did you mean 'nickName'?"),
    "path of an extension": ("E004", type("A", (UserAdapter,), {"attributes": UserAdapter.attributes
                             | {f"{ENTERPRISE}:departement": Field("last_name")}}),
                             f"did you mean '{ENTERPRISE}:department'?"),
    "path with the URN alone in common": ("E004", type("A", (UserAdapter,), {"attributes":
        UserAdapter.attributes | {f"{ENTERPRISE}:pronouns": Field("last_name")}}),
        f"has the attribute '{ENTERPRISE}:pronouns'."),
    "schema twice": ("E020", type("A", (UserAdapter,), {"extensions":
        [*UserAdapter.extensions, *UserAdapter.extensions]}), "is there twice"),
    "sub path": ("E004", type("A", (UserAdapter,), {"attributes": UserAdapter.attributes
                                                    | {"name.given": Field("last_name")}}),
                 "did you mean 'name.givenName'"),
    "two writers": ("E019", with_attributes(badge=Field("first_name")), "'first_name'"),
    "twice": ("E005", type("A", (UserAdapter,), {"attributes": UserAdapter.attributes
                                                 | {"USERNAME": Field("last_name")}}), "twice"),
    "whole and parts": ("E005", type("A", (UserAdapter,), {"attributes": UserAdapter.attributes
                                     | {"emails.display": Constant("x")}}), "both as a whole"),
    "required": ("E006", Required, "userName is required"),
    "misfit": ("E007", with_attributes(level=Field("first_name")), "its type is integer"),
    "many": ("E007", with_attributes(tags=Field("first_name")), "multi-valued"),
    "one": ("E007", with_attributes(badge=Values("badge")), "only one value"),
    "shared row": ("E018", with_attributes(badge=Field("scim_profile.manager.username")),
                   "other objects may share"),
    "schema": ("E008", BrokenSchema, "a: type must be one of binary"),
    "canonical text": ("E008", with_attributes(badge=Field("first_name").having(
        canonical_values="red", strict=True)), "canonical_values must be a tuple, not 'red'"),
    "required by a text": ("E008", with_attributes(badge=Field("first_name").having(
        required="yes")), "required must be true or false, not 'yes'"),
    "no URN": ("E008", with_schema(None), "None"),
    "one sub-attribute": ("E008", with_schema(URN, sub_attributes=Attribute(name="b")),
                          "other than"),
    "a path that is no text": ("E004", type("A", (UserAdapter,), {
        "attributes": UserAdapter.attributes | {5: Field("last_name")}}), "5"),
    "a reference to a list": ("E009", type("A", (UserAdapter,), {"attributes":
        UserAdapter.attributes | {f"{ENTERPRISE}:manager": Reference("scim_profile.manager",
        to=["User"])}}), "which is not published"),
    "mirror": ("E007", with_attributes(tags=Values("tags", mirror="is_active")),
        "must be a text column"),
    "mirror elsewhere": ("E007", with_attributes(tags=Values("tags", mirror="scim_profile.title")),
                         "must be a text column"),
    "two mirrors": ("E019", with_attributes(tags=Values("tags", mirror="email")), "'email'"),
    "privilege by custom": ("W005", with_attributes(badge=StaffMapping()), "'is_staff'"),
    "unknown type": ("E009", type("A", (UserAdapter,), {"attributes": UserAdapter.attributes | {
        f"{ENTERPRISE}:manager": Reference("scim_profile.manager", to="Team")}}),
        "refers to 'Team'"),
    "other objects": ("E022", with_attributes(GroupAdapter, members=Members("user_set",
                      to="Group")), "leads to auth.User, but the model of Group is auth.Group"),
    "link to another model": ("E023", WrongLink, "leads to"),
    "no link": ("E023", NoLink, "AbstractLink"),
    "no model": ("E010", NoModel, "has no model"),
    "name": ("E011", WrongName, "is 'Team', but its key is 'Group'"),
    "reserved": ("E024", Reserved, "'Me' of Group is reserved"),
    "one endpoint": ("E024", SameEndpoint, "the same endpoint"),
    "serializer": ("E014", Unserializable, "is not a ResourceSerializer"),
    "no serializer": ("E014", NoSuchSerializer, "nowhere"),
    "no key": ("W003", NoKey, "userName has no folded key"),
    "privilege": ("W005", with_attributes(badge=Field("password")), "'password'"),
    "another address": ("W011", type("A", (UserAdapter,), {"attributes":
        {p: m for p, m in UserAdapter.attributes.items() if p != "emails"}
        | {"nickName": Field("email")}}), "nickName is written to 'email'"),
    "behaviours not extended": ("W009", with_behaviours({"title": Behaviour()}), "no Activation"),
    "a behaviour's path": ("E004", with_behaviours(
        UserAdapter.behaviours | {"Active": Behaviour()}), "must be written 'active'"),
    "a behaviour of nothing": ("E004", with_behaviours(
        UserAdapter.behaviours | {"titel": Behaviour()}), "did you mean 'title'"),
    "a behaviour by name": ("E017", with_behaviours(
        UserAdapter.behaviours | {"title": "locked"}), "is not a Behaviour"),
    "active not mapped": ("W009", with_active(None), "active is not mapped"),
    "active read-only": ("W009", with_active(Field("is_active").having(mutability="readOnly")),
                         "active is readOnly"),
    "active is always true": ("W009", with_active(Constant(True)), "active is readOnly"),
    "active in another column": ("W009", with_active(Field("link.unconfirmed")),
                                 "not written to is_active"),
    "active by custom": ("W009", with_active(Suspended()), "not written to is_active"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_reports_faulty_declaration(case, settings, monkeypatch):
    code, adapter, words = CASES[case]
    monkeypatch.setitem(globals(), "Subject", adapter)
    key = "Group" if issubclass(adapter, GroupAdapter | NoModel) else "User"
    settings.DJANGO_SCIM = {"ADAPTERS": {key: f"{__name__}.Subject"}}
    messages = checks.check_adapters()
    assert [each.id for each in messages] == [f"django_scim.{code}"], messages
    assert words in messages[0].msg
    assert not messages[0].msg.endswith("?.")
    assert messages[0].level == (ERROR if code.startswith("E") else WARNING)
    assert f"checks.html#{code.lower()}" in messages[0].hint


def test_reports_unknown_sensitive_attribute(settings):
    known = ["emails", "name.familyName", "department", f"{ENTERPRISE}:division", "members"]
    settings.DJANGO_SCIM = {"SENSITIVE_FILTERS": known}
    assert checks.check_adapters() == []
    settings.DJANGO_SCIM = {"SENSITIVE_FILTERS": ["email", *known, 5]}
    wrong = [(message.id, message.msg.partition(",")[0]) for message in checks.check_adapters()]
    assert wrong == [
        ("django_scim.E026", "DJANGO_SCIM['SENSITIVE_FILTERS'] has 'email'"),
        ("django_scim.E026", "DJANGO_SCIM['SENSITIVE_FILTERS'] has 5"),
    ]


@pytest.mark.parametrize(
    ("adapters", "code", "words"),
    [
        ({"User": "nowhere.Adapter"}, "E002", "nowhere"),
        ({"User": "nodots"}, "E002", "nodots"),
        ({"User": 5}, "E002", "cannot be imported"),
        ({"User": "tests.sites.every_mapping.adapters.DeviceAdapter"}, "E002", "INSTALLED_APPS"),
        ({"User": "django.contrib.auth.models.User"}, "E016", "is not a ResourceAdapter"),
    ],
)
def test_rejects_non_adapter_class(settings, adapters, code, words):
    settings.DJANGO_SCIM = {"ADAPTERS": adapters}
    (message,) = checks.check_adapters()
    assert message.id == f"django_scim.{code}" and words in message.msg


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("Schema.load('/nowhere.json')", "/nowhere.json"),
        ("Schema.from_json({'id': 'urn:x:y', 'attributes': [{'type': 'string'}]})", "'name'"),
        ("Schema.from_json({'id': 'urn:x:y'})", "'attributes'"),
        ("Field('username').having(mutabilty='readOnly')", "mutabilty"),
    ],
)
def test_reports_faulty_module(settings, tmp_path, monkeypatch, definition, words):
    text = f"from django_scim.adapters import Field, Schema\n\nfaulty = {definition}\n"
    (tmp_path / "faulty_adapters.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "faulty_adapters.Adapter"}}
    (message,) = checks.check_adapters()
    assert message.id == "django_scim.E002"
    assert words in message.msg and "faulty_adapters.py, line 3" in message.msg


class OtherEndpoint(UserAdapter):
    endpoint = "People"


@pytest.mark.parametrize(
    ("given", "codes", "words"),
    [
        ({"Okta": {"User": "nowhere.Adapter"}}, ["E002"], "the connection 'Okta'"),
        (
            {"Okta": {"Team": f"{__name__}.WrongName"}},
            ["E013"],
            "adapters for Team",
        ),
        (
            {"Okta": {"User": f"{__name__}.OtherEndpoint"}},
            ["E027"],
            "endpoint of Other",
        ),
        ({"Okta": {"User": f"{__name__}.NoKey"}}, ["W003"], "NoKey"),
        ({"Okta": None}, ["E012"], "'Okta'"),
        ({"Okta": {"User": None}}, ["E002"], "the connection 'Okta'"),
        ({"Okta": {5: f"{__name__}.NoKey"}}, ["E013"], "adapters for 5"),
    ],
)
def test_checks_connection_adapters(settings, given, codes, words):
    settings.DJANGO_SCIM = {"CONNECTION_ADAPTERS": given}
    messages = checks.check_adapters()
    assert [each.id for each in messages] == [f"django_scim.{code}" for code in codes]
    assert words in messages[0].msg


@pytest.mark.parametrize("mapping", [Active(), Field("is_active")])
def test_no_warning_if_active_updates_is_active(mapping, settings, monkeypatch):
    monkeypatch.setitem(globals(), "Subject", with_active(mapping))
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.Subject"}}
    assert checks.check_adapters() == []

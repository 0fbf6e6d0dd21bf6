"""Every system check: a set-up that it is about, and what it says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import ERROR, WARNING
from django.core.management import call_command
from rest_framework import serializers

from django_scim import checks
from django_scim.adapters import (
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
from tests.test_other_sites import run_checks

URN = "urn:example:scim:schemas:acme:2.0:User"
ACME = Schema(URN, "Acme", attributes=(Attribute(name="badge"), Attribute(name="level",
              type="integer"), Attribute(name="tags", multi_valued=True)))  # fmt: skip


def with_attributes(base=UserAdapter, **attributes):
    """Return a subclass of an adapter with more attributes, ``badge`` for an extension's."""
    named = {name if "." in name or base.schema.find(name) else f"{URN}:{name}": mapping
             for name, mapping in attributes.items()}  # fmt: skip
    return type("Acme", (base,), {
        "extensions": [*base.extensions, ACME], "attributes": base.attributes | named})  # fmt: skip


def with_schema(urn, **characteristics):
    made = Schema(urn, "Acme", attributes=(Attribute(name="a", **characteristics),))
    return type("Acme", (UserAdapter,), {"extensions": [*UserAdapter.extensions, made]})


class Staff(Custom):
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


CASES = {
    "column": ("E003", with_attributes(badge=Field("batch")), "no field named 'batch'"),
    "relation": ("E003", with_attributes(badge=Field("groups.name")),
        "'groups' must be a foreign key"),
    "members": ("E003", with_attributes(GroupAdapter, members=Members("people", to="User")),
                "no many-to-many relation 'people'"),
    "path": ("E004", type("A", (UserAdapter,), {"attributes": UserAdapter.attributes
                                                | {"nickname2": Field("last_name")}}),
             "did you mean 'nickName'"),
    "sub path": ("E004", type("A", (UserAdapter,), {"attributes": UserAdapter.attributes
                                                    | {"name.given": Field("last_name")}}),
                 "did you mean 'name.givenName'"),
    "two writers": ("E005", with_attributes(badge=Field("first_name")), "'first_name'"),
    "twice": ("E005", type("A", (UserAdapter,), {"attributes": UserAdapter.attributes
                                                 | {"USERNAME": Field("last_name")}}), "twice"),
    "whole and parts": ("E005", type("A", (UserAdapter,), {"attributes": UserAdapter.attributes
                                     | {"emails.display": Constant("x")}}), "declared whole"),
    "required": ("E006", Required, "userName is required"),
    "misfit": ("E007", with_attributes(level=Field("first_name")), "its type is integer"),
    "many": ("E007", with_attributes(tags=Field("first_name")), "multi-valued"),
    "one": ("E007", with_attributes(badge=Values("badge")), "only one value"),
    "shared row": ("E007", with_attributes(badge=Field("scim_profile.manager.username")),
                   "other objects may share"),
    "schema": ("E008", BrokenSchema, "type 'text' is none of"),
    "canonical text": ("E008", with_attributes(badge=Field("first_name").having(
        canonical_values="red", strict=True)), "canonical_values 'red' must be a tuple"),
    "required by a text": ("E008", with_attributes(badge=Field("first_name").having(
        required="yes")), "required 'yes' must be true or false"),
    "no URN": ("E008", with_schema(None), "None"),
    "one sub-attribute": ("E008", with_schema(URN, sub_attributes=Attribute(name="b")),
                          "else than"),
    "a path that is no text": ("E004", type("A", (UserAdapter,), {
        "attributes": UserAdapter.attributes | {5: Field("last_name")}}), "5"),
    "a reference to a list": ("E009", type("A", (UserAdapter,), {"attributes":
        UserAdapter.attributes | {f"{ENTERPRISE}:manager": Reference("scim_profile.manager",
        to=["User"])}}), "which no adapter is"),
    "mirror": ("E007", with_attributes(tags=Values("tags", mirror="is_active")),
        "must be a text column"),
    "mirror elsewhere": ("E007", with_attributes(tags=Values("tags", mirror="scim_profile.title")),
                         "must be a text column"),
    "two mirrors": ("E005", with_attributes(tags=Values("tags", mirror="email")), "'email'"),
    "privilege by custom": ("W005", with_attributes(badge=Staff()), "'is_staff'"),
    "privilege by absence": ("W005", with_attributes(nickName=Field(
        "scim_profile.nick_name", absent="is_staff")), "'is_staff'"),
    "unknown type": ("E009", type("A", (UserAdapter,), {"attributes": UserAdapter.attributes | {
        f"{ENTERPRISE}:manager": Reference("scim_profile.manager", to="Team")}}),
        "refers to 'Team'"),
    "other objects": ("E009", with_attributes(GroupAdapter, members=Members("user_set",
                      to="Group")), "leads to auth.User, but Group is auth.Group"),
    "link to another model": ("E010", WrongLink, "leads to"),
    "no link": ("E010", NoLink, "AbstractLink"),
    "no model": ("E010", NoModel, "has no model"),
    "name": ("E011", WrongName, "named 'Team', not 'Group'"),
    "reserved": ("E011", Reserved, "'Me' of Group is not free"),
    "one endpoint": ("E011", SameEndpoint, "one endpoint"),
    "serializer": ("E014", Unserializable, "is no ResourceSerializer"),
    "no serializer": ("E014", NoSuchSerializer, "nowhere"),
    "no key": ("W003", NoKey, "userName has no folded key"),
    "privilege": ("W005", with_attributes(badge=Field("password")), "'password'"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_flawed_declaration(case, settings, monkeypatch):
    code, adapter, words = CASES[case]
    monkeypatch.setitem(globals(), "Subject", adapter)
    key = "Group" if issubclass(adapter, GroupAdapter | NoModel) else "User"
    settings.DJANGO_SCIM = {"ADAPTERS": {key: "tests.test_checks.Subject"}}
    messages = checks.check_adapters()
    assert [each.id for each in messages] == [f"django_scim.{code}"], messages
    assert words in messages[0].msg
    assert messages[0].level == (ERROR if code.startswith("E") else WARNING)
    assert f"checks.html#{code.lower()}" in messages[0].hint


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"PAGE_SIZES": 5}, "W001", "PAGE_SIZE'?"),
        ({"ZZZ": 5}, "W001", "Known: ADAPTERS"),
        ({"PAGE_SIZE": "5"}, "E012", "must be of type int, not str"),
        ({"PAGE_SIZE": True}, "E012", "must be of type int, not bool"),
        ({"OPENAPI": 1}, "E012", "must be of type bool, not int"),
        ({"REDACT": {"title": "hide"}}, "E012", "keep, mask, hash, drop"),
        ([], "E012", "must be a dict"),
        (None, "E012", "must be a dict"),
        ("x", "E012", "must be a dict"),
        ({5: 5}, "W001", "unknown key 5"),
        ({"ADAPTERS": None}, "E012", "must be of type dict"),
        ({"ADAPTERS": ["x"]}, "E012", "must be of type dict"),
        ({"CONNECTION_ADAPTERS": None}, "E012", "must be of type dict"),
        ({"CONNECTION_ADAPTERS": ["x"]}, "E012", "must be of type dict"),
        ({"ADOPTION_POLICIES": None}, "E012", "must be of type dict"),
        ({"TOKEN_FINDERS": None}, "E012", "must be of type list"),
        ({"TRUSTED_PROXIES": None}, "E012", "must be of type list"),
        ({"TRUSTED_PROXIES": "10.0.0.1"}, "E012", "must be of type list"),
        ({"ALLOW_HTTP": "yes"}, "E012", "must be of type bool"),
        ({"REDACT": {"title": ["mask"]}}, "E012", "keep, mask, hash, drop"),
    ],
)
def test_flawed_settings(settings, given, code, words):
    settings.DJANGO_SCIM = given
    (message,) = checks.check_settings()
    assert message.id == f"django_scim.{code}"
    assert words in f"{message.msg} {message.hint}"
    settings.SECURE_SSL_REDIRECT = True  # nothing else is told twice, nor fails
    assert checks.check_paths() == checks.check_adapters() == checks.check_encryption() == []


def test_a_sensitive_attribute_that_no_type_has(settings):
    known = ["emails", "name.familyName", "department", f"{ENTERPRISE}:division", "members"]
    settings.DJANGO_SCIM = {"SENSITIVE_FILTERS": known}
    assert checks.check_adapters() == []
    settings.DJANGO_SCIM = {"SENSITIVE_FILTERS": ["email", *known, 5]}
    wrong = [(message.id, message.msg.partition(",")[0]) for message in checks.check_adapters()]
    assert wrong == [
        ("django_scim.E012", "DJANGO_SCIM['SENSITIVE_FILTERS'] has 'email'"),
        ("django_scim.E012", "DJANGO_SCIM['SENSITIVE_FILTERS'] has 5"),
    ]


@pytest.mark.parametrize(
    ("adapters", "words"),
    [
        ({"User": "nowhere.Adapter"}, "nowhere"),
        ({"User": "nodots"}, "nodots"),
        ({"User": 5}, "cannot be imported"),
        ({"User": "tests.bent.adapters.DeviceAdapter"}, "INSTALLED_APPS"),
        ({"User": "django.contrib.auth.models.User"}, "no ResourceAdapter"),
    ],
)
def test_an_adapter_that_is_none(settings, adapters, words):
    settings.DJANGO_SCIM = {"ADAPTERS": adapters}
    (message,) = checks.check_adapters()
    assert message.id == "django_scim.E002" and words in message.msg


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        ("Schema.load('/nowhere.json')", "/nowhere.json"),
        ("Schema.from_json({'id': 'urn:x:y', 'attributes': [{'type': 'string'}]})", "'name'"),
        ("Schema.from_json({'id': 'urn:x:y'})", "'attributes'"),
        ("Field('username').having(mutabilty='readOnly')", "mutabilty"),
    ],
)
def test_a_module_with_a_flawed_definition(settings, tmp_path, monkeypatch, definition, words):
    text = f"from django_scim.adapters import Field, Schema\n\nflawed = {definition}\n"
    (tmp_path / "flawed_adapters.py").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "flawed_adapters.Adapter"}}
    (message,) = checks.check_adapters()
    assert message.id == "django_scim.E002"
    assert words in message.msg and "flawed_adapters.py, line 3" in message.msg


class OtherEndpoint(UserAdapter):
    endpoint = "People"


@pytest.mark.parametrize(
    ("given", "codes", "words"),
    [
        ({"Okta": {"User": "nowhere.Adapter"}}, ["E002"], "the connection 'Okta'"),
        ({"Okta": {"Team": "tests.test_checks.WrongName"}}, ["E013"], "adapters for Team"),
        ({"Okta": {"User": "tests.test_checks.OtherEndpoint"}}, ["E013"], "another endpoint"),
        ({"Okta": {"User": "tests.test_checks.NoKey"}}, ["W003"], "NoKey"),
        ({"Okta": None}, ["E012"], "'Okta'"),
        ({"Okta": {"User": None}}, ["E002"], "the connection 'Okta'"),
        ({"Okta": {5: "tests.test_checks.NoKey"}}, ["E013"], "adapters for 5"),
    ],
)
def test_adapters_of_one_connection(settings, given, codes, words):
    settings.DJANGO_SCIM = {"CONNECTION_ADAPTERS": given}
    messages = checks.check_adapters()
    assert [each.id for each in messages] == [f"django_scim.{code}" for code in codes]
    assert words in messages[0].msg


def test_a_site_without_the_urls(settings):
    settings.ROOT_URLCONF = "django.contrib.auth.urls"
    (message,) = checks.check_urls()
    assert message.id == "django_scim.W004"


def test_a_site_with_the_urls_under_a_prefix_that_captures(settings):
    settings.ROOT_URLCONF = "tests.admin.urls"
    assert checks.check_urls() == []


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"TRUSTED_PROXIES": ["10.0.0.0/33"]}, "E012", "10.0.0.0/33"),
        ({"ADOPTION_POLICIES": {"x": "nowhere.Policy"}}, "E015", "'x'"),
        ({"ADOPTION_POLICIES": {"x": "django_scim.models.Event"}}, "E015", "no policy"),
        ({"ADOPTION_POLICIES": {"x": "os.path.join"}}, "E015", "no policy"),
        ({"ADOPTION_POLICIES": {"x": None}}, "E015", "no policy"),
        ({"TOKEN_FINDERS": ["nowhere.find"]}, "E015", "nowhere.find"),
    ],
)
def test_paths_and_networks(settings, given, code, words):
    assert checks.check_paths() == []
    settings.DJANGO_SCIM = given
    (message,) = checks.check_paths()
    assert message.id == f"django_scim.{code}" and words in message.msg


def test_encryption_is_checked_before_a_deployment(settings):
    assert [each.id for each in checks.check_encryption()] == ["django_scim.W006"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert checks.check_encryption() == []
    settings.DJANGO_SCIM = {"ALLOW_HTTP": True}
    assert [each.id for each in checks.check_encryption()] == ["django_scim.W007"]


def test_django_scim2_beside_us(monkeypatch):
    assert checks.check_other_package() == []
    monkeypatch.setattr(checks, "distribution", lambda name: object())
    (message,) = checks.check_other_package()
    assert message.id == "django_scim.E001"


def test_a_stock_site_with_zero_settings_hears_nothing(capsys):
    call_command("check", fail_level="WARNING")
    assert "no issues" in capsys.readouterr().out


def test_tables_with_which_a_declaration_goes_wrong():
    run_checks("odd", "odd")


def test_every_check_has_its_section_in_the_documentation():
    root = Path(__file__).parent.parent
    page = (root / "docs" / "reference" / "checks.md").read_text("utf-8")
    sections = re.findall(r"^### ([EW]\d{3})", page, re.MULTILINE)
    assert sorted(sections) == sorted(checks.HINTS)
    source = "".join(p.read_text("utf-8") for p in (root / "django_scim").rglob("*.py"))
    assert set(re.findall(r"""(?:Flaw|message)\(\s*"([EW]\d{3})\"""", source)) <= set(sections)


# A site that cannot be served, in a process of its own: Django imports the URLs for its own checks

ROOT = Path(__file__).parent.parent
REQUESTS = """
import json, django
django.setup()
from django.test import Client
from django.urls import reverse
assert reverse("django_scim:base") == "/scim/v2/"
client = Client(raise_request_exception=False)
sent = 0
for path in ("/", "/Users", "/Users/x", "/Schemas", "/ServiceProviderConfig", "/x"):
    for method in ("get", "post", "delete"):
        answer = getattr(client, method)("/scim/v2" + path, HTTP_AUTHORIZATION="Bearer x")
        sent += 1
        assert answer.status_code == 500, (path, method, answer.status_code)
        assert answer.headers["Content-Type"] == "application/scim+json", answer.headers
        body = json.loads(answer.content)
        assert body["status"] == "500" and "detail" in body, body
        assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
print(sent)
"""
BROKEN = {
    "no such module": ({"ADAPTERS": {"User": "nowhere.Adapter"}}, "E002", "nowhere"),
    "no such class": ({"ADAPTERS": {"User": "tests.bent.Nothing"}}, "E002", "Nothing"),
    "no adapter": ({"ADAPTERS": {"User": "django.contrib.auth.models.User"}}, "E002", "no Res"),
    "no text": ({"ADAPTERS": {"User": 5}}, "E002", "cannot be imported"),
    "no schema file": ({"ADAPTERS": {"User": "fileless.Adapter"}}, "E002", "/nowhere.json"),
    "no dict of adapters": ({"ADAPTERS": None}, "E012", "ADAPTERS"),
    "no dict": (None, "E012", "must be a dict"),
}


@pytest.fixture
def broken(tmp_path):
    """Run Python on a site with settings that are wrong."""
    text = "from django_scim.adapters import Schema\n\nSchema.load('/nowhere.json')\n"
    (tmp_path / "fileless.py").write_text(text)
    path = os.pathsep.join(map(str, (tmp_path, ROOT, ROOT / "testproject")))

    def run(given, *arguments):
        environment = {
            "DJANGO_SETTINGS_MODULE": "tests.odd.broken_settings",
            "BROKEN_DJANGO_SCIM": json.dumps(given),
            "PYTHONPATH": path,
        }
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.parametrize("case", BROKEN)
def test_the_command_tells_why_a_site_cannot_be_served(broken, case):
    given, code, words = BROKEN[case]
    result = broken(given, "-m", "django", "check")
    assert result.returncode == 1
    assert f"django_scim.{code}" in result.stderr and words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("case", ["no such class", "no dict of adapters"])
def test_a_site_that_cannot_be_served_answers_500_to_all(broken, case):
    result = broken(BROKEN[case][0], "-c", REQUESTS)
    assert result.returncode == 0, result.stderr[-3000:]
    assert len(re.findall("request [0-9a-f]{32} failed", result.stderr)) == int(result.stdout)
    assert "DJANGO_SCIM has errors; run manage.py check for details" in result.stderr

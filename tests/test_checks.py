"""System checks of the settings, the URLs and the site."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.urls import include, path, re_path

from django_scim import checks, connections
from django_scim.adapters import GroupAdapter
from django_scim.api.http.network import public_base
from django_scim.models import GroupLink


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"PAGE_SIZES": 5}, "W001", "PAGE_SIZE'?"),
        ({"ZZZ": 5}, "W001", "Known: ADAPTERS"),
        ({"PAGE_SIZE": "5"}, "E012", "must be of type int, not str"),
        ({"PAGE_SIZE": True}, "E012", "must be of type int, not bool"),
        ({"OPENAPI": 1}, "E012", "must be of type bool, not int"),
        ({"REDACT": {"title": "hide"}}, "E025", "keep, mask, hash, drop"),
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
        ({"REDACT": {"title": ["mask"]}}, "E025", "keep, mask, hash, drop"),
    ],
)
def test_faulty_settings(settings, given, code, words):
    settings.DJANGO_SCIM = given
    (message,) = checks.check_settings()
    assert message.id == f"django_scim.{code}"
    assert words in f"{message.msg} {message.hint}"
    settings.SECURE_SSL_REDIRECT = True  # no other check reports it or fails
    assert checks.check_paths() == checks.check_adapters() == checks.check_encryption() == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("no.such.function", "no.such.function"),
        ("os.sep", "os.sep"),
        ("", "''"),
        (["Admins", 5], "5, which is no name"),
        (["Admins", ""], "'', which is no name"),
        (["\u200b"], "which is no name"),
    ],
)
def test_reserved_groups_that_cannot_be_used(settings, given, words):
    settings.DJANGO_SCIM = {"RESERVED_GROUPS": given}
    assert checks.check_settings() == []
    (message,) = checks.check_paths()
    assert message.id == "django_scim.E031" and words in message.msg


@pytest.mark.parametrize("given", [[], ["Admins"], "os.path.basename", "string.__all__"])
def test_reserved_groups_that_can_be_used(settings, given):
    settings.DJANGO_SCIM = {"RESERVED_GROUPS": given}
    assert checks.check_settings() == checks.check_paths() == []


def test_groups_with_permissions_that_must_not_be_changed(connect):
    scim = connect()
    scim.make_group("Editors")
    assert checks.check_privileged_links(databases=["default"]) == []
    group = Group.objects.get()
    group.permissions.add(Permission.objects.first())
    (message,) = checks.check_privileged_links(databases=["default"])
    assert message.id == "django_scim.W012"
    assert "Editors" in message.msg and scim.connection.name in message.msg
    assert checks.check_privileged_links() == []
    errors = io.StringIO()
    call_command("check", databases=["default"], stderr=errors)
    assert "W012" in errors.getvalue()
    connections.share_privileged(scim.connection, group)
    assert checks.check_privileged_links(databases=["default"]) == []


def test_groups_of_a_connection_with_its_own_adapter(connect, settings):
    """The adapter of a connection decides which of its groups have permissions."""
    one, other = connect(), connect()
    own = {one.connection.name: {"Group": f"{__name__}.GroupsWithoutPermissions"}}
    settings.DJANGO_SCIM = {"CONNECTION_ADAPTERS": own}
    for each in (one, other):
        group = each.make_group(each.connection.name)
        link = GroupLink.objects.get(scim_id=group["id"])
        link.target.permissions.add(Permission.objects.first())
    (message,) = checks.check_privileged_links(databases=["default"])
    assert other.connection.name in message.msg


class GroupsWithoutPermissions(GroupAdapter):
    @classmethod
    def privileged_objects(cls):
        return None


def test_missing_urls(settings):
    settings.ROOT_URLCONF = "django.contrib.auth.urls"
    (message,) = checks.check_urls()
    assert message.id == "django_scim.W004"


def urlconf(*patterns):
    """Return a URLconf with these patterns."""
    return SimpleNamespace(urlpatterns=list(patterns))


@pytest.mark.parametrize(
    ("patterns", "code"),
    [
        ([re_path("^(?:scim)/", include("django_scim.urls"))], None),
        ([path("scim/v2/", include("django_scim.urls.v2"))], None),
        ([path("", include("django_scim.urls"))], None),
        ([path("<org>/", include([path("scim/", include("django_scim.urls"))]))], None),
        ([path("scim/", include("django_scim.urls"))], None),
        ([path("scim/v2/", include("django_scim.urls"))], "W021"),
        ([path("scim", include("django_scim.urls"))], "W022"),
        ([path("scim/v2", include("django_scim.urls.v2"))], "W022"),
        (i18n_patterns(path("scim/", include("django_scim.urls"))), "W020"),
        ([path("", include("django.contrib.auth.urls"))], "W004"),
    ],
)
def test_s7_the_place_of_the_urls(monkeypatch, settings, patterns, code):
    monkeypatch.setitem(sys.modules, "urls_of_the_test", urlconf(*patterns))
    settings.ROOT_URLCONF = "urls_of_the_test"
    assert [each.id for each in checks.check_urls()] == ([f"django_scim.{code}"] if code else [])


def test_s7_a_urlconf_that_a_middleware_chooses(monkeypatch, settings):
    settings.ROOT_URLCONF = "django.contrib.auth.urls"
    settings.DJANGO_SCIM = {"URLCONF": "tests.urls"}
    assert checks.check_urls() == []
    assert public_base("https://h") == "https://h/scim/v2"
    settings.DJANGO_SCIM = {"URLCONF": "nowhere.urls"}
    (message,) = checks.check_urls()
    assert message.id == "django_scim.E041" and "nowhere.urls" in message.msg


@pytest.mark.parametrize("base", ["id.example.com", "//id.example.com", "ftp://h", "https://"])
def test_s7_a_base_url_without_a_scheme(settings, base):
    settings.DJANGO_SCIM = {"BASE_URL": base}
    (message,) = checks.check_base_url()
    assert message.id == "django_scim.E040" and base in message.msg
    settings.DJANGO_SCIM = {"BASE_URL": "https://id.example.com"}
    assert checks.check_base_url() == []


def test_urls_below_a_capturing_prefix(settings):
    settings.ROOT_URLCONF = "tests.admin.urls"
    assert checks.check_urls() == []


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"TRUSTED_PROXIES": ["10.0.0.0/33"]}, "E025", "10.0.0.0/33"),
        ({"ADOPTION_POLICIES": {"x": "nowhere.Policy"}}, "E015", "'x'"),
        ({"ADOPTION_POLICIES": {"x": "django_scim.models.Event"}}, "E015", "no AdoptionPolicy"),
        ({"ADOPTION_POLICIES": {"x": "os.path.join"}}, "E015", "no AdoptionPolicy"),
        ({"ADOPTION_POLICIES": {"x": None}}, "E015", "no AdoptionPolicy"),
        ({"TOKEN_FINDERS": ["nowhere.find"]}, "E028", "nowhere.find"),
        ({"TOKEN_FINDERS": [".x"]}, "E028", "'.x'"),
        ({"ADOPTION_POLICIES": {"x": ".x"}}, "E015", "'.x'"),
    ],
)
def test_paths_and_networks(settings, given, code, words):
    assert checks.check_paths() == []
    settings.DJANGO_SCIM = given
    (message,) = checks.check_paths()
    assert message.id == f"django_scim.{code}" and words in message.msg


def test_encryption_is_checked_with_deploy(settings):
    assert [each.id for each in checks.check_encryption()] == ["django_scim.W006"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert checks.check_encryption() == []
    settings.DJANGO_SCIM = {"ALLOW_HTTP": True}
    assert [each.id for each in checks.check_encryption()] == ["django_scim.W007"]


def test_conflicting_package_django_scim2(monkeypatch):
    assert checks.check_other_package() == []
    monkeypatch.setattr(checks.installation, "distribution", lambda name: object())
    (message,) = checks.check_other_package()
    assert message.id == "django_scim.E001"


@pytest.mark.django_db  # Django 6.1 asks the database whether it supports JSON
def test_stock_site_passes(capsys):
    call_command("check", fail_level="WARNING")
    assert "no issues" in capsys.readouterr().out


# A site that cannot work, in its own process, because Django imports the URLs for its checks

ROOT = Path(__file__).parents[1]
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
    "no such class": (
        {"ADAPTERS": {"User": "tests.sites.every_mapping.Nothing"}},
        "E002",
        "Nothing",
    ),
    "no adapter": ({"ADAPTERS": {"User": "django.contrib.auth.models.User"}}, "E016", "not a Res"),
    "no text": ({"ADAPTERS": {"User": 5}}, "E002", "cannot be imported"),
    "no schema file": ({"ADAPTERS": {"User": "fileless.Adapter"}}, "E002", "/nowhere.json"),
    "no dict of adapters": ({"ADAPTERS": None}, "E012", "ADAPTERS"),
    "no dict": (None, "E012", "must be a dict"),
}


@pytest.fixture
def broken(tmp_path):
    """Return a function that runs Python on a site with faulty settings."""
    text = "from django_scim.adapters import Schema\n\nSchema.load('/nowhere.json')\n"
    (tmp_path / "fileless.py").write_text(text)
    path = os.pathsep.join(map(str, (tmp_path, ROOT, ROOT / "testproject")))

    def run(given, *arguments):
        environment = {
            "DJANGO_SETTINGS_MODULE": "tests.sites.declaration_errors.broken_settings",
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
def test_command_explains_faulty_settings(broken, case):
    given, code, words = BROKEN[case]
    result = broken(given, "-m", "django", "check")
    assert result.returncode == 1
    assert f"django_scim.{code}" in result.stderr and words in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("case", ["no such class", "no dict of adapters"])
def test_site_with_faulty_settings_responds_with_500(broken, case):
    result = broken(BROKEN[case][0], "-c", REQUESTS)
    assert result.returncode == 0, result.stderr[-3000:]
    assert len(re.findall("request [0-9a-f]{32} failed", result.stderr)) == int(result.stdout)
    assert "DJANGO_SCIM has errors; run manage.py check for details" in result.stderr

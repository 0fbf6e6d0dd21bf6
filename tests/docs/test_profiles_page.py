"""Profiles: the pages about them, and those that a site declares."""

import dataclasses
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.db.models import QuerySet

from django_scim import checks, conf, connections
from django_scim.admin.forms import ConnectionForm
from django_scim.models import Connection
from django_scim.protocol.profiles import ANSWERS, KEYS
from django_scim.protocol.tolerances import PROFILES, Profile, Tolerance
from tests.client import GROUP, SEARCH, assert_error

ROOT = Path(__file__).parents[2]
WORDS = {"yes": True, "no": False}


def tables(page):
    """Return the tables of a page, each as a list of rows by column name."""
    found, head = [], None
    for line in (ROOT / "docs" / page).read_text("utf-8").splitlines():
        if not line.startswith("|"):
            head = None
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if head is None:
            head = cells
            found.append([])
        elif not set(line) <= set("|- "):
            assert len(cells) == len(head), line
            found[-1].append(dict(zip(head, cells, strict=True)))
    return found


def plain(cell):
    """Return the text of a cell that may be a link."""
    return re.sub(r"\[(.+?)\]\(.+?\)", r"\1", cell)


def table(page, column):
    (rows,) = [rows for rows in tables(page) if rows and next(iter(rows[0])) == column]
    return rows


def test_every_profile_is_listed():
    named = [row["profile"].strip("`") for row in table("reference/profiles.md", "profile")]
    assert named == list(PROFILES)


def test_tolerances_of_each_profile():
    rows = {row["tolerance"].strip("`"): row for row in table("reference/profiles.md", "tolerance")}
    assert list(rows) == sorted(Tolerance)
    for name, row in rows.items():
        assert row["what is accepted"] and row["sent by"], name
        documented = {profile for profile in PROFILES if WORDS[row[f"`{profile}`"]]}
        assert documented == {p.name for p in PROFILES.values() if name in p.tolerances}, name


def test_responses_of_each_profile():
    answers = {row["request"]: row for row in table("reference/profiles.md", "request")}
    (bulk,) = (row for request, row in answers.items() if request.startswith("Bulk"))
    for name, profile in PROFILES.items():
        assert answers["PATCH of a user"][f"`{name}`"] == "200"
        expected = "200" if profile.returns_patched_groups else "204"
        assert answers["PATCH of a group"][f"`{name}`"] == expected
        expected = "yes" if profile.returns_bulk_ids else "no"
        assert bulk[f"`{name}`"] == expected
    # a new field needs a row in the table, and an assertion above
    fields = {field.name for field in dataclasses.fields(Profile)}
    assert fields == {"name", "tolerances", *ANSWERS}


def test_each_connector_has_a_profile_and_a_test_file():
    rows = table("how-to/connectors.md", "identity provider")
    assert {row["profile"].strip("`") for row in rows} <= set(PROFILES)
    named = {row["checked by"].strip("`") for row in rows}
    files = {
        f"tests/connectors/{path.name}"
        for path in (ROOT / "tests" / "connectors").glob("test_*.py")
    }
    assert named == files - {"tests/connectors/test_tolerances.py"}


def test_quickstart_names_the_same_profiles():
    said = {
        name: row["profile"]
        for row in table("tutorial/quickstart.md", "identity provider")
        for name in row["identity provider"].split(", ")
    }
    for row in table("how-to/connectors.md", "identity provider"):
        short = next(name for name in said if plain(row["identity provider"]).startswith(name))
        assert said[short] == row["profile"]


# Profiles of a site


def example():
    """Return the settings in the page's example."""
    text = (ROOT / "docs" / "reference" / "profiles.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    names = {}
    exec(code, names)
    return names["DJANGO_SCIM"]


def test_the_keys_of_a_profile():
    assert [row["key"].strip("`") for row in table("reference/profiles.md", "key")] == list(KEYS)


def test_the_example(settings):
    settings.DJANGO_SCIM = example()
    assert conf.settings.profile_errors == {}
    acme, careful, okta = (conf.settings.PROFILES[name] for name in ("acme", "careful", "okta"))
    changed = PROFILES["default"].tolerances ^ acme.tolerances
    assert changed == {Tolerance.NUMBER_TEXT} and not acme.offers_cursors
    assert acme.returns_patched_groups and acme.returns_bulk_ids
    assert careful.tolerances == {Tolerance.BOOLEAN_TEXT, Tolerance.PATH_KEYS}
    assert PROFILES["okta"].tolerances - okta.tolerances == {Tolerance.UNKNOWN_SCHEMA}


FOREIGN = {"schemas": [GROUP, "urn:acme:Group"], "displayName": "G"}


def test_requests_follow_the_profile_of_their_connection(settings, connect, events):
    settings.DJANGO_SCIM = example()
    acme, default = connect("acme"), connect("default")
    group = acme.make("/Groups", FOREIGN)
    assert events(connection=acme.connection)[-1].tolerances == ["unknown-schema"]
    answer = acme.patch(f"/Groups/{group['id']}", {"op": "replace", "value": {"displayName": "H"}})
    assert answer.status_code == 200 and answer.data["displayName"] == "H"
    search = {"schemas": [SEARCH], "count": "5"}
    assert_error(acme.post("/Users/.search", search), 400, "invalidSyntax", "count")
    assert_error(connect("okta").post("/Groups", FOREIGN), 400, "invalidSyntax", "urn:acme:Group")
    assert default.post("/Users/.search", search).status_code == 200


def test_a_changed_built_in_profile(settings, connect):
    okta = connect("okta")
    group = okta.make("/Groups", FOREIGN)
    settings.DJANGO_SCIM = example()
    assert_error(okta.put(f"/Groups/{group['id']}", FOREIGN), 400, "invalidSyntax")


def test_requests_without_a_token_follow_the_default_profile(settings, scim):
    path, html = "/ServiceProviderConfig", "text/html"
    assert scim.get(path, accept=html, token=False).status_code == 200
    settings.DJANGO_SCIM = {"PROFILES": {"default": {"remove": ["any-accept"]}}}
    assert_error(scim.get(path, accept=html, token=False), 406)


@pytest.mark.django_db
def test_where_a_profile_can_be_chosen(settings):
    with pytest.raises(ValidationError, match="acme"):
        connections.create("One", profile="acme")
    with pytest.raises(CommandError, match="acme"):
        call_command("scim_connect", "One", "--profile", "acme")
    settings.DJANGO_SCIM = example()
    assert connections.create("One", profile="acme").profile == "acme"
    call_command("scim_connect", "Two", "--profile", "acme", "--quiet", stdout=StringIO())
    assert Connection.objects.get(name="Two").profile == "acme"
    field = ConnectionForm(instance=Connection(name="x")).fields["profile"]
    assert [name for name, _ in field.choices] == [*PROFILES, "acme", "careful"]


@pytest.mark.django_db
def test_a_profile_needs_no_migration(settings):
    settings.DJANGO_SCIM = example()
    call_command("makemigrations", "django_scim", check=True, dry_run=True, stdout=StringIO())


# A connection whose profile is no longer in the settings


@pytest.fixture
def lost(settings, connect):
    settings.DJANGO_SCIM = example()
    client = connect("careful", log_reads=True)
    settings.DJANGO_SCIM = {}
    return client


def test_a_lost_profile_works_like_the_default(lost):
    user = lost.make_user()
    answer = lost.patch(
        f"/Users/{user['id']}", {"op": "Replace", "path": "active", "value": "False"}
    )
    assert answer.data["active"] is False
    group = lost.make_group("G", user)
    body = {"schemas": [GROUP], "displayName": "Renamed"}
    assert lost.put(f"/Groups/{group['id']}", body).status_code == 200
    (member,) = lost.get(f"/Groups/{group['id']}").data["members"]
    assert member["value"] == user["id"]
    assert lost.put(f"/Groups/{group['id']}", FOREIGN).status_code == 200


def test_the_form_shows_that_a_profile_is_lost(lost):
    form = ConnectionForm(instance=lost.connection)
    assert dict(form.fields["profile"].choices)["careful"] == (
        "careful (not in PROFILES, works like default)"
    )
    data = {**form.initial, "profile": "careful"}
    form = ConnectionForm(
        {k: v for k, v in data.items() if v is not None}, instance=lost.connection
    )
    assert "careful" in form.errors["profile"][0]


def test_the_check_names_the_connection(lost):
    (message,) = checks.check_stored_profiles(databases=["default"])
    assert message.id == "django_scim.W010"
    assert repr(lost.connection.name) in message.msg and "'careful'" in message.msg
    assert checks.check_stored_profiles() == []
    errors = StringIO()
    call_command("check", databases=["default"], stderr=errors)
    assert "W010" in errors.getvalue()


def test_the_check_passes_before_the_first_migration(monkeypatch, db):
    def fail(self, *fields):
        raise OperationalError("no such table")

    monkeypatch.setattr(QuerySet, "values_list", fail)
    assert checks.check_stored_profiles(databases=["default"]) == []


def test_the_check_of_declarations(settings):
    assert checks.check_profiles() == []
    settings.DJANGO_SCIM = {"PROFILES": {"acme": {"add": ["nothing"]}, "x": {"base": "okta"}}}
    found = [(message.id, message.msg) for message in checks.check_profiles()]
    assert found == [
        (
            "django_scim.E029",
            "DJANGO_SCIM['PROFILES']['acme']: 'nothing' in 'add' is not a tolerance.",
        ),
        (
            "django_scim.E029",
            "DJANGO_SCIM['PROFILES']['x']: 'base' is not one of its keys, which are based_on, add, "
            "remove, returns_patched_groups, returns_bulk_ids, offers_cursors, "
            "shows_empty_members, types_empty_answers.",
        ),
    ]

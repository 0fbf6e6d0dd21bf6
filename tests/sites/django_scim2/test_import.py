"""Moving from django-scim2: the identity provider continues with the ids that it knows."""

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.utils import timezone

from django_scim import connections
from django_scim.models import Event, UserLink

from .models import Team, TeamLink, User

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
SETTINGS = "tests.sites.django_scim2.settings"

# With the real django-scim2


@pytest.fixture(scope="module")
def old_database(tmp_path_factory):
    """Return a database that the real django-scim2 has filled, and the ids in it."""
    folder = tmp_path_factory.mktemp("old")
    python = folder / "venv/bin/python"
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    packages = ["django-scim2==0.23.0", "Django>=5.2,<5.3"]
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", "install", *quiet, *packages], check=True)
    (folder / "people/migrations").mkdir(parents=True)
    (folder / "people/__init__.py").write_text("def anyone(user):\n    return True\n")
    shutil.copy(FOLDER / "old_site/models.py", folder / "people")
    shutil.copy(FOLDER / "old_site/run.py", folder)
    for name in ("__init__.py", "0001_initial.py"):
        shutil.copy(FOLDER / "migrations" / name, folder / "people/migrations")
    file = folder / "site.sqlite3"
    run = [python, "run.py", file]
    result = subprocess.run(run, cwd=folder, capture_output=True, text=True, env={})
    assert result.returncode == 0, result.stderr
    return file, json.loads(result.stdout)


def manage(file, *command):
    environment = os.environ | {
        "OLD_DATABASE": str(file),
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "PYTHONPATH": f"{ROOT / 'testproject'}:{ROOT}",
        "DATABASE_URL": "",
    }
    result = subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, cwd=ROOT
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_identity_provider_continues_after_the_move(old_database):
    file, ids = old_database
    manage(file, "-m", "django", "migrate", "people", "0002", "-v", "0")
    manage(file, "-m", "django", "scim_connect", "Okta", "--profile", "okta")
    said = manage(file, "-m", "django", "scim_import_django_scim2", "Okta", "--json")
    users, teams = sorted(json.loads(said), key=lambda each: each["resource_type"], reverse=True)
    assert (users["linked"], list(users["left_out"])) == (3, ["boss"])  # maria, ben and local
    assert (teams["linked"], teams["left_out"]) == (1, {})
    manage(file, "-m", "django", "migrate", "-v", "0")
    manage(file, "-m", "tests.sites.django_scim2.follow_up", json.dumps(ids))


# Every database: a table with the old columns


@pytest.fixture
def old_columns(transactional_db):
    """Give the tables the columns of django-scim2, and return a function that fills a row."""
    columns = ("scim_id", "scim_external_id", "scim_display_name")
    tables = (User._meta.db_table, Team._meta.db_table)
    quote = database.ops.quote_name

    def alter(change):
        with database.cursor() as cursor:
            for table in tables:
                for column in columns:
                    cursor.execute(f"ALTER TABLE {quote(table)} {change.format(quote(column))}")

    def fill(target, scim_id, external_id="", display_name=""):
        with database.cursor() as cursor:
            pairs = zip(columns, (scim_id, external_id, display_name), strict=True)
            for column, value in pairs:
                table = quote(target._meta.db_table)
                cursor.execute(
                    f"UPDATE {table} SET {quote(column)} = %s WHERE id = %s", [value, target.pk]
                )

    alter("ADD COLUMN {} varchar(254) NULL")
    yield fill
    alter("DROP COLUMN {}")


def imported(connection, *options):
    out = io.StringIO()
    call_command("scim_import_django_scim2", connection.name, "--json", *options, stdout=out)
    return {each.pop("resource_type"): each for each in json.loads(out.getvalue())}


def test_links_keep_the_ids_and_leave_accounts_unchanged(scim, old_columns):
    joined = timezone.now().replace(microsecond=0) - timezone.timedelta(days=900)
    maria = User.objects.create_user("maria", "m@example.com", "secret", date_joined=joined)
    team = Team.objects.create(name="Sales Europe")
    maria.teams.add(team)
    long_id = "x" * 254
    old_columns(maria, long_id, "00u1")
    old_columns(team, "7", "", "Sales")
    before = User.objects.values().get()
    assert imported(scim.connection)["User"] == {"linked": 1, "already_linked": 0, "left_out": {}}
    assert User.objects.values().get() == before
    found = scim.get(f"/Users/{long_id}").data
    assert (found["externalId"], found["userName"]) == ("00u1", "maria")
    assert found["meta"]["created"].startswith(joined.strftime("%Y-%m-%dT%H:%M:%S"))
    group = scim.get("/Groups/7").data
    assert (group["displayName"], group["members"][0]["value"]) == ("Sales", long_id)
    assert Event.objects.filter(action="administration", object_name="maria").count() == 1


def test_dry_run_writes_nothing_and_reports_the_same(scim, old_columns):
    old_columns(User.objects.create_user("maria"), "1")
    old_columns(User.objects.create_user("boss", is_staff=True), "2")
    expected = imported(scim.connection, "--dry-run")
    assert not UserLink.objects.exists() and not Event.objects.exists()
    assert imported(scim.connection) == expected
    assert expected["User"]["left_out"] == {"boss": "it is protected, such as staff"}
    assert UserLink.objects.get().target.username == "maria"


def test_repeated_import_adds_only_new_resources(scim, old_columns):
    old_columns(User.objects.create_user("maria"), "1")
    imported(scim.connection)
    old_columns(User.objects.create_user("ben"), "2")
    assert imported(scim.connection)["User"]["already_linked"] == 1
    assert UserLink.objects.count() == 2
    assert len(scim.get("/Users").data["Resources"]) == 2


def test_resources_that_cannot_be_linked_are_reported(scim, old_columns):
    own = User.objects.get(pk=UserLink.objects.get(scim_id=scim.make_user("own")["id"]).target_id)
    taken = User.objects.create_user("taken")
    connections.unassign(scim.connection, connections.assign(scim.connection, taken).target)
    slash = User.objects.create_user("slash")
    twin, team = Team.objects.create(name="Twin"), Team.objects.create(name="Team")
    for number, target in enumerate((own, taken, twin, team)):
        old_columns(target, str(number), display_name="SAME")
    old_columns(slash, "a/b")
    result = imported(scim.connection)
    assert result["User"]["linked"] == 0
    assert result["User"]["left_out"].keys() == {"own", "taken", "slash"}
    assert list(result["Group"]["left_out"].values()) == ["its name is taken"]
    assert TeamLink.objects.count() == 1


def test_account_counts_as_the_sites_own_unless_the_provider_owns_it(connect, old_columns):
    for number, options in enumerate(([], ["--owned"])):
        scim = connect(deletion="delete")
        old_columns(User.objects.create_user(f"user{number}"), f"id{number}")
        imported(scim.connection, *options)
        assert scim.delete(f"/Users/id{number}").status_code == 204
        assert User.objects.filter(username=f"user{number}").exists() is not bool(options)
        User.objects.all().delete()


def test_missing_columns_are_reported(scim):
    with pytest.raises(CommandError, match="Run this before the migration"):
        call_command("scim_import_django_scim2", scim.connection.name)


def test_unknown_connection(db):
    with pytest.raises(CommandError, match="There is no connection 'Absent'"):
        call_command("scim_import_django_scim2", "Absent")

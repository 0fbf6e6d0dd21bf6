"""The migrations of the package, and of a site with link models that have the names of ours."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

import django_scim

ROOT = Path(__file__).parent.parent
PACKAGE = Path(django_scim.__file__).parent


def test_migrations_import_only_public_paths():
    imported = set()
    for path in (PACKAGE / "migrations").glob("0*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module)
    ours = {name for name in imported if name.split(".")[0] != "django"}
    assert ours == {"django_scim.models"}


def test_migrations_match_the_models(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


# A site with its own GroupLink

MODELS = """
from django.db import models
from django_scim.models import AbstractGroupLink

class Team(models.Model):
    name = models.CharField(max_length=80)

class GroupLink(AbstractGroupLink):
    target = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="scim_links")
"""
SETTINGS = """
from tests.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "teams"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE / "db.sqlite3"}}
"""
SCRIPT = """
import django

django.setup()

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django_scim.connections import create
from django_scim.models import GroupLink
from teams.models import GroupLink as TeamLink, Team

connection = create("Okta")
ours = GroupLink.objects.create(
    connection=connection, display_name="A", target=Group.objects.create(name="A")
)
theirs = TeamLink.objects.create(
    connection=connection, display_name="A", target=Team.objects.create(name="A")
)
assert list(connection.django_scim_grouplinks.all()) == [ours]
assert list(connection.teams_grouplinks.all()) == [theirs]
for same in ({"target": theirs.target}, {"display_name": "a"}):
    try:
        with transaction.atomic():
            TeamLink.objects.create(connection=connection, **same)
    except IntegrityError:
        continue
    raise AssertionError(f"two links with the same {same}")
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs Python in a site whose app ``teams`` has a GroupLink."""
    app = tmp_path / "teams"
    (app / "migrations").mkdir(parents=True)
    for folder in (app, app / "migrations"):
        (folder / "__init__.py").touch()
    (app / "models.py").write_text(MODELS)
    settings = f"import pathlib\n\nBASE = pathlib.Path({str(tmp_path)!r})\n{SETTINGS}"
    (tmp_path / "teams_settings.py").write_text(settings)
    paths = os.pathsep.join(map(str, (tmp_path, ROOT, ROOT / "testproject")))

    def run(*arguments):
        result = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=os.environ
            | {"PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "teams_settings", "DATABASE_URL": ""},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert result.returncode == 0, result.stdout + result.stderr

    return run


def test_a_site_can_have_its_own_group_link(run):
    run("-m", "django", "check", "--fail-level", "ERROR")
    run("-m", "django", "makemigrations", "teams")
    run("-m", "django", "makemigrations", "--check", "--dry-run")
    run("-m", "django", "migrate")
    run("-c", SCRIPT)

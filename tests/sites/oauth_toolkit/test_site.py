"""The site that docs/how-to/oauth.md describes, and a site without django-oauth-toolkit."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.exceptions import ValidationError
from django.core.management import call_command

from django_scim import connections
from django_scim.contrib.oauth2_provider import find_token
from django_scim.models import Connection
from tests.client import ScimClient

from .conftest import ENDPOINT

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/how-to/oauth.md").read_text("utf-8")
CHANGE = "/admin/django_scim/connection/{}/change/"


def test_page_describes_this_site():
    text = re.search(r"```python\n(INSTALLED_APPS.*?)```", PAGE, re.DOTALL)[1]
    said = {"INSTALLED_APPS": []}
    exec(text, said)
    assert set(said["INSTALLED_APPS"]) < set(site.INSTALLED_APPS)
    assert said["DJANGO_SCIM"] == site.DJANGO_SCIM
    scopes = said["OAUTH2_PROVIDER"].pop("SCOPES")
    assert scopes.items() <= site.OAUTH2_PROVIDER["SCOPES"].items()
    assert said["OAUTH2_PROVIDER"].items() <= site.OAUTH2_PROVIDER.items()
    assert f"https://example.com{ENDPOINT}" in PAGE


def test_checks_pass(db):
    out = io.StringIO()
    call_command("check", stdout=out, stderr=out)
    assert "no issues" in out.getvalue()
    call_command("makemigrations", check=True, dry_run=True, stdout=out)


# Without django-oauth-toolkit


def test_inactive_without_the_package(oauth, settings):
    settings.INSTALLED_APPS = [
        name for name in settings.INSTALLED_APPS if name != "oauth2_provider"
    ]
    settings.ROOT_URLCONF = "tests.urls"
    assert find_token(oauth.secret) is None
    assert oauth.get("/Users").status_code == 401
    own = connections.issue_token(oauth.connection).secret
    assert ScimClient(oauth.connection, own).get("/Users").status_code == 200


def test_can_be_imported_without_the_package():
    code = (
        "import sys; sys.modules.update(oauth2_provider=None, oauthlib=None);"
        "import django; django.setup();"
        "import django_scim.urls, django_scim.admin, django_scim.contrib.oauth2_provider as it;"
        "assert it.find_token('x') is None"
    )
    command = [sys.executable, "-c", code]
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": "testproject:."}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


# Binding an application


def form(page):
    """Return the data that a browser would send for an unchanged page of the admin."""
    adminform = page.context["adminform"].form
    values = {name: adminform[name].value() for name in adminform.fields}
    for inline in page.context["inline_admin_formsets"]:
        fields = inline.formset.management_form
        values |= {field.html_name: field.value() for field in fields}
    return {
        name: value for name, value in values.items() if value is not None and value is not False
    }


def test_bind_in_the_admin(bind, admin_client):
    connection, application = bind()
    other = connections.create("Other")
    page = admin_client.get(CHANGE.format(other.pk))
    given = form(page)
    assert "oauth_client_id" not in given
    answer = admin_client.post(
        CHANGE.format(other.pk), given | {"oauth_client_id": application.client_id}
    )
    assert "already exists" in answer.content.decode()  # bound to the first connection
    for wanted in ("abc", ""):
        answer = admin_client.post(CHANGE.format(other.pk), given | {"oauth_client_id": wanted})
        assert answer.status_code == 302, answer.context["errors"]
        other.refresh_from_db()
        assert other.oauth_client_id == (wanted or None)
    answer = admin_client.post(CHANGE.format(connection.pk), form(page) | {"name": "First"})
    assert answer.status_code == 302  # two empty values do not conflict
    assert list(Connection.objects.values_list("oauth_client_id", flat=True)) == [None, None]


def test_bind_in_a_script(bind):
    _, application = bind()
    with pytest.raises(ValidationError, match="already exists"):
        connections.create("Second", oauth_client_id=application.client_id)
    with pytest.raises(ValidationError, match="100"):
        connections.create("Third", oauth_client_id="x" * 101)
    for name in ("Fourth", "Fifth"):
        assert connections.create(name).oauth_client_id is None

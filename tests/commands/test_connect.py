"""``scim_connect`` for a connection that exists, and before ``migrate``."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.db import connection as database

from django_scim import connections
from django_scim.models import Connection, Token

from .test_commands import run


def test_s8_an_existing_connection_is_changed_on_request_only(db):
    run("scim_connect", "Okta", "--profile", "okta")
    with pytest.raises(CommandError, match="the scope own to site") as refused:
        run("scim_connect", "Okta", "--scope", "site")
    assert "--update" in str(refused.value)
    made = Connection.objects.get()
    assert made.scope == "own" and Token.objects.count() == 1
    run("scim_connect", "Okta", "--scope", "site", "--update")
    made.refresh_from_db()
    assert made.scope == "site" and made.profile == "okta"


def test_s8_the_same_options_issue_another_token(db):
    run("scim_connect", "Okta", "--profile", "okta")
    output = run("scim_connect", "Okta", "--profile", "okta")
    assert Token.objects.count() == 2
    assert "Other tokens of this connection that can still be used: 1." in output


def test_s8_names_are_compared_without_case(db):
    run("scim_connect", "Okta")
    run("scim_connect", "oKTA")
    assert [each.name for each in Connection.objects.all()] == ["Okta"]
    assert Token.objects.count() == 2
    with pytest.raises(ValidationError, match="Okta"):
        connections.create("okta")
    made = Connection.objects.get()
    made.name = "OKTA"
    made.full_clean()  # the own name in another case


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "command",
    [("scim_connect", "Okta"), ("scim_token", "list"), ("scim_token", "revoke", "x")],
)
def test_s9_before_migrate_a_command_prints_one_sentence(command):
    table = Connection._meta.db_table
    with database.schema_editor() as editor:
        editor.execute(f"ALTER TABLE {table} RENAME TO gone")
    try:
        with pytest.raises(CommandError) as refused:
            run(*command)
    finally:
        with database.schema_editor() as editor:
            editor.execute(f"ALTER TABLE gone RENAME TO {table}")
    assert str(refused.value).endswith("Run manage.py migrate first.")

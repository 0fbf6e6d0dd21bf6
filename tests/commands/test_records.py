"""Events of scim_connect and scim_token."""

import logging
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core import serializers
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_scim import connections
from django_scim.models import Connection, Event, Token, UserLink
from django_scim.testing import ScimClient


def run(*arguments, **options):
    output = StringIO()
    call_command(*arguments, stdout=output, **{"stderr": StringIO()} | options)
    return output.getvalue()


def details():
    return list(Event.objects.order_by("pk").values_list("detail", flat=True))


# scim_connect


def test_connect(db):
    secret = run("scim_connect", "Okta", "--profile", "okta", "--quiet").strip()
    made = Connection.objects.get(name="Okta")
    assert ScimClient(made, secret).get("/Users").status_code == 200
    assert details() == [
        "connection created by scim_connect on the command line",
        f"token {secret[:11]}… issued by scim_connect on the command line",
    ]
    event = Event.objects.earliest("pk")
    assert event.changes == [{"path": "profile", "old": None, "new": "okta"}]
    assert (event.action, event.connection) == ("administration", made)


def test_connect_again(db):
    run("scim_connect", "Okta")
    Event.objects.all().delete()
    run("scim_connect", "Okta", "--scope", "site", "--update")
    changed = Event.objects.earliest("pk")
    command = "by scim_connect on the command line"
    assert changed.detail == f"scope changed (0 accounts before) {command}"
    assert changed.changes == [{"path": "scope", "old": "own", "new": "site"}]
    Event.objects.all().delete()
    run("scim_connect", "Okta", "--scope", "site")
    assert len(details()) == 1 and "issued" in details()[0]


def test_invalid_name(db):
    with pytest.raises(CommandError):
        run("scim_connect", "x" * 101)
    assert not Connection.objects.exists() and not Event.objects.exists()


class InterruptedTerminal(StringIO):
    """A terminal on which the user presses Ctrl-C after the first batch."""

    def isatty(self):
        return True

    def flush(self):
        if "linked" in self.getvalue():
            raise KeyboardInterrupt


@pytest.mark.django_db(transaction=True)
def test_second_run_completes_an_interrupted_one(monkeypatch):
    from django_scim.adapters import linking

    monkeypatch.setattr(linking, "BATCH", 10)
    User.objects.bulk_create(User(username=f"user{number:02}") for number in range(25))
    with pytest.raises(KeyboardInterrupt):
        run("scim_connect", "Okta", "--scope", "site", stderr=InterruptedTerminal())
    assert UserLink.objects.count() == 10 and not Token.objects.exists()
    secret = run("scim_connect", "Okta", "--scope", "site", "--quiet").strip()
    assert UserLink.objects.count() == 25
    found = ScimClient(Connection.objects.get(), secret).find('userName eq "USER24"')
    assert len(found) == 1


# scim_token


@pytest.fixture
def token(db):
    return connections.issue_token(connections.create("Okta")).token


def test_rotate(token):
    secret = run("scim_token", "rotate", token.prefix, "--quiet").strip()
    assert details() == [f"token {token.prefix}… rotated by scim_token on the command line"]
    event = Event.objects.get()
    assert event.changes == [{"path": "successor", "old": None, "new": f"{secret[:11]}…"}]
    assert event.object_name == token.prefix
    assert run("scim_token", "list").count("replaced") == 1


def test_revoke(token):
    run("scim_token", "revoke", f"{token.prefix}…")  # as shown in the admin
    assert details() == [f"token {token.prefix}… revoked by scim_token on the command line"]


def test_rotate_without_overlap(token):
    run("scim_token", "rotate", token.prefix, "--overlap", "0")
    token.refresh_from_db()
    assert token.expires <= timezone.now()


def test_invalid_overlap(token):
    with pytest.raises(CommandError, match="0 or more"):
        run("scim_token", "rotate", token.prefix, "--overlap", "-1")
    assert Token.objects.count() == 1 and not Event.objects.exists()


def test_list_shows_every_state(token):
    made = token.connection
    connections.rotate(token)
    connections.issue_token(made).token.revoke()
    ended = connections.issue_token(made).token
    Token.objects.filter(pk=ended.pk).update(expires=timezone.now() - timedelta(days=1))
    output = run("scim_token", "list", "Okta")
    states = sorted(line.split()[2] for line in output.splitlines()[1:])
    assert states == ["expired", "replaced", "revoked", "usable"]
    assert len(run("scim_token", "list", "Other").splitlines()) == 1


def test_secrets_are_not_stored(token, caplog):
    caplog.set_level(logging.DEBUG)
    secrets = [
        run("scim_token", "rotate", token.prefix, "--quiet").strip(),
        run("scim_connect", "Okta", "--quiet").strip(),
    ]
    rows = [row for model in (Event, Token, Connection) for row in model.objects.all()]
    kept = serializers.serialize("json", rows) + caplog.text + run("scim_token", "list")
    for secret in secrets:
        assert len(secret) > 40 and secret not in kept

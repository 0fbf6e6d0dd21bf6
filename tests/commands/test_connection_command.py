"""``scim_connection``: a site without Django's admin reaches every setting (S11)."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.utils import timezone

from django_scim.models import Connection, Event, GuardCount
from tests.client import assert_error

from .test_commands import run


def test_s11_list(connect):
    one, other = connect("okta"), connect("entra")
    output = run("scim_connection", "list")
    assert one.connection.name in output and other.connection.name in output
    data = json.loads(run("scim_connection", "list", "--json"))
    assert [each["profile"] for each in data] == ["okta", "entra"]


def test_s11_show(scim):
    scim.make_user("amy")
    name = scim.connection.name
    data = json.loads(run("scim_connection", "show", name.upper(), "--json"))
    assert data["name"] == name and data["accounts"] == 1 and data["state"] == "active"
    assert data["tokens"] == [scim.connection.tokens.get().prefix]
    assert scim.secret not in json.dumps(data)
    assert "accounts" in run("scim_connection", "show", name)


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ("profile=entra", "profile", "entra"),
        ("adoption=email", "adoption", "email"),
        ("deletion=delete", "deletion", "delete"),
        ("networks=203.0.113.0/24 198.51.100.7", "networks", "203.0.113.0/24\n198.51.100.7"),
        ("guard_count=5", "guard_count", 5),
        ("guard_percent=50", "guard_percent", 50),
        ("passwords=accept", "passwords", "accept"),
        ("keeps_passwords=yes", "keeps_passwords", True),
        ("log_reads=true", "log_reads", True),
    ],
)
def test_s11_set(scim, change, name, value):
    connection = scim.connection
    output = run("scim_connection", "set", connection.name, change)
    assert f"Changed: {name}." in output
    connection.refresh_from_db()
    assert getattr(connection, name) == value
    (event,) = Event.objects.filter(detail__contains="settings changed")
    assert event.changes[0]["path"] == name
    run("scim_connection", "set", connection.name, change)
    assert Event.objects.filter(detail__contains="settings changed").count() == 1


def test_s11_set_scope_links_the_accounts(scim, django_user_model):
    django_user_model.objects.create_user("amy")
    run("scim_connection", "set", scim.connection.name, "scope=site", "profile=okta")
    assert [each["userName"] for each in scim.find("userName pr")] == ["amy"]
    scim.connection.refresh_from_db()
    assert (scim.connection.scope, scim.connection.profile) == ("site", "okta")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("profile", "OPTION=VALUE"),
        ("nothing=1", "choose from profile"),
        ("profile=nothing", "profile: "),
        ("adoption=nothing", "none, username, email"),
        ("guard_percent=101", "guard_percent: "),
        ("guard_count=x", "guard_count: "),
        ("networks=here", "networks: "),
        ("is_active=false", "choose from"),
    ],
)
def test_s11_set_refuses_a_wrong_value(scim, change, words):
    before = Connection.objects.values().get()
    with pytest.raises(CommandError, match=words):
        run("scim_connection", "set", scim.connection.name, "log_reads=yes", change)
    assert Connection.objects.values().get() == before


def test_s11_pause_resume_and_close(scim):
    name = scim.connection.name
    run("scim_connection", "pause", name)
    assert_error(scim.get("/Users"), 401)
    assert json.loads(run("scim_connection", "show", name, "--json"))["state"] == "paused"
    run("scim_connection", "resume", name)
    assert scim.get("/Users").status_code == 200
    run("scim_connection", "close", name)
    run("scim_connection", "resume", name)
    assert_error(scim.get("/Users"), 401)
    details = Event.objects.filter(action="administration").values_list("detail", flat=True)
    assert any("paused" in each for each in details)


def test_s11_guard(connect):
    scim = connect(guard_count=1, guard_percent=1)
    users = [scim.make_user(f"u{n}") for n in range(4)]
    GuardCount.objects.all().delete()
    from django_scim.models import UserLink

    UserLink.objects.update(created=timezone.now() - timedelta(days=2))
    from django.contrib.auth.models import User

    User.objects.update(date_joined=timezone.now() - timedelta(days=2))
    for user in users[:3]:
        last = scim.delete(f"/Users/{user['id']}")
    assert last.status_code != 204
    name = scim.connection.name
    data = json.loads(run("scim_connection", "guard", name, "--json"))
    assert data["state"] == "stopped" and data["counts"]
    with pytest.raises(CommandError, match="hours"):
        run("scim_connection", "guard", name, "--override", "0")
    data = json.loads(run("scim_connection", "guard", name, "--override", "2", "--json"))
    assert data["state"] == "off" and data["overridden_until"]
    assert scim.delete(f"/Users/{users[3]['id']}").status_code == 204


def test_s11_an_unknown_connection(db):
    with pytest.raises(CommandError, match=r"no connection 'x'\. Connections: none"):
        run("scim_connection", "show", "x")


@pytest.mark.parametrize("command", ["scim_connection", "scim_events"])
def test_s11_help_has_examples_and_the_exit_status(command, capsys):
    from django.core.management import load_command_class

    parser = load_command_class("django_scim", command).create_parser("manage.py", command)
    text = parser.format_help()
    assert f"manage.py {command} list" in text and "exit status is 0" in text

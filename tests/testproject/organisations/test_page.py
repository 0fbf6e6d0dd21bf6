"""The page on which an organisation's admins manage their identity provider."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone

from django_scim import connections
from django_scim.models import Connection, Event, Token
from tests.client import USER, assert_error

from .client import SECRET, page, stored

# Connect


def test_connect(settings_page, northwind):
    shown = settings_page.read()
    assert "No identity provider is connected yet" in shown
    assert not Connection.objects.exists()
    scim = settings_page.connect(profile="entra")
    connection = Connection.objects.get()
    assert (connection.name, connection.tenant) == ("Northwind", northwind)
    assert (connection.profile, connection.scope) == ("entra", "own")
    scim.make_user("ada")
    assert northwind.members.filter(username="ada").exists()


def test_page_shows_the_connection(settings_page):
    scim = settings_page.connect()
    token = Token.objects.get()
    shown = settings_page.read()
    assert "http://testserver/scim/v2<" in shown
    assert "The connection is active" in shown
    assert f"token {token} issued by boss@northwind of Northwind" in shown
    assert token.prefix in shown
    in_a_year = timezone.now() + timedelta(days=365)
    assert f" {in_a_year.day}, {in_a_year.year}, " in shown
    assert "<td>never</td>" in shown  # not used yet
    scim.make_user("ada")
    shown = settings_page.read()
    assert "<td>never</td>" not in shown
    assert "<td>ada</td>" in shown and "<td>Success</td>" in shown


def test_shows_last_ten_events_with_advice(settings_page, both):
    ours, theirs = both
    for number in range(10):
        ours.make_user(f"person{number}")
    theirs.make_user("stranger")
    ours.post("/Users", {"schemas": [USER], "userName": "stranger"})
    shown = settings_page.read()
    assert "<td>Failure</td>" in shown and "The name is already in use on this site" in shown
    assert "<td>person1</td>" in shown and "<td>person0</td>" not in shown
    assert shown.count("<td>stranger</td>") == 1  # the failure; not the creation by another tenant


def test_values_of_clients_are_escaped(settings_page):
    scim = settings_page.connect()
    scim.make_group("<script>alert(1)</script>")
    shown = settings_page.read()
    assert "<script>alert" not in shown and "&lt;script&gt;alert" in shown


@pytest.mark.parametrize("profile", ["", "nonsense"])
def test_unknown_profile_is_rejected(profile, settings_page):
    assert "from the list" in settings_page.press("connect", 409, profile=profile)
    assert not Connection.objects.exists()


def test_second_connection_is_rejected(settings_page):
    settings_page.connect()
    before = stored()
    text = settings_page.press("connect", 409, profile="default")
    assert "already connected" in text and not SECRET.search(text)
    assert stored() == before


def test_taken_connection_name_is_rejected(settings_page, northwind):
    connections.create("Northwind")
    assert "already has a connection with this name" in settings_page.press(
        "connect", 409, profile="default"
    )
    assert not northwind.connections.exists()


# The secret


def test_secret_is_shown_once(settings_page, admin_client, caplog):
    caplog.set_level("DEBUG")
    answer = settings_page.browser.post(
        page(settings_page.organisation), {"action": "connect", "profile": "default"}
    )
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    (secret,) = SECRET.findall(answer.content.decode())
    settings_page.client(answer.content.decode()).make_user("ada")
    token = Token.objects.get()
    pages = ["/", page(settings_page.organisation)]
    assert all(secret not in settings_page.browser.get(path).content.decode() for path in pages)
    pages = [
        "/",
        f"/admin/company/organisation/{settings_page.organisation.pk}/change/",
        "/admin/django_scim/connection/",
        f"/admin/django_scim/connection/{token.connection_id}/change/",
        f"/admin/django_scim/token/{token.pk}/change/",
        "/admin/django_scim/event/",
        *(f"/admin/django_scim/event/{event.pk}/change/" for event in Event.objects.all()),
    ]
    for path in pages:
        shown = admin_client.get(path)
        assert shown.status_code == 200
        assert secret not in shown.content.decode()
    assert secret not in caplog.text
    assert secret not in repr([answer.headers, answer.cookies])
    for session in Session.objects.all():
        assert secret not in repr(session.get_decoded())
    for model in (Event, Token, Connection):
        assert secret not in repr(list(model.objects.values()))


@pytest.mark.parametrize("action", ["issue", "rotate"])
def test_pages_with_a_secret_are_not_cached(action, settings_page):
    settings_page.connect()
    fields = {"action": action, "token": Token.objects.get().pk}
    answer = settings_page.browser.post(page(settings_page.organisation), fields)
    assert SECRET.search(answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]


# Tokens


def test_rotate(settings_page):
    old = settings_page.connect()
    token = Token.objects.get()
    new = settings_page.client(settings_page.press("rotate", 200, token=token.pk))
    assert old.get("/Users").status_code == new.get("/Users").status_code == 200
    token.refresh_from_db()
    assert timedelta(days=6) < token.expires - timezone.now() <= timedelta(days=7)
    assert "Replaced by" in settings_page.read()
    Token.objects.filter(pk=token.pk).update(expires=timezone.now())
    assert_error(old.get("/Users"), 401)
    assert new.get("/Users").status_code == 200
    assert "Expired" in settings_page.read()


def test_rotate_twice(settings_page):
    settings_page.connect()
    token = Token.objects.get()
    settings_page.press("rotate", 200, token=token.pk)
    text = settings_page.press("rotate", 409, token=token.pk)
    assert "already has a successor" in text and not SECRET.search(text)
    assert Token.objects.count() == 2


def test_revoke(settings_page):
    first = settings_page.connect()
    token = Token.objects.get()
    second = settings_page.client(settings_page.press("issue", 200))
    settings_page.press("revoke", token=token.pk)
    assert_error(first.get("/Users"), 401)
    assert second.get("/Users").status_code == 200
    shown = settings_page.read()
    assert f"<code>{token.prefix}" not in shown
    assert f"token {token} revoked by boss@northwind of Northwind" in shown
    for action in ("revoke", "rotate"):
        settings_page.press(action, 404, token=token.pk)


# The connection


def test_pause(settings_page, both):
    ours, theirs = both
    settings_page.press("pause")
    assert_error(ours.get("/Users"), 401)
    assert theirs.get("/Users").status_code == 200
    assert "paused" in settings_page.read()
    settings_page.press("resume")
    assert ours.get("/Users").status_code == 200


def test_close(settings_page, both, northwind):
    ours, theirs = both
    ours.make_user("ada")
    settings_page.press("close")
    assert_error(ours.get("/Users"), 401)
    settings_page.press("resume")
    assert_error(ours.get("/Users"), 401)
    assert theirs.get("/Users").status_code == 200
    assert User.objects.get(username="ada").is_active
    assert northwind.members.filter(username="ada").exists()
    again = settings_page.client(settings_page.press("issue", 200))
    assert len(again.find('userName eq "ada"')) == 1


def test_override_the_guard(settings_page):
    scim = settings_page.connect()
    people = [scim.make_user(f"person{number}") for number in range(30)]
    Connection.objects.update(guard_count=1)
    long_ago = timezone.now() - timedelta(days=1)
    scim.connection.django_scim_userlinks.update(created=long_ago)
    answers = [scim.delete(f"/Users/{user['id']}") for user in people]
    assert answers[0].status_code == 204 and answers[-1].status_code == 403
    shown = settings_page.read()
    assert "The guard has tripped" in shown and "whether so many people really leave" in shown
    settings_page.press("override")
    assert "The guard has tripped" not in settings_page.read()
    assert scim.delete(f"/Users/{people[-1]['id']}").status_code == 204

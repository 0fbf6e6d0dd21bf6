"""Connecting and disconnecting an identity provider."""

import re

import pytest
from django.contrib.auth.models import User

from django_scim.models import Connection, Token

from .api import call, make_user

SECRET = re.compile(r"scim_[\w-]{30,}")


def change(connection):
    return f"connection/{connection.pk}/change/"


def shown_secret(browser):
    """Return the base URL and the token from the page that shows them."""
    base, secret = (element.text for element in browser.find_all(".scim-secret code")[:2])
    assert SECRET.fullmatch(secret)
    return base, secret


# Connect


def test_sign_in_and_connect(browser, live_server):
    User.objects.create_superuser("ada", "ada@example.com", "secret")
    browser.open("connection/")
    browser.fill("Username", "ada")
    browser.fill("Password", "secret")
    assert "0 connections" in browser.press("Log in")
    browser.press("Add connection")
    browser.fill("Name", "Okta")
    browser.choose("Profile", "okta")
    assert "was added successfully" in browser.press("Save and continue editing")
    shown = browser.press("Issue a token")
    assert "Only this page shows the token" in shown
    base, secret = shown_secret(browser)
    assert base == f"{live_server.url}/scim/v2"
    status, made = make_user(base, secret, "amy")
    assert status == 201 and made["userName"] == "amy"
    assert Connection.objects.get().profile == "okta"
    assert User.objects.filter(username="amy").exists()


def test_token_is_shown_once(ada, connect):
    connection = connect().connection
    ada.open(change(connection))
    ada.press("Issue a token")
    _, secret = shown_secret(ada)
    ada.driver.refresh()
    assert shown_secret(ada)[1] == secret and connection.tokens.count() == 2
    shown = ada.press(f"Back to {connection}")
    assert secret[:11] in shown and not SECRET.search(ada.driver.page_source)
    ada.driver.back()
    ada.driver.delete_cookie("scim_token")  # as after ten minutes
    ada.driver.refresh()
    assert ada.path.endswith(change(connection)) and not SECRET.search(ada.driver.page_source)


def row_of(browser, token):
    (row,) = (row for row in browser.find_all("#scim-tokens tbody tr") if str(token) in row.text)
    return row


def press_in_row(browser, token, name):
    return browser.press(row_of(browser, token).find_element("css selector", f"[value={name}]"))


def test_rotate_and_revoke_a_token(ada, connect, live_server):
    scim = connect()
    old = Token.objects.get()
    ada.open(change(scim.connection))
    shown = press_in_row(ada, old, "Rotate")
    assert f"{old} works until" in shown
    base, secret = shown_secret(ada)
    assert {call(base, each, "GET", "/Users")[0] for each in (secret, scim.secret)} == {200}
    ada.press(f"Back to {scim.connection}")
    assert "replaced, ends in 7 days" in row_of(ada, old).text
    assert not row_of(ada, old).find_elements("css selector", "[value=Rotate]")
    assert "no longer works" in press_in_row(ada, old, "Revoke")
    assert "revoked" in row_of(ada, old).text
    assert [call(base, each, "GET", "/Users")[0] for each in (secret, scim.secret)] == [200, 401]


def test_pause_resume_and_close(ada, connect, live_server):
    scim = connect()
    base = f"{live_server.url}/scim/v2"
    make_user(base, scim.secret, "amy")
    ada.open(change(scim.connection))
    assert "requests are rejected" in ada.press("Pause")
    assert call(base, scim.secret, "GET", "/Users")[0] == 401
    assert "are accepted again" in ada.press("Resume")
    assert call(base, scim.secret, "GET", "/Users")[0] == 200
    shown = ada.press("Close…")
    assert "1 account stays as it is" in shown and "0 groups stay as they are" in shown
    assert "its tokens are revoked" in ada.press("Close the connection")
    assert call(base, scim.secret, "GET", "/Users")[0] == 401
    ada.press("Resume")
    assert call(base, scim.secret, "GET", "/Users")[0] == 401
    assert User.objects.get(username="amy").is_active


def test_delete(ada, connect):
    used, unused = connect(), connect()
    used.make_user("amy")
    ada.open(change(used.connection))
    shown = ada.press("Delete")
    assert "has or had 1 account or group. Close it instead" in shown
    assert not ada.find_all("main [type=submit]")
    ada.open(change(unused.connection))
    ada.press("Delete")
    assert "was deleted successfully" in ada.press("Yes, I’m sure")
    assert list(Connection.objects.all()) == [used.connection]


# The guard


def test_override_the_guard(ada, tripped, live_server):
    ada.open(change(tripped.connection))
    banner = ada.find("[role=alert]")
    assert "The guard has tripped" in banner.text
    assert "including that request: 3 of 10 accounts." in banner.text
    assert ".." not in banner.text
    shown = ada.press("Show the rejected requests")
    assert "1 event" in shown and "Stopped by guard" in shown
    ada.driver.back()
    assert "The guard is overridden until" in ada.press("Override the guard for an hour")
    assert not ada.find_all("[role=alert]")
    base, leaver = f"{live_server.url}/scim/v2", f"/Users/{tripped.leaver['id']}"
    assert call(base, tripped.secret, "DELETE", leaver)[0] == 204


# Permissions


@pytest.fixture
def sam(sign_in):
    """Return the browser of a staff member without permissions."""
    return sign_in(User.objects.create_user("sam", is_staff=True))


def test_without_permission(sam, connect):
    scim = connect()
    scim.make_user("amy")
    shown = sam.open("", root="/admin/")
    assert "SCIM" not in shown and "permission to view or edit anything" in shown
    paths = ["connection/", change(scim.connection), "event/", "token/", "userlink/", "grouplink/"]
    for path in paths:
        assert "403 Forbidden" in sam.open(path)
    errors = sam.console_errors()
    assert len(errors) == len(paths) and all("403 (Forbidden)" in each for each in errors)

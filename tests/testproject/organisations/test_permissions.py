"""Access to an organisation's page, and the reach of its buttons."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from company.models import Membership
from django_scim.models import Connection, Guard, Token
from tests.client import ScimClient, assert_error

from .client import SettingsPage, browser_of, page, stored

ACTIONS = ("connect", "issue", "rotate", "revoke", "pause", "resume", "override", "close")


@pytest.mark.parametrize("action", ["rotate", "revoke"])
def test_token_of_another_organisation_is_not_found(action, settings_page, both, scim):
    before = stored()
    for client in (both[1], scim):  # Contoso's, and one of the site
        settings_page.press(action, 404, token=client.connection.tokens.get().pk)
    for nonsense in ("", "0", "x", "-1", "²", "9" * 30, "\x00"):
        settings_page.press(action, 404, token=nonsense)
    assert stored() == before


@pytest.mark.parametrize("action", ACTIONS)
def test_only_own_connection_is_changed(action, settings_page, both, scim):
    """Other values in the form have no effect."""
    ours, theirs = both
    strangers = [theirs.connection, scim.connection]

    def theirs_now():
        tokens = Token.objects.filter(connection__in=strangers).order_by("pk").values()
        return list(Connection.objects.filter(pk__in=[c.pk for c in strangers]).values()), [*tokens]

    before = theirs_now()
    fields = {
        "action": action,
        "profile": "default",
        "token": ours.connection.tokens.get().pk,
        "connection": theirs.connection.pk,
        "organisation": theirs.connection.tenant_key,
        "slug": "contoso",
    }
    answer = settings_page.browser.post(page(settings_page.organisation), fields)
    assert answer.status_code in (200, 302, 409)
    assert theirs_now() == before
    assert not Guard.objects.exclude(connection=ours.connection).exists()


def test_page_is_hidden_from_others(northwind, contoso, both, admin_client, scim):
    scim.make_user("unplaced")
    unplaced = Client()
    unplaced.force_login(User.objects.get(username="unplaced"))
    before = stored()
    token = both[0].connection.tokens.get().pk
    others = [
        browser_of(contoso),
        browser_of(northwind, "member", is_admin=False),
        unplaced,
        admin_client,  # staff of the site use Django's admin
    ]
    for browser in others:
        assert browser.get(page(northwind)).status_code == 404
        for action in ACTIONS:
            fields = {"action": action, "token": token, "profile": "default"}
            assert browser.post(page(northwind), fields).status_code == 404
    assert stored() == before


def test_unknown_organisation(settings_page):
    answer = settings_page.browser.get("/organisations/nobody/provisioning/")
    assert answer.status_code == 404


def test_former_admin(settings_page):
    settings_page.read()
    Membership.objects.update(is_admin=False)
    settings_page.press("connect", 404, profile="default")
    assert not Connection.objects.exists()


def test_anonymous_user_is_redirected_to_login(northwind, both):
    before = stored()
    answers = [Client().get(page(northwind)), Client().post(page(northwind), {"action": "close"})]
    for answer in answers:
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/login/?next={page(northwind)}"
    assert stored() == before


def test_token_gives_no_access_to_the_page(northwind, both):
    answer = both[0].http.get(page(northwind), HTTP_AUTHORIZATION=f"Bearer {both[0].secret}")
    assert answer.status_code == 302


def test_get_changes_nothing(settings_page, both):
    before = stored()
    token = both[0].connection.tokens.get().pk
    for action in ACTIONS:
        fields = {"action": action, "token": token, "profile": "default"}
        assert (
            settings_page.browser.get(page(settings_page.organisation), fields).status_code == 200
        )
        assert settings_page.browser.head(page(settings_page.organisation), fields).content == b""
    assert stored() == before


@pytest.mark.parametrize("action", [action for action in ACTIONS if action != "connect"])
def test_buttons_without_a_connection(action, settings_page):
    settings_page.press(action, 404)
    assert not Connection.objects.exists()


def test_unknown_button(settings_page, both):
    before = stored()
    settings_page.press("nonsense", 404)
    assert stored() == before


def test_csrf_protection(northwind, both):
    browser = browser_of(northwind, enforce_csrf_checks=True)
    before = stored()
    token = both[0].connection.tokens.get().pk
    for action in ACTIONS:
        fields = {"action": action, "token": token, "profile": "default"}
        assert browser.post(page(northwind), fields).status_code == 403
    assert stored() == before
    browser.get(page(northwind))
    fields = {"action": "pause", "csrfmiddlewaretoken": browser.cookies["csrftoken"].value}
    assert browser.post(page(northwind), fields).status_code == 302
    assert not Connection.objects.get(name="Northwind").is_active


def test_admin_of_two_organisations(settings_page, contoso, northwind):
    """Each page manages its own connection, even for the same user."""
    boss = User.objects.get(username="boss@northwind")
    Membership.objects.create(organisation=contoso, user=boss, is_admin=True)
    other = SettingsPage(contoso)
    other.browser = settings_page.browser
    ours, theirs = settings_page.connect(), other.connect()
    assert (ours.connection.tenant, theirs.connection.tenant) == (northwind, contoso)
    token = theirs.connection.tokens.get()
    settings_page.press("revoke", 404, token=token.pk)
    other.press("revoke", token=token.pk)
    assert_error(ScimClient(theirs.connection, theirs.secret).get("/Users"), 401)
    assert ours.get("/Users").status_code == 200

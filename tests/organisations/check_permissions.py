"""Who may use an organisation's page, and what its buttons reach; run by
``tests/test_other_sites.py``."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from company.models import Membership
from django_scim.models import Connection, Guard, Token
from tests.client import ScimClient, assert_error

from .client import SettingsPage, browser_of, page, stored

ACTIONS = ("connect", "issue", "rotate", "revoke", "pause", "resume", "override", "close")


@pytest.mark.parametrize("action", ["rotate", "revoke"])
def test_another_organisations_token_does_not_exist(action, settings_page, both, scim):
    before = stored()
    for client in (both[1], scim):  # Contoso's, and the site's own
        settings_page.press(action, 404, token=client.connection.tokens.get().pk)
    for nonsense in ("", "0", "x", "-1", "²", "9" * 30, "\x00"):
        settings_page.press(action, 404, token=nonsense)
    assert stored() == before


@pytest.mark.parametrize("action", ACTIONS)
def test_only_ones_own_connection_is_reached(action, settings_page, both, scim):
    """Whatever else the form says."""
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


def test_nobody_else_sees_the_page(northwind, contoso, both, admin_client, scim):
    scim.make_user("unplaced")
    unplaced = Client()
    unplaced.force_login(User.objects.get(username="unplaced"))
    before = stored()
    token = both[0].connection.tokens.get().pk
    others = [
        browser_of(contoso),
        browser_of(northwind, "member", is_admin=False),
        unplaced,
        admin_client,  # the site's staff have Django's admin
    ]
    for browser in others:
        assert browser.get(page(northwind)).status_code == 404
        for action in ACTIONS:
            fields = {"action": action, "token": token, "profile": "default"}
            assert browser.post(page(northwind), fields).status_code == 404
    assert stored() == before


def test_a_page_of_no_organisation(settings_page):
    answer = settings_page.browser.get("/organisations/nobody/provisioning/")
    assert answer.status_code == 404


def test_who_is_no_admin_any_more(settings_page):
    settings_page.read()
    Membership.objects.update(is_admin=False)
    settings_page.press("connect", 404, profile="default")
    assert not Connection.objects.exists()


def test_a_stranger_is_sent_to_the_login(northwind, both):
    before = stored()
    answers = [Client().get(page(northwind)), Client().post(page(northwind), {"action": "close"})]
    for answer in answers:
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/login/?next={page(northwind)}"
    assert stored() == before


def test_a_token_of_the_connection_opens_no_page(northwind, both):
    answer = both[0].http.get(page(northwind), HTTP_AUTHORIZATION=f"Bearer {both[0].secret}")
    assert answer.status_code == 302


def test_a_get_changes_nothing(settings_page, both):
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


def test_an_unknown_button(settings_page, both):
    before = stored()
    settings_page.press("nonsense", 404)
    assert stored() == before


def test_a_forged_request_changes_nothing(northwind, both):
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


def test_two_organisations_at_once(settings_page, contoso, northwind):
    """Each connects by its own page; the same person may look after both."""
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

"""Permissions, methods, secrets and inline code of every page."""

import logging
import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from django_scim import connections
from django_scim.admin.privileges import link_key
from django_scim.models import Guard, UserLink

from .pages import ROOT, everything, of

BUTTONS = (
    "issue-token",
    "tokens/{token}/rotate",
    "tokens/{token}/revoke",
    "pause",
    "resume",
    "close",
    "override-guard",
    "assign/User",
    "assign/Group",
    "confirm",
    "scope",
    "share-privileged",
    "unshare-privileged",
)
#: They change what the connection can access, which needs another permission, too.
ACCESS_BUTTONS = BUTTONS[-7:]


@pytest.fixture
def site(db):
    """Return a connection on whose page every button has an effect."""
    made = connections.create("Okta")
    issued = connections.issue_token(made, lifetime=timedelta(days=5))
    amy, bob = (User.objects.create_user(name) for name in ("amy", "bob"))
    group = Group.objects.create(name="Readers")
    link = UserLink.objects.create(connection=made, target=bob, unconfirmed=True, preexisting=True)
    editors = Group.objects.create(name="Editors")
    shared = connections.assign(made, editors)
    editors.permissions.add(Permission.objects.first())
    Guard.objects.create(connection=made, tripped=timezone.now())
    made.buttons = [button.format(token=issued.token.pk) for button in BUTTONS]
    key = link_key(shared)
    made.data = {"objects": amy.pk, "object": group.pk, "link": [link.pk, key], "scope": "site"}
    made.secret = issued.secret
    return made


def test_each_button_has_an_effect(site, ada):
    for button in site.buttons:
        before = everything()
        assert ada.post(of(site, button), **site.data).status_code in (200, 302)
        assert everything() != before, button


@pytest.mark.parametrize("number", range(len(BUTTONS)))
def test_get_changes_nothing(site, ada, number):
    before = everything()
    for method in ("get", "head", "options", "put", "delete", "patch"):
        answer = getattr(ada.client, method)(ROOT + of(site, site.buttons[number]))
        assert answer.status_code in (200, 302, 405), method
        assert everything() == before, method


@pytest.mark.parametrize(
    "permissions",
    [
        (),
        ("view_connection",),
        ("add_connection", "delete_connection", "add_token", "manage_connection_access"),
    ],
)
@pytest.mark.parametrize("number", range(len(BUTTONS)))
def test_buttons_need_permissions(site, staff, permissions, number):
    pages = staff(*permissions)
    before = everything()
    path = of(site, site.buttons[number])
    assert pages.post(path, **site.data).status_code == 403
    assert pages.get(path).status_code == 403
    assert everything() == before


@pytest.mark.parametrize("number", range(len(BUTTONS)))
def test_other_users_are_redirected_to_login(site, number):
    client = Client()
    for user in (None, User.objects.create_user("visitor")):
        if user:
            client.force_login(user)
        before = everything()
        answer = client.post(ROOT + of(site, site.buttons[number]), site.data)
        assert answer.status_code == 302 and "/admin/login/" in answer.headers["Location"]
        assert everything() == before


@pytest.mark.parametrize("number", range(len(BUTTONS)))
def test_csrf_protection(site, number):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("ada"))
    before = everything()
    answer = client.post(ROOT + of(site, site.buttons[number]), site.data)
    assert answer.status_code == 403
    assert everything() == before


@pytest.mark.parametrize("key", ["99999", "x", "1e9", str(10**30), "%00", "1/2"])
def test_unknown_connection(site, ada, key):
    before = everything()
    for button in site.buttons:
        for answer in (ada.get(f"connection/{key}/{button}/"),
                       ada.post(f"connection/{key}/{button}/")):  # fmt: skip
            assert answer.status_code in (302, 404)
    assert everything() == before


@pytest.mark.parametrize("number", range(len(BUTTONS)))
def test_access_needs_a_separate_permission(site, staff, number):
    """The permissions to change connections and tokens suffice for all other buttons."""
    others = ("change_connection", "add_token", "change_token", "change_group")
    pages = staff("view_connection", *others)
    path = of(site, site.buttons[number])
    if BUTTONS[number] == "unshare-privileged":
        connections.share_privileged(site, Group.objects.get(name="Editors"))
    before = everything()
    answer = pages.post(path, **site.data)
    if BUTTONS[number] in ACCESS_BUTTONS:
        assert answer.status_code == pages.get(path).status_code == 403
        assert everything() == before
    else:
        assert answer.status_code in (200, 302) and everything() != before
    both = staff("view_connection", *others, "manage_connection_access", name="tom")
    assert both.post(path, **site.data).status_code in (200, 302)
    assert everything() != before


def test_buttons_for_the_access_are_hidden(site, staff):
    buttons = [each for each in ACCESS_BUTTONS if each != "unshare-privileged"]  # not shared yet
    every = [of(site, button) for button in buttons]
    pages = staff("view_connection", "change_connection")
    content = pages.get(of(site)).content.decode()
    assert not [path for path in every if path in content]
    assert "That needs the permission" in content and "scim-unconfirmed" not in content
    both = staff(
        "view_connection", "change_connection", "change_group", "manage_connection_access",
        name="tom",
    )  # fmt: skip
    content = both.get(of(site)).content.decode()
    assert [path for path in every if path in content] == every
    assert "That needs the permission" not in content
    viewer = staff("view_connection", "manage_connection_access", name="vera")
    content = viewer.get(of(site)).content.decode()
    assert not [path for path in every if path in content]


# Secrets


@pytest.mark.parametrize("path", ["issue-token", "tokens/{token}/rotate"])
def test_secret_is_on_one_page_only(site, ada, caplog, path):
    caplog.set_level(logging.DEBUG)
    token = site.tokens.get()
    answer = ada.post(of(site, path.format(token=token.pk)), follow=True)
    secret = answer.context["secret"]
    assert len(secret) > 40
    assert secret not in everything() and secret not in caplog.text
    assert secret not in str(LogEntry.objects.values_list("change_message", "object_repr"))
    for page in pages_of(site):
        content = ada.get(page).content.decode()
        assert secret not in content and site.secret not in content, page
    assert secret not in str(ada.client.session.items()) + str(ada.client.cookies)


def pages_of(site):
    yield from ("connection/", "connection/add/", "token/", "userlink/", "grouplink/", "event/")
    yield from (
        of(site),
        of(site, "close"),
        of(site, "scope"),
        of(site, "assign", "User"),
        of(site, "assign", "Group"),
    )
    yield of(site, "history")
    for event in site.events.all():
        yield f"event/{event.pk}/change/"
    for token in site.tokens.all():
        yield f"token/{token.pk}/change/"


# No inline scripts or styles, as a strict Content-Security-Policy requires


def test_pages_have_nothing_inline(site, ada):
    ada.post(of(site, "issue-token"))
    for page in pages_of(site):
        content = ada.get(page).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)", content), page
        assert not re.search(r"<style|<[^>]*\s(style|on\w+)=", content), page


def test_page_with_the_secret_has_nothing_inline(site, ada):
    content = ada.post(of(site, "issue-token"), follow=True).content.decode()
    assert "<code>scim_" in content
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|<[^>]*\s(style|on\w+)=", content)


def test_enter_saves_the_form(site, ada):
    """Enter presses the first button of a form, which must be Save."""
    content = ada.get(of(site)).content.decode()
    form = content.partition('id="connection_form"')[2].partition("</form>")[0]
    first = re.search(r"<(input|button)[^>]*type=\"submit\"[^>]*>", form)
    assert 'name="_save"' in first.group()

"""Two customers of one site, each with an identity provider of its own; run by
``tests/test_other_sites.py``."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from company.models import Membership, Organisation
from django_scim import connections
from django_scim.models import Connection, Event, Token
from tests.client import ScimClient, assert_error

SECRET = re.compile(r"scim_[\w-]{30,}")


@pytest.fixture
def northwind(db):
    return Organisation.objects.create(name="Northwind", slug="northwind")


@pytest.fixture
def contoso(db):
    return Organisation.objects.create(name="Contoso", slug="contoso")


@pytest.fixture
def both(northwind, contoso):
    """A client for each of the two, connected by the public API."""
    return [ScimClient(connections.create(each.name, tenant=each)) for each in (northwind, contoso)]


def browser_of(organisation, name="boss", is_admin=True):
    user, _ = User.objects.get_or_create(username=f"{name}@{organisation.slug}")
    Membership.objects.get_or_create(
        organisation=organisation, user=user, defaults={"is_admin": is_admin}
    )
    browser = Client()
    browser.force_login(user)
    return browser


def page(organisation):
    return f"/organisations/{organisation.slug}/provisioning/"


# What the connections do


def test_people_land_in_their_organisation(both, northwind, contoso):
    ours, theirs = both
    ours.make_user("ada")
    theirs.make_user("bob")
    assert [user.username for user in northwind.members.all()] == ["ada"]
    assert [user.username for user in contoso.members.all()] == ["bob"]
    assert not Membership.objects.filter(is_admin=True).exists()


def test_a_connection_without_a_tenant_places_nobody(scim):
    scim.make_user("ada")
    assert not Membership.objects.exists()


def test_neither_sees_the_others_people(both):
    ours, theirs = both
    ada = ours.make_user("ada")
    group = ours.make_group("Everyone", ada)
    theirs.make_user("bob")
    assert theirs.make_group("Everyone")["displayName"] == "Everyone"
    for path in (f"/Users/{ada['id']}", f"/Groups/{group['id']}"):
        assert_error(theirs.get(path), 404)
        assert_error(theirs.delete(path), 404)
    assert theirs.get("/Users").data["totalResults"] == 1
    assert theirs.find('userName eq "ada"') == []


# The settings page


def test_connecting(northwind):
    browser = browser_of(northwind)
    assert b"No identity provider" in browser.get(page(northwind)).content
    answer = browser.post(page(northwind), {"action": "connect"})
    secret = SECRET.search(answer.content.decode())[0]
    assert "no-store" in answer.headers["Cache-Control"]
    connection = Connection.objects.get()
    assert connection.tenant == northwind
    scim = ScimClient(connection, secret)
    scim.make_user("ada")
    assert northwind.members.filter(username="ada").exists()
    shown = browser.get(page(northwind)).content.decode()
    assert secret not in shown and Token.objects.get().prefix in shown and "ada" in shown
    assert secret not in repr([vars(event) for event in Event.objects.all()])


def test_rotating(northwind):
    browser = browser_of(northwind)
    first = browser.post(page(northwind), {"action": "connect"}).content.decode()
    old = ScimClient(Connection.objects.get(), SECRET.search(first)[0])
    token = Token.objects.get()
    answer = browser.post(page(northwind), {"action": "rotate", "token": token.pk})
    new = ScimClient(old.connection, SECRET.search(answer.content.decode())[0])
    assert old.get("/Users").status_code == new.get("/Users").status_code == 200
    browser.post(page(northwind), {"action": "revoke", "token": token.pk})
    assert_error(old.get("/Users"), 401)
    assert new.get("/Users").status_code == 200


def test_pausing_and_closing(northwind, both):
    ours, theirs = both
    browser = browser_of(northwind)
    browser.post(page(northwind), {"action": "pause"})
    assert_error(ours.get("/Users"), 401)
    assert theirs.get("/Users").status_code == 200
    browser.post(page(northwind), {"action": "resume"})
    assert ours.get("/Users").status_code == 200
    browser.post(page(northwind), {"action": "close"})
    browser.post(page(northwind), {"action": "resume"})
    assert_error(ours.get("/Users"), 401)


@pytest.mark.parametrize("action", ["rotate", "revoke"])
def test_another_organisations_token_does_not_exist(northwind, contoso, both, action):
    _, theirs = both
    token = theirs.connection.tokens.get()
    for key in (token.pk, "x", ""):
        answer = browser_of(northwind).post(page(northwind), {"action": action, "token": key})
        assert answer.status_code == 404
    assert theirs.get("/Users").status_code == 200
    assert Token.objects.count() == 2


def test_who_may_see_the_page(northwind, contoso, both):
    outsider = browser_of(contoso)
    member = browser_of(northwind, "member", is_admin=False)
    for browser in (outsider, member):
        assert browser.get(page(northwind)).status_code == 404
        assert browser.post(page(northwind), {"action": "pause"}).status_code == 404
    anonymous = Client().get(page(northwind))
    assert anonymous.status_code == 302 and "/login/" in anonymous.headers["Location"]
    assert Connection.objects.filter(is_active=True).count() == 2


def test_a_get_changes_nothing(northwind, both):
    browser = browser_of(northwind)
    before = list(Connection.objects.values()), list(Token.objects.values())
    for action in ("connect", "issue", "pause", "close"):
        browser.get(page(northwind), {"action": action})
    assert (list(Connection.objects.values()), list(Token.objects.values())) == before


def test_no_forged_request_gets_through(northwind, both):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.create(username="x"))
    assert browser.post(page(northwind), {"action": "close"}).status_code == 403
    assert browser.post(page(northwind), {"action": "nonsense"}).status_code == 403

"""Who is deactivated is out at once, by whatever they were in, and stays out."""

import pytest
from django.contrib.auth import authenticate, get_user
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from django_scim.models import UserLink
from tests.client import USER

BACKENDS = ["db", "cache", "cached_db", "file", "signed_cookies"]


def active(value):
    return {"op": "replace", "path": "active", "value": value}


@pytest.fixture
def person(scim):
    """Somebody provisioned, to whom the site has given a password."""
    made = scim.make_user("bjensen", emails=[{"value": "bj@example.com", "primary": True}])
    user = User.objects.get()
    user.set_password("secret")
    user.save()
    scim.path = f"/Users/{made['id']}"
    return user


def who(browser):
    """Return who a browser is signed in as, as a view would be told."""
    request = RequestFactory().get("/")
    request.session = browser.session
    return get_user(request)


@pytest.mark.parametrize("how", ["password", "single sign-on"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_session_ends_and_stays_ended(scim, person, settings, backend, how, tmp_path):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{backend}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    browser = Client()
    if how == "password":
        assert browser.login(username="bjensen", password="secret")
    else:  # the account has no password that works
        person.set_unusable_password()
        person.save()
        browser.force_login(person)
    assert who(browser) == person
    scim.patch(scim.path, active(False))
    assert who(browser).is_anonymous
    scim.patch(scim.path, active(True))
    assert who(browser).is_anonymous  # the return gives no session back
    assert authenticate(username="bjensen", password="secret") is None


@pytest.mark.parametrize(
    "end",
    [
        lambda scim: scim.patch(scim.path, active(False)),
        lambda scim: scim.patch(scim.path, active("False")),
        lambda scim: scim.patch(scim.path, {"op": "replace", "value": {"active": False}}),
        lambda scim: scim.put(
            scim.path, {"schemas": [USER], "userName": "bjensen", "active": False}
        ),
        lambda scim: scim.delete(scim.path),
    ],
)
def test_every_way_to_end_an_account_ends_its_session(scim, person, end):
    browser = Client()
    browser.login(username="bjensen", password="secret")
    assert end(scim).status_code in (200, 204)
    assert who(browser).is_anonymous
    person.refresh_from_db()
    assert not person.is_active and not person.has_usable_password()


def test_no_password_is_reset(scim, person):
    def ask():
        return len(list(PasswordResetForm().get_users("bj@example.com")))

    assert ask() == 1
    scim.patch(scim.path, active(False))
    assert ask() == 0
    scim.patch(scim.path, active(True))
    assert ask() == 0


def test_a_connection_may_let_passwords_live(scim, person):
    scim.connection.keeps_passwords = True
    scim.connection.save()
    scim.patch(scim.path, active(False))
    assert authenticate(username="bjensen", password="secret") is None
    scim.patch(scim.path, active(True))
    assert authenticate(username="bjensen", password="secret") == person


def test_an_account_that_another_connection_holds_goes_on(connect):
    one, other = connect(), connect()
    made = one.make_user("shared")
    user = User.objects.get()
    UserLink.objects.create(connection=other.connection, target=user)
    browser = Client()
    browser.force_login(user)
    assert one.delete(f"/Users/{made['id']}").status_code == 204
    user.refresh_from_db()
    assert user.is_active and who(browser) == user
    (seen,) = other.find('userName eq "shared"')
    other.delete(f"/Users/{seen['id']}")
    assert who(browser).is_anonymous


def test_a_new_account_has_no_password_that_works(scim):
    scim.make_user("new", password="secret")
    user = User.objects.get()
    assert not user.has_usable_password() and user.password != ""

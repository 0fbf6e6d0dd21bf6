"""Deactivation ends sessions and passwords at once, and reactivation does not restore them."""

import pytest
from django.contrib.auth import authenticate, get_user
from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from django_scim.adapters import UserAdapter
from django_scim.models import UserLink
from tests.client import USER, assert_error

BACKENDS = ["db", "cache", "cached_db", "file", "signed_cookies"]


class WithoutActive(UserAdapter):
    """A site that has no place for the attribute."""

    attributes = {p: m for p, m in UserAdapter.attributes.items() if p != "active"}


def active(value):
    return {"op": "replace", "path": "active", "value": value}


@pytest.fixture
def person(scim):
    """Return a provisioned user with a password set by the site."""
    made = scim.make_user("bjensen", emails=[{"value": "bj@example.com", "primary": True}])
    user = User.objects.get()
    user.set_password("secret")
    user.save()
    scim.path = f"/Users/{made['id']}"
    return user


def current_user(browser):
    """Return the user of a browser's session, as a view would get it."""
    request = RequestFactory().get("/")
    request.session = browser.session
    return get_user(request)


@pytest.mark.parametrize("how", ["password", "single sign-on"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_deactivation_ends_sessions_for_good(scim, person, settings, backend, how, tmp_path):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{backend}"
    settings.SESSION_FILE_PATH = str(tmp_path)
    browser = Client()
    if how == "password":
        assert browser.login(username="bjensen", password="secret")
    else:  # single sign-on: the account has no usable password
        person.set_unusable_password()
        person.save()
        browser.force_login(person)
    assert current_user(browser) == person
    scim.patch(scim.path, active(False))
    assert current_user(browser).is_anonymous
    scim.patch(scim.path, active(True))
    assert current_user(browser).is_anonymous  # reactivation does not restore the session
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
def test_every_form_of_deactivation_ends_sessions(scim, person, end):
    browser = Client()
    browser.login(username="bjensen", password="secret")
    assert end(scim).status_code in (200, 204)
    assert current_user(browser).is_anonymous
    person.refresh_from_db()
    assert not person.is_active and not person.has_usable_password()


def test_deactivation_blocks_password_reset(scim, person):
    def ask():
        return len(list(PasswordResetForm().get_users("bj@example.com")))

    assert ask() == 1
    scim.patch(scim.path, active(False))
    assert ask() == 0
    scim.patch(scim.path, active(True))
    assert ask() == 0


def test_connection_may_keep_passwords(scim, person):
    scim.connection.keeps_passwords = True
    scim.connection.save()
    scim.patch(scim.path, active(False))
    assert authenticate(username="bjensen", password="secret") is None
    scim.patch(scim.path, active(True))
    assert authenticate(username="bjensen", password="secret") == person


def test_account_shared_with_another_connection_stays_active(connect):
    one, other = connect(), connect()
    made = one.make_user("shared")
    user = User.objects.get()
    UserLink.objects.create(connection=other.connection, target=user)
    browser = Client()
    browser.force_login(user)
    assert one.delete(f"/Users/{made['id']}").status_code == 204
    user.refresh_from_db()
    assert user.is_active and current_user(browser) == user
    (seen,) = other.find('userName eq "shared"')
    other.delete(f"/Users/{seen['id']}")
    assert current_user(browser).is_anonymous


def test_new_account_has_unusable_password(scim):
    scim.make_user("new", password="secret")
    user = User.objects.get()
    assert not user.has_usable_password() and user.password != ""


def test_deactivation_without_a_mapping_is_rejected(scim, person, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.WithoutActive"}}
    body = {"schemas": [USER], "userName": "bjensen"}
    for answer in (
        scim.patch(scim.path, active(False)),
        scim.patch(scim.path, {"op": "add", "value": {"active": False}}),
        scim.put(scim.path, body | {"active": False}),
        scim.post("/Users", {"schemas": [USER], "userName": "new", "active": False}),
    ):
        assert_error(answer, 400, "invalidValue", "active: ", "delete the user instead")
    assert scim.patch(scim.path, active(True)).status_code in (200, 204)
    assert scim.put(scim.path, body | {"active": True}).status_code == 200
    assert User.objects.get().is_active and authenticate(username="bjensen", password="secret")
    assert scim.delete(scim.path).status_code == 204
    assert not User.objects.get().is_active

"""The small verbs that a site overrides: names, adoption, the end and the return of an account."""

import pytest
from django.contrib.auth.models import User

from django_scim.adapters import Field, UserAdapter
from django_scim.models import UserLink
from tests.client import USER, assert_error


@pytest.fixture
def site(settings, scim):
    """Make the site use an adapter of this module."""

    def use(name):
        settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"tests.http.test_hooks.{name}"}}
        return scim

    return use


# Adoption


class Adopting(UserAdapter):
    """Whoever has an address of the company, and not yet an identity provider, is adopted."""

    def may_adopt(self, user, values):
        return user.email.endswith("@example.com")


def create(scim, name="amy", **attributes):
    return scim.post("/Users", {"schemas": [USER], "userName": name, **attributes})


def emails(address):
    return [{"value": address, "type": "work", "primary": True}]


@pytest.fixture
def amy(db):
    return User.objects.create_user("Amy", "amy@example.com", "secret", first_name="Amy")


def test_nobody_is_adopted_by_default(scim, amy):
    assert_error(create(scim), 409, "uniqueness")


def test_an_account_of_the_site_is_adopted_where_the_site_says_so(site, amy):
    scim = site("Adopting")
    made = create(scim, "AMY", title="Guide", externalId="7").data
    link = UserLink.objects.get()
    assert link.target == amy and link.unconfirmed
    assert User.objects.count() == 1
    # What it was called stays, and so do its address and its password.
    amy.refresh_from_db()
    assert (amy.username, amy.email) == ("Amy", "amy@example.com")
    assert amy.check_password("secret")
    assert made["userName"] == "Amy" and made["title"] == "Guide"
    assert made["name"]["givenName"] == "Amy"


def test_who_the_site_does_not_name_is_not_adopted(site, amy):
    User.objects.filter(pk=amy.pk).update(email="amy@elsewhere.org")
    assert_error(create(site("Adopting")), 409, "uniqueness")


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
def test_staff_are_never_adopted(site, amy, privilege):
    User.objects.filter(pk=amy.pk).update(**{privilege: True})
    assert_error(create(site("Adopting")), 409, "uniqueness")
    assert not UserLink.objects.filter(target=amy).exists()


def test_who_has_an_identity_provider_already_is_not_adopted(site, amy, connect):
    other = connect()
    create(site("Adopting"))
    assert_error(create(other), 409, "uniqueness")
    assert UserLink.objects.count() == 1


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "userName", "value": "mallory"},
        {"op": "replace", "path": "emails", "value": emails("mallory@example.org")},
        {"op": "add", "path": "emails", "value": emails("mallory@example.org")},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "m@example.org"},
        {"op": "replace", "value": {"userName": "mallory"}},
        {"op": "remove", "path": "emails"},
    ],
)
def test_an_adopted_account_is_locked_until_an_admin_confirms(site, amy, operation):
    scim = site("Adopting")
    path = f"/Users/{create(scim, emails=emails('amy@example.com')).data['id']}"
    assert_error(scim.patch(path, operation), 400, "mutability", "until an admin confirms")
    body = {"schemas": [USER], "userName": "amy2", "emails": emails("m@example.org")}
    assert_error(scim.put(path, body), 400, "mutability", "until an admin confirms")
    amy.refresh_from_db()
    assert (amy.username, amy.email) == ("Amy", "amy@example.com")
    UserLink.objects.update(unconfirmed=False)
    assert scim.patch(path, operation).status_code == 200


# The name


class ByMail(UserAdapter):
    """The userName is the address; the site's own names are made from it."""

    attributes = UserAdapter.attributes | {
        "userName": Field("email"),
        "emails": type(UserAdapter.attributes["emails"])("emails"),
    }

    def choose_username(self, draft):
        return draft.value("userName").partition("@")[0]


class ByMailAlone(UserAdapter):
    attributes = ByMail.attributes


def test_the_site_chooses_the_name(site):
    made = create(site("ByMail"), "bj@example.com").data
    assert made["userName"] == "bj@example.com"
    user = User.objects.get()
    assert (user.username, user.email) == ("bj", "bj@example.com")


def test_without_the_hook_the_name_is_what_the_client_says(site):
    scim = site("ByMailAlone")
    create(scim, "bj@example.com")
    assert User.objects.get().username == "bj@example.com"


# The end and the return


class Leaving(UserAdapter):
    """A leaver keeps no first name here, as a stand-in for what the site has to clear."""

    def deactivate(self, draft):
        super().deactivate(draft)
        draft.put("last_name", "left")

    def reactivate(self, draft):
        draft.put("last_name", "back")


def active(value):
    return {"op": "replace", "path": "active", "value": value}


def test_the_end_and_the_return_of_an_account(site):
    scim = site("Leaving")
    path = f"/Users/{create(scim).data['id']}"
    user = User.objects.get()
    user.set_password("secret")
    user.save()
    for value, name in ((False, "left"), (True, "back")):
        scim.patch(path, active(value))
        user.refresh_from_db()
        assert (user.is_active, user.last_name) == (value, name)
        assert not user.has_usable_password()  # the return gives no password back
    scim.delete(path)
    user.refresh_from_db()
    assert not user.is_active


class Refusing(UserAdapter):
    """The one who must never leave."""

    def deactivate(self, draft):
        from django_scim.protocol.errors import Mutability

        raise Mutability("active: this account is needed until the year's end")


def test_a_hook_that_refuses_undoes_the_whole_request(site):
    scim = site("Refusing")
    path = f"/Users/{create(scim).data['id']}"
    title = {"op": "replace", "path": "title", "value": "Guide"}
    assert_error(scim.patch(path, title, active(False)), 400, "mutability", "year's end")
    data = scim.get(path).data
    assert data["active"] is True and "title" not in data

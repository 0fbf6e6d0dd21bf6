"""The small verbs that a site overrides: names, the end and the return of an account."""

import pytest
from django.contrib.auth.models import User

from django_scim.adapters import Field, UserAdapter
from tests.client import USER, assert_error


@pytest.fixture
def site(settings, scim):
    """Make the site use an adapter of this module."""

    def use(name):
        settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.{name}"}}
        return scim

    return use


def create(scim, name="amy", **attributes):
    return scim.post("/Users", {"schemas": [USER], "userName": name, **attributes})


# The name


class ByMail(UserAdapter):
    """The userName is the address; the site's own names are made from it."""

    attributes = UserAdapter.attributes | {
        "userName": Field("email"),
        "emails": type(UserAdapter.attributes["emails"])("emails"),
    }

    def choose_username(self, unit):
        return unit.value("userName").partition("@")[0]


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

    def deactivate(self, unit):
        super().deactivate(unit)
        unit.put("last_name", "left")

    def reactivate(self, unit):
        unit.put("last_name", "back")


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

    def deactivate(self, unit):
        from django_scim.protocol.errors import Mutability

        raise Mutability("active: this account is needed until the year's end")


def test_a_hook_that_refuses_undoes_the_whole_request(site):
    scim = site("Refusing")
    path = f"/Users/{create(scim).data['id']}"
    title = {"op": "replace", "path": "title", "value": "Guide"}
    assert_error(scim.patch(path, title, active(False)), 400, "mutability", "year's end")
    data = scim.get(path).data
    assert data["active"] is True and "title" not in data

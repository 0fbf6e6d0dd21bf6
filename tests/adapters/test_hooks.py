"""Hooks of the user adapter: choosing the user name, deactivation and reactivation."""

import pytest
from django.contrib.auth.models import User

from django_scim.adapters import Field, UserAdapter, Values
from tests.client import USER, assert_error


@pytest.fixture
def use_adapter(settings, scim):
    """Return a function that sets the user adapter to a class of this module."""

    def use(name):
        settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.{name}"}}
        return scim

    return use


def create(scim, name="amy", **attributes):
    return scim.post("/Users", {"schemas": [USER], "userName": name, **attributes})


# choose_username


class EmailAdapter(UserAdapter):
    """Map userName to the e-mail address and derive the use_adapter's user name from it."""

    attributes = UserAdapter.attributes | {
        "userName": Field("email"),
        "emails": Values("emails"),
    }

    def choose_username(self, unit):
        return unit.value("userName").partition("@")[0]


class EmailWithoutHookAdapter(UserAdapter):
    attributes = EmailAdapter.attributes


def test_site_chooses_the_username(use_adapter):
    made = create(use_adapter("EmailAdapter"), "bj@example.com").data
    assert made["userName"] == "bj@example.com"
    user = User.objects.get()
    assert (user.username, user.email) == ("bj", "bj@example.com")


def test_default_username_is_the_sent_one(use_adapter):
    scim = use_adapter("EmailWithoutHookAdapter")
    create(scim, "bj@example.com")
    assert User.objects.get().username == "bj@example.com"


# deactivate and reactivate


class LastNameAdapter(UserAdapter):
    """Set the last name, in place of data that a use_adapter must clear."""

    def deactivate(self, unit):
        super().deactivate(unit)
        unit.put("last_name", "left")

    def reactivate(self, unit):
        unit.put("last_name", "back")


def active(value):
    return {"op": "replace", "path": "active", "value": value}


def test_deactivate_and_reactivate(use_adapter):
    scim = use_adapter("LastNameAdapter")
    path = f"/Users/{create(scim).data['id']}"
    user = User.objects.get()
    user.set_password("secret")
    user.save()
    for value, name in ((False, "left"), (True, "back")):
        scim.patch(path, active(value))
        user.refresh_from_db()
        assert (user.is_active, user.last_name) == (value, name)
        assert not user.has_usable_password()  # reactivation restores no password
    scim.delete(path)
    user.refresh_from_db()
    assert not user.is_active


class RefusingAdapter(UserAdapter):
    """Refuse every deactivation."""

    def deactivate(self, unit):
        from django_scim.protocol.errors import Mutability

        raise Mutability("active: this account is needed until the year's end")


def test_refusal_of_a_hook_rolls_back_the_request(use_adapter):
    scim = use_adapter("RefusingAdapter")
    path = f"/Users/{create(scim).data['id']}"
    title = {"op": "replace", "path": "title", "value": "Guide"}
    assert_error(scim.patch(path, title, active(False)), 400, "mutability", "year's end")
    data = scim.get(path).data
    assert data["active"] is True and "title" not in data

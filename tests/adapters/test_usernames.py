"""User names of Entra guests, which Django's validator would reject."""

import pytest
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError

GUEST = "x_gmail.com#EXT#@tenant.onmicrosoft.com"


@pytest.fixture
def guest(scim):
    scim.make_user(GUEST)
    return User.objects.get(username=GUEST)


def change_form(admin_client, user, **changes):
    url = f"/admin/auth/user/{user.pk}/change/"
    form = admin_client.get(url).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value is not None}
    joined = data.pop("date_joined")
    data |= {"date_joined_0": joined.date(), "date_joined_1": joined.time(), "groups": []}
    data = {name: value for name, value in data.items() if value is not False} | changes
    return admin_client.post(url, data)


def test_admin_can_edit_a_guest(guest, admin_client):
    answer = change_form(admin_client, guest, first_name="Xenia")
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    guest.refresh_from_db()
    assert (guest.username, guest.first_name) == (GUEST, "Xenia")


def test_other_names_stay_invalid(guest, admin_client):
    answer = change_form(admin_client, guest, username="y_gmail.com#EXT#@elsewhere")
    assert "username" in answer.context["adminform"].form.errors


@pytest.mark.parametrize("name", [GUEST, "new#name"])
def test_sign_up_form_stays_strict(name, guest):
    form = UserCreationForm({"username": name, "password1": "Xk29!aaa", "password2": "Xk29!aaa"})
    assert "username" in form.errors


def test_the_maximum_length_still_applies(guest):
    guest.username = "x" * 151
    with pytest.raises(ValidationError, match="150"):
        guest.full_clean(exclude=["password"])


def test_migrations_have_the_sites_own_validators():
    field = User._meta.get_field("username")
    validators = field.deconstruct()[3]["validators"]
    assert [type(each) for each in validators] == [UnicodeUsernameValidator]


def test_guest_is_found_by_username(guest, scim):
    assert scim.find(f'userName eq "{GUEST.upper()}"')

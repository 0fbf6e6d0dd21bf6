"""Users identified by e-mail."""

import uuid

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from django_scim import connections
from tests.client import ENTERPRISE, USER, assert_error


def test_life_cycle_of_a_user(scim):
    person = scim.make_user(
        "Babs@example.com",
        externalId="7",
        name={"givenName": "Barbara", "familyName": "Jensen"},
        displayName="Babs",
        emails=[{"value": "babs@home.org", "type": "home"}],
        **{ENTERPRISE: {"department": "Tours"}},
    )
    account = get_user_model().objects.get()
    assert isinstance(account.pk, uuid.UUID) and account.email == "Babs@example.com"
    assert not account.has_usable_password()
    path = f"/Users/{person['id']}"
    assert scim.get(path).data == person
    assert person["name"] == {"givenName": "Barbara", "familyName": "Jensen"}
    for text in (
        'userName eq "BABS@example.com"',
        'name.familyName eq "jensen"',
        'emails.value eq "BABS@home.org"',
        f'{ENTERPRISE}:department eq "tours"',
    ):
        assert scim.find(text)
    boss = scim.make_user("boss@example.com")
    data = scim.patch(
        path,
        {"op": "replace", "path": "name.givenName", "value": "Babs"},
        {"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": boss["id"]}},
        {"op": "replace", "path": "userName", "value": "b@example.com"},
    ).data
    assert data["name"]["givenName"] == "Babs"
    assert data[ENTERPRISE]["manager"]["value"] == boss["id"]
    group = scim.make_group("G", person)
    assert scim.get(path).data["groups"][0]["value"] == group["id"]
    body = {"schemas": [USER], "userName": "B@EXAMPLE.com"}
    assert_error(scim.post("/Users", body), 409, "uniqueness")
    assert scim.delete(path).status_code == 204
    assert scim.make_user("b@example.com", externalId="7")["id"] != person["id"]
    assert get_user_model().objects.count() == 2


def test_scope_site(connect):
    get_user_model().objects.create_user("site@example.com")
    assert connect(scope="site").find('userName eq "SITE@example.com"')


def test_scope_with_keys_that_are_uuids(connect):
    get_user_model().objects.create_user("site@example.com")
    scim = connect(scope="site")
    (before,) = scim.find('userName eq "site@example.com"')
    for _ in range(2):
        connections.set_scope(scim.connection, "own")
        assert_error(scim.get(f"/Users/{before['id']}"), 404)
        body = {"schemas": [USER], "userName": "site@example.com"}
        assert_error(scim.post("/Users", body), 409, "uniqueness")
        connections.set_scope(scim.connection, "site")
        (found,) = scim.find('userName eq "site@example.com"')
        assert found["id"] == before["id"]


def test_guest_username_is_an_address(scim):
    scim.make_user("x_gmail.com#EXT#@tenant.onmicrosoft.com")
    get_user_model().objects.get().full_clean()


@pytest.mark.parametrize("name", ["bjensen", "b jensen@example.com", "@example.com"])
def test_rejects_username_that_is_not_an_address(scim, name):
    """The column must hold addresses, as the forms of the site require."""
    answer = scim.post("/Users", {"schemas": [USER], "userName": name})
    assert_error(answer, 400, "invalidValue", "userName")
    user = scim.make_user("bjensen@example.com")
    operation = {"op": "replace", "path": "userName", "value": name}
    assert_error(scim.patch(f"/Users/{user['id']}", operation), 400, "invalidValue", "userName")
    assert get_user_model().objects.get().email == "bjensen@example.com"


def test_checks_pass(db):
    call_command("check", fail_level="INFO")

"""Accounts that the site had before, and become a connection's own: only by its policy."""

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import Q

from django_scim.adapters import UserAdapter
from django_scim.adapters.accounts.adoption import AdoptionPolicy
from django_scim.models import UserLink, UserProfile
from tests.client import USER, assert_error


class Reluctant(UserAdapter):
    """Of those that the policy proposes, only whoever has an address of the company."""

    def may_adopt(self, user, values):
        return user.email.endswith("@example.com")


class Verifying(UserAdapter):
    """This site has verified every address of the company, and no other."""

    def has_verified_email(self, user, address):
        return address.lower().endswith("@example.com")


class Discreet(Verifying):
    """This site protects its directors, too, and knows so by another table than the user's."""

    @classmethod
    def unprotected(cls):
        return super().unprotected() & ~Q(target__scim_profile__title="Director")


class OfATenant(Verifying):
    """Here the tenants are groups, and whoever is in one belongs to it."""

    def belongs_to(self, user, tenant):
        return tenant in user.groups.all()


class ByStaffNumber(AdoptionPolicy):
    """A policy of a site's own."""

    def find(self, adapter, values):
        number = next((v for path, v in values.items() if path.name == "externalId"), "")
        return User.objects.filter(last_name=f"number {number}")


def create(scim, name="amy", **attributes):
    return scim.post("/Users", {"schemas": [USER], "userName": name, **attributes})


def emails(address):
    return [{"value": address, "type": "work", "primary": True}]


@pytest.fixture
def amy(db):
    return User.objects.create_user("Amy", "amy@example.com", "secret", first_name="Amy")


@pytest.fixture
def by_name(connect):
    return connect(adoption="username")


@pytest.fixture
def by_email(connect, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.Verifying"}}
    return connect(adoption="email")


def test_nobody_is_adopted_by_default(scim, amy):
    assert_error(create(scim), 409, "uniqueness")
    assert not UserLink.objects.exists()


def test_by_user_name(by_name, amy):
    made = create(by_name, "AMY", title="Guide", externalId="7").data
    link = UserLink.objects.get()
    assert link.target == amy and link.unconfirmed
    assert User.objects.count() == 1
    # What it was called stays, and so do its address and its password.
    amy.refresh_from_db()
    assert (amy.username, amy.email) == ("Amy", "amy@example.com")
    assert amy.check_password("secret")
    assert made["userName"] == "Amy" and made["title"] == "Guide"
    assert made["name"]["givenName"] == "Amy"


def test_the_adapter_has_the_last_word(by_name, amy, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.Reluctant"}}
    User.objects.filter(pk=amy.pk).update(email="amy@elsewhere.org")
    assert_error(create(by_name), 409, "uniqueness")
    User.objects.filter(pk=amy.pk).update(email="amy@example.com")
    assert create(by_name).status_code == 201


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
@pytest.mark.parametrize("policy", ["username", "email"])
def test_staff_are_never_adopted(connect, settings, amy, privilege, policy):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.Verifying"}}
    User.objects.filter(pk=amy.pk).update(**{privilege: True})
    answer = create(connect(adoption=policy), emails=emails("amy@example.com"))
    assert_error(answer, 409, "uniqueness")
    assert not UserLink.objects.filter(target=amy).exists()


def test_who_has_an_identity_provider_already_is_not_adopted(by_name, amy, connect):
    create(by_name)
    assert_error(create(connect(adoption="username")), 409, "uniqueness")
    assert UserLink.objects.count() == 1


@pytest.mark.parametrize("policy", ["username", "email"])
def test_whom_the_site_protects_is_not_adopted(connect, settings, amy, policy):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.Discreet"}}
    UserProfile.objects.create(user=amy, title="Director")
    answer = create(connect(adoption=policy), emails=emails("amy@example.com"))
    assert_error(answer, 409, "uniqueness")
    assert not UserLink.objects.exists()
    UserProfile.objects.update(title="Guide")
    assert create(connect(adoption="username")).status_code == 201
    assert UserLink.objects.get().target == amy


def test_whom_the_connection_has_already_is_not_adopted(connect, amy):
    scim = connect(scope="site", adoption="username")
    assert_error(create(scim), 409, "uniqueness")
    assert not UserLink.objects.get(target=amy).unconfirmed


# For a connection that belongs to a tenant


@pytest.fixture
def contoso(connect, amy):
    """A customer whose person Amy is."""
    customer = Group.objects.create(name="Contoso")
    amy.groups.add(customer)
    return customer


@pytest.fixture
def knowing(settings):
    """A site that tells who belongs to whom."""
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.OfATenant"}}


def test_a_tenants_connection_adopts_nobody_by_default(connect, contoso):
    assert_error(create(connect(tenant=contoso, adoption="username")), 409, "uniqueness")
    assert not UserLink.objects.exists()


@pytest.mark.parametrize("policy", ["username", "email"])
def test_an_account_of_another_tenant_is_not_adopted(connect, knowing, contoso, policy):
    northwind = Group.objects.create(name="Northwind")
    scim = connect(tenant=northwind, adoption=policy)
    assert_error(create(scim, emails=emails("amy@example.com")), 409, "uniqueness")
    assert not UserLink.objects.exists()
    assert User.objects.get().is_active


def test_an_account_of_its_own_tenant_is_adopted(connect, knowing, contoso, amy):
    assert create(connect(tenant=contoso, adoption="username")).status_code == 201
    assert UserLink.objects.get().target == amy


# By address


def test_by_verified_address(by_email, amy):
    made = create(by_email, "amy.new", emails=emails("AMY@example.com")).data
    assert made["userName"] == "Amy"
    assert UserLink.objects.get().target == amy


def test_an_address_that_nobody_has_verified(connect, amy):
    # Anybody may have written it there: stock Django asks no proof (Grafana CVE-2025-41115).
    made = create(connect(adoption="email"), "amy.new", emails=emails("amy@example.com")).data
    assert made["userName"] == "amy.new"
    assert User.objects.count() == 2


def test_an_address_that_two_accounts_have(by_email, amy):
    User.objects.create_user("other", "Amy@example.com")
    assert create(by_email, "amy.new", emails=emails("amy@example.com")).status_code == 201
    assert not UserLink.objects.filter(target=amy).exists()


def test_an_address_of_one_and_the_name_of_another(by_email, amy):
    User.objects.create_user("bob", "bob@example.com")
    answer = create(by_email, "bob", emails=emails("amy@example.com"))
    assert_error(answer, 409, "uniqueness")
    assert not UserLink.objects.exists()


def test_no_address_at_all(by_email, amy):
    User.objects.filter(pk=amy.pk).update(email="")
    assert create(by_email, "new").status_code == 201
    assert not UserLink.objects.filter(target=amy).exists()


def test_a_policy_of_the_sites_own(connect, settings, amy):
    path = f"{__name__}.ByStaffNumber"
    settings.DJANGO_SCIM = {"ADOPTION_POLICIES": {"number": path}}
    User.objects.filter(pk=amy.pk).update(last_name="number 7")
    scim = connect(adoption="number")
    assert create(scim, "somebody", externalId="7").data["userName"] == "Amy"
    assert create(scim, "other", externalId="8").data["userName"] == "other"


# The second request is as dangerous as the first


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "userName", "value": "mallory"},
        {"op": "replace", "path": "emails", "value": emails("mallory@example.org")},
        {"op": "add", "path": "emails", "value": emails("mallory@example.org")},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "m@example.org"},
        {"op": "replace", "value": {"userName": "mallory"}},
        {"op": "remove", "path": "emails"},
        {"op": "replace", "path": "password", "value": "Correct-horse-7"},
        {"op": "remove", "path": "password"},
    ],
)
def test_an_adopted_account_is_locked_until_an_admin_confirms(connect, amy, operation):
    scim = connect(adoption="username", passwords="accept")
    path = f"/Users/{create(scim, emails=emails('amy@example.com')).data['id']}"
    assert_error(scim.patch(path, operation), 400, "mutability", "until an admin confirms")
    for given in ({"userName": "amy2"}, {"password": "Correct-horse-7"}):
        body = {"schemas": [USER], "userName": "Amy", "emails": emails("amy@example.com"), **given}
        assert_error(scim.put(path, body), 400, "mutability", "until an admin confirms")
    amy.refresh_from_db()
    assert (amy.username, amy.email) == ("Amy", "amy@example.com")
    assert amy.check_password("secret")
    UserLink.objects.update(unconfirmed=False)
    assert scim.patch(path, operation).status_code == 200


def test_the_body_that_adopts_sets_no_password(connect, amy):
    scim = connect(adoption="username", passwords="accept")
    create(scim, password="Correct-horse-7")
    amy.refresh_from_db()
    assert amy.check_password("secret")

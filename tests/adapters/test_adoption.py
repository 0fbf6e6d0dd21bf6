"""Adoption of existing accounts, as the connection's policy allows."""

import pytest
from django.contrib.auth.models import Group, User
from django.db.models import Q

from django_scim import connections
from django_scim.adapters import UserAdapter
from django_scim.adapters.accounts.adoption import AdoptionPolicy
from django_scim.models import UserLink, UserProfile
from tests.client import USER, assert_error


class CompanyOnlyAdapter(UserAdapter):
    """Adopt only users with an e-mail address of the company."""

    def may_adopt(self, user, values):
        return user.email.endswith("@example.com")


class VerifyingAdapter(UserAdapter):
    """Treat every address of the company as verified, and no other."""

    def has_verified_email(self, user, address):
        return address.lower().endswith("@example.com")


class StaffAdapter(VerifyingAdapter):
    """Let connections have every account, including staff."""

    @classmethod
    def unprotected(cls):
        return Q()


class DirectorProtectingAdapter(VerifyingAdapter):
    """Protect directors as well, who are marked in another table."""

    @classmethod
    def unprotected(cls):
        return super().unprotected() & ~Q(target__scim_profile__title="Director")


class OwnAccountsAdapter(VerifyingAdapter):
    """Protect the accounts that existed before the connection."""

    @classmethod
    def unprotected(cls):
        return super().unprotected() & Q(preexisting=False)


class GroupTenantAdapter(VerifyingAdapter):
    """Use groups as tenants; a user belongs to the tenant if they are in the group."""

    def belongs_to(self, user, tenant):
        return tenant in user.groups.all()


class ByStaffNumber(AdoptionPolicy):
    """A custom adoption policy."""

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
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.VerifyingAdapter"}}
    return connect(adoption="email")


def test_no_adoption_by_default(scim, amy):
    assert_error(create(scim), 409, "uniqueness")
    assert not UserLink.objects.exists()


def test_adopts_by_username(by_name, amy):
    made = create(by_name, "AMY", title="Guide", externalId="7").data
    link = UserLink.objects.get()
    assert link.target == amy and link.unconfirmed
    assert User.objects.count() == 1
    # The user name, the address and the password do not change.
    amy.refresh_from_db()
    assert (amy.username, amy.email) == ("Amy", "amy@example.com")
    assert amy.check_password("secret")
    assert made["userName"] == "Amy" and made["title"] == "Guide"
    assert made["name"]["givenName"] == "Amy"


def test_adapter_can_veto_adoption(by_name, amy, settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.CompanyOnlyAdapter"}}
    User.objects.filter(pk=amy.pk).update(email="amy@elsewhere.org")
    assert_error(create(by_name), 409, "uniqueness")
    User.objects.filter(pk=amy.pk).update(email="amy@example.com")
    assert create(by_name).status_code == 201


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
@pytest.mark.parametrize("policy", ["username", "email"])
def test_staff_are_never_adopted(connect, settings, amy, privilege, policy):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.VerifyingAdapter"}}
    User.objects.filter(pk=amy.pk).update(**{privilege: True})
    answer = create(connect(adoption=policy), emails=emails("amy@example.com"))
    assert_error(answer, 409, "uniqueness")
    assert not UserLink.objects.filter(target=amy).exists()


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
@pytest.mark.parametrize("policy", ["username", "email"])
def test_staff_are_not_adopted_where_connections_can_have_staff(
    connect, settings, amy, privilege, policy
):
    """An admin can assign such an account; a request alone never takes it."""
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.StaffAdapter"}}
    User.objects.filter(pk=amy.pk).update(**{privilege: True})
    answer = create(connect(adoption=policy), emails=emails("amy@example.com"))
    assert_error(answer, 409, "uniqueness")
    assert not UserLink.objects.filter(target=amy).exists()


def test_accounts_of_another_connection_are_not_adopted(by_name, amy, connect):
    create(by_name)
    assert_error(create(connect(adoption="username")), 409, "uniqueness")
    assert UserLink.objects.count() == 1


@pytest.mark.parametrize("policy", ["username", "email"])
def test_protected_accounts_are_not_adopted(connect, settings, amy, policy):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.DirectorProtectingAdapter"}}
    UserProfile.objects.create(user=amy, title="Director")
    answer = create(connect(adoption=policy), emails=emails("amy@example.com"))
    assert_error(answer, 409, "uniqueness")
    assert not UserLink.objects.exists()
    UserProfile.objects.update(title="Guide")
    assert create(connect(adoption="username")).status_code == 201
    assert UserLink.objects.get().target == amy


def test_condition_on_adopted_accounts_is_tested_before_the_adoption(connect, settings, amy):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.OwnAccountsAdapter"}}
    assert_error(create(connect(adoption="username")), 409, "uniqueness")
    assert not UserLink.objects.exists()


def test_unassignment_of_another_account_prevents_no_adoption(by_name, amy):
    bob = User.objects.create_user("bob")
    create(by_name, "bob")
    connections.unassign(by_name.connection, bob)
    assert_error(create(by_name, "bob"), 409, "uniqueness")
    assert create(by_name).status_code == 201
    assert UserLink.objects.get(target=amy).unconfirmed


def test_linked_accounts_are_not_adopted_again(connect, amy):
    scim = connect(scope="site", adoption="username")
    assert_error(create(scim), 409, "uniqueness")
    assert not UserLink.objects.get(target=amy).unconfirmed


# Connections of a tenant


@pytest.fixture
def contoso(connect, amy):
    """Return a customer to which Amy belongs."""
    customer = Group.objects.create(name="Contoso")
    amy.groups.add(customer)
    return customer


@pytest.fixture
def tenant_adapter(settings):
    """Use an adapter that knows which users belong to a tenant."""
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.GroupTenantAdapter"}}


def test_tenant_connection_adopts_nothing_by_default(connect, contoso):
    assert_error(create(connect(tenant=contoso, adoption="username")), 409, "uniqueness")
    assert not UserLink.objects.exists()


@pytest.mark.parametrize("policy", ["username", "email"])
def test_account_of_another_tenant_is_not_adopted(connect, tenant_adapter, contoso, policy):
    northwind = Group.objects.create(name="Northwind")
    scim = connect(tenant=northwind, adoption=policy)
    assert_error(create(scim, emails=emails("amy@example.com")), 409, "uniqueness")
    assert not UserLink.objects.exists()
    assert User.objects.get().is_active


def test_account_of_same_tenant_is_adopted(connect, tenant_adapter, contoso, amy):
    assert create(connect(tenant=contoso, adoption="username")).status_code == 201
    assert UserLink.objects.get().target == amy


# By e-mail address


def test_adopts_by_verified_email(by_email, amy):
    made = create(by_email, "amy.new", emails=emails("AMY@example.com")).data
    assert made["userName"] == "Amy"
    assert UserLink.objects.get().target == amy


def test_unverified_email_is_not_adopted(connect, amy):
    # Anyone can set an address: stock Django does not verify it (Grafana CVE-2025-41115).
    made = create(connect(adoption="email"), "amy.new", emails=emails("amy@example.com")).data
    assert made["userName"] == "amy.new"
    assert User.objects.count() == 2


def test_email_of_two_accounts_is_not_adopted(by_email, amy):
    User.objects.create_user("other", "Amy@example.com")
    assert create(by_email, "amy.new", emails=emails("amy@example.com")).status_code == 201
    assert not UserLink.objects.filter(target=amy).exists()


@pytest.mark.parametrize("policy", ["username", "email"])
def test_similar_names_and_addresses_are_not_adopted(connect, settings, policy):
    """MariaDB's collation treats them as equal, but they may belong to another person."""
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.VerifyingAdapter"}}
    zoe = User.objects.create_user("zo\u00eb", "zo\u00eb@example.com")
    create(connect(adoption=policy), "zoe", emails=emails("zoe@example.com"))
    assert not UserLink.objects.filter(target=zoe).exists()


def test_conflicting_email_and_username_adopt_nothing(by_email, amy):
    User.objects.create_user("bob", "bob@example.com")
    answer = create(by_email, "bob", emails=emails("amy@example.com"))
    assert_error(answer, 409, "uniqueness")
    assert not UserLink.objects.exists()


def test_missing_email_adopts_nothing(by_email, amy):
    User.objects.filter(pk=amy.pk).update(email="")
    assert create(by_email, "new").status_code == 201
    assert not UserLink.objects.filter(target=amy).exists()


def test_custom_adoption_policy(connect, settings, amy):
    path = f"{__name__}.ByStaffNumber"
    settings.DJANGO_SCIM = {"ADOPTION_POLICIES": {"number": path}}
    User.objects.filter(pk=amy.pk).update(last_name="number 7")
    scim = connect(adoption="number")
    assert create(scim, "somebody", externalId="7").data["userName"] == "Amy"
    assert create(scim, "other", externalId="8").data["userName"] == "other"


# Changes after the adoption


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "userName", "value": "mallory"},
        {"op": "replace", "path": "emails", "value": emails("mallory@example.org")},
        {"op": "add", "path": "emails", "value": emails("mallory@example.org")},
        {"op": "replace", "path": "emails[value pr].value", "value": "m@example.org"},
        {"op": "replace", "value": {"userName": "mallory"}},
        {"op": "remove", "path": "emails"},
        {"op": "replace", "path": "password", "value": "Correct-horse-7"},
        {"op": "remove", "path": "password"},
    ],
)
def test_adopted_account_is_locked_until_confirmed(connect, amy, operation):
    scim = connect("strict", adoption="username", passwords="accept")
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


def test_adopting_request_sets_no_password(connect, amy):
    scim = connect(adoption="username", passwords="accept")
    create(scim, password="Correct-horse-7")
    amy.refresh_from_db()
    assert amy.check_password("secret")

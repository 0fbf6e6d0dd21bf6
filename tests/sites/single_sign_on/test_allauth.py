"""Provisioned people can sign in to their accounts, and other people cannot."""

from functools import partial

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User

from django_scim import connections
from django_scim.models import Event, SingleSignOn
from tests.client import ScimClient

MARIA = "0f8fad5b-d9cb-469f-a165-70867728950e"


def provision(scim, user_name="maria", external_id=MARIA, email="maria@example.com"):
    return scim.make_user(
        user_name,
        externalId=external_id,
        emails=[{"value": email, "type": "work", "primary": True}],
    )


@pytest.mark.parametrize("verification", ["optional", "mandatory"])
@pytest.mark.parametrize("user_name", ["maria@example.com", "maria"])
@pytest.mark.parametrize("is_verified", [True, False])
def test_first_sign_in_uses_the_provisioned_account(
    scim, single_sign_on, person, sign_in, settings, verification, user_name, is_verified
):
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    single_sign_on(verified_domains="example.com")
    provision(scim, user_name)
    person("maria", sub=MARIA, email="maria@example.com", email_verified=is_verified)
    assert sign_in("maria") == user_name
    assert sign_in("maria") == user_name
    assert User.objects.count() == 1
    assert SocialAccount.objects.get().user.username == user_name
    address = EmailAddress.objects.get()
    assert (address.email, address.verified, address.primary) == ("maria@example.com", True, True)


def test_account_is_found_by_external_id_after_a_rename(scim, single_sign_on, person, sign_in):
    single_sign_on()
    resource = provision(scim)
    person("maria", sub=MARIA, email="maria@example.com", preferred_username="maria.rossi")
    assert sign_in("maria") == "maria"
    rename = {"op": "replace", "path": "userName", "value": "maria.rossi"}
    assert scim.patch(f"/Users/{resource['id']}", rename).status_code == 200
    assert sign_in("maria") == "maria.rossi"
    assert User.objects.count() == 1


def test_another_claim_than_the_subject(scim, single_sign_on, person, sign_in):
    single_sign_on(external_id_claim="oid")
    provision(scim, external_id="object-7")
    person("maria", sub="pairwise", oid="object-7")
    assert sign_in("maria") == "maria"


def test_user_name_finds_only_people_without_external_id(scim, single_sign_on, person, sign_in):
    single_sign_on(user_name_claim="preferred_username")
    scim.make_user("maria")
    provision(scim, "ben", external_id="of another Ben")
    person("maria", sub="unknown", preferred_username="MARIA")
    person("ben", sub="also unknown", preferred_username="ben")
    assert sign_in("maria") == "maria"
    assert "Sign Up Closed" in sign_in("ben")


def test_user_name_is_used_only_if_a_claim_is_set(scim, single_sign_on, person, sign_in):
    single_sign_on()
    scim.make_user("maria")
    person("maria", sub="unknown", preferred_username="maria")
    assert "Sign Up Closed" in sign_in("maria")


@pytest.mark.parametrize("has_account", [False, True])
def test_deactivated_person_cannot_sign_in(scim, single_sign_on, person, sign_in, has_account):
    single_sign_on()
    resource = provision(scim)
    person("maria", sub=MARIA, email="maria@example.com", email_verified=True)
    if has_account:
        assert sign_in("maria") == "maria"
    off = {"op": "replace", "path": "active", "value": False}
    assert scim.patch(f"/Users/{resource['id']}", off).status_code == 200
    assert "inactive" in sign_in("maria").lower()
    assert User.objects.count() == 1


@pytest.mark.parametrize("has_account", [False, True])
def test_deleted_person_cannot_sign_in(scim, single_sign_on, person, sign_in, has_account):
    single_sign_on()
    resource = provision(scim)
    person("maria", sub=MARIA, email="maria@example.com", email_verified=True)
    if has_account:
        assert sign_in("maria") == "maria"
    assert scim.delete(f"/Users/{resource['id']}").status_code == 204
    page = sign_in("maria").lower()
    assert "inactive" in page if has_account else "sign up closed" in page
    assert User.objects.count() == 1


def test_new_account_of_the_same_person_replaces_the_old_one(scim, single_sign_on, person, sign_in):
    single_sign_on()
    old = provision(scim)
    person("maria", sub=MARIA, email="maria@example.com")
    assert sign_in("maria") == "maria"
    assert scim.delete(f"/Users/{old['id']}").status_code == 204
    provision(scim, "maria.rossi")
    assert sign_in("maria") == "maria.rossi"
    assert SocialAccount.objects.count() == 1


@pytest.mark.parametrize("sign_up", [False, True])
def test_verified_address_of_another_account_is_no_way_in(
    scim, single_sign_on, person, sign_in, sign_up
):
    single_sign_on(allow_sign_up=sign_up)
    provision(scim)
    boss = User.objects.create_superuser("boss", "boss@example.com", "secret")
    EmailAddress.objects.create(user=boss, email=boss.email, verified=True, primary=True)
    for name, address in (("mallory", "boss@example.com"), ("mallet", "maria@example.com")):
        person(name, sub=name, email=address, email_verified=True, preferred_username="x")
        assert sign_in(name) not in ("boss", "maria")
    assert not SocialAccount.objects.filter(user__username__in=["boss", "maria"]).exists()


def test_stranger_may_sign_up_if_the_connection_allows_it(scim, single_sign_on, person, sign_in):
    single_sign_on(allow_sign_up=True)
    provision(scim)
    person("zoe", sub="zoe", email="zoe@example.org", preferred_username="zoe")
    assert sign_in("zoe") == "zoe"
    person("maria", sub="another", preferred_username="maria")
    assert "Sign Up Closed" in sign_in("maria")
    assert User.objects.count() == 2


def test_provider_of_no_connection_works_as_before(person, sign_in):
    person("zoe", sub="zoe", email="zoe@example.org", preferred_username="zoe")
    assert sign_in("zoe") == "zoe"


def test_account_that_became_staff_is_not_handed_over(scim, single_sign_on, person, sign_in):
    single_sign_on()
    provision(scim)
    User.objects.update(is_staff=True)
    person("maria", sub=MARIA)
    assert "Sign Up Closed" in sign_in("maria")


def test_unconfirmed_account_is_not_handed_over(connect, person, sign_in):
    User.objects.create_user("maria", "maria@example.com", "secret")
    scim = connect(adoption="username")
    SingleSignOn.objects.create(connection=scim.connection, provider="keycloak")
    provision(scim)
    person("maria", sub=MARIA)
    assert "Sign Up Closed" in sign_in("maria")
    connections.confirm(scim.connection.django_scim_userlinks.get())
    assert sign_in("maria") == "maria"


def test_subject_of_another_connection_does_not_count(scim, single_sign_on, person, sign_in, db):
    single_sign_on()
    provision(ScimClient(connections.create("Another")))
    person("maria", sub=MARIA)
    assert "Sign Up Closed" in sign_in("maria")


def test_ambiguous_external_id_is_refused(scim, single_sign_on, person, sign_in):
    single_sign_on()
    provision(scim, "maria")
    provision(scim, "ben", email="ben@example.com")
    person("maria", sub=MARIA)
    assert "Sign Up Closed" in sign_in("maria")


@pytest.fixture
def commit(django_capture_on_commit_callbacks):
    """Return a context manager that runs the on-commit functions at its end."""
    return partial(django_capture_on_commit_callbacks, execute=True)


def test_addresses_follow_the_provisioned_one(scim, single_sign_on, commit):
    single_sign_on(verified_domains="example.com example.net")
    with commit():
        resource = provision(scim)
    user = User.objects.get()
    EmailAddress.objects.create(user=user, email="private@gmail.com", verified=True)
    new = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "m@example.net"}
    with commit():
        assert scim.patch(f"/Users/{resource['id']}", new).status_code == 200
    rows = EmailAddress.objects.filter(user=user).order_by("email")
    assert list(rows.values_list("email", "verified", "primary")) == [
        ("m@example.net", True, True),
        ("private@gmail.com", True, False),
    ]


def test_address_outside_of_the_domains_is_not_verified(scim, single_sign_on, commit):
    single_sign_on(verified_domains="example.com")
    with commit():
        provision(scim, email="maria@elsewhere.org")
    assert not EmailAddress.objects.get().verified


def test_address_that_another_account_verified_stays_with_it(scim, single_sign_on, commit):
    single_sign_on(verified_domains="example.com")
    owner = User.objects.create_user("owner", "maria@example.com")
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    with commit():
        provision(scim)
    assert EmailAddress.objects.count() == 2
    assert EmailAddress.objects.get(verified=True).user == owner


def test_admin_enters_the_provider_on_the_connections_page(admin_client, scim):
    page = f"/admin/django_scim/connection/{scim.connection.pk}/change/"
    form = admin_client.get(page).context["adminform"].form
    data = {name: "" if value is None else value for name, value in form.initial.items()}
    data = {name: value for name, value in data.items() if value is not False}
    prefix = "single_sign_on"
    data |= {
        f"{prefix}-TOTAL_FORMS": 1,
        f"{prefix}-INITIAL_FORMS": 0,
        f"{prefix}-0-connection": scim.connection.pk,
        f"{prefix}-0-provider": "keycloak",
        f"{prefix}-0-verified_domains": "example.com not@domain",
    }
    answer = admin_client.post(page, data)
    assert "“not@domain” is not an e-mail domain" in answer.content.decode()
    data[f"{prefix}-0-verified_domains"] = "example.com\nexample.net"
    assert admin_client.post(page, data).status_code == 302
    sign_on = SingleSignOn.objects.get(connection=scim.connection)
    assert sign_on.vouches_for("Maria@EXAMPLE.net") and not sign_on.vouches_for("a@b.com")
    event = Event.objects.latest()
    assert (event.detail, event.changes[0]) == (
        "settings changed by admin admin",
        {"path": "single sign-on, provider", "old": None, "new": "keycloak"},
    )

"""Deleted accounts that come back: with their old restrictions, and only if nothing has changed."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q
from django.utils import timezone

from django_scim import connections
from django_scim.adapters import UserAdapter
from django_scim.adapters.accounts.eligibility import digest_of
from django_scim.adapters.registry import Registry
from django_scim.models import Event, UserLink, UserProfile
from django_scim.protocol.tolerances import Tolerances
from tests.client import GROUP, USER, assert_error
from tests.concurrency import needs_row_locks, run_concurrently

ADDRESS = "amy@example.com"
MALLORY = [{"value": "mallory@example.org", "type": "work", "primary": True}]


class VetoingAdapter(UserAdapter):
    """Adopt no account whose title is "Vetoed"."""

    def may_adopt(self, user, values):
        return not UserProfile.objects.filter(user=user, title="Vetoed").exists()


class DirectorProtectingAdapter(UserAdapter):
    """Protect directors, who are marked in another table."""

    @classmethod
    def unprotected(cls):
        directors = UserProfile.objects.filter(title="Director")
        return super().unprotected() & ~Q(target__in=directors.values("user"))


class NickNameTenantAdapter(UserAdapter):
    """Use groups as tenants; an account belongs to the one with the name of its nickName."""

    def belongs_to(self, user, tenant):
        return UserProfile.objects.filter(user=user, nick_name=tenant.name).exists()


def use(settings, adapter):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.{adapter.__name__}"}}


def body(name="amy", external_id="7", **attributes):
    return {"schemas": [USER], "userName": name, "externalId": external_id, **attributes}


def create(scim, name="amy", external_id="7", **attributes):
    return scim.post("/Users", body(name, external_id, **attributes))


def delete(scim, resource):
    assert scim.delete(f"/Users/{resource['id']}").status_code == 204


def rename(scim, resource, name):
    return scim.patch(
        f"/Users/{resource['id']}", {"op": "replace", "path": "userName", "value": name}
    )


def live(user):
    return UserLink.objects.get(target=user)


def stays_deleted(scim, user, name="amy"):
    """Check that no request of the connection gets the account back or takes its name."""
    before = User.objects.filter(pk=user.pk).values().get()
    other = scim.make_user(f"other {uuid4()}", externalId="other")
    for attempt in (
        lambda: create(scim, name),
        lambda: create(scim, name.upper(), active=True),
        lambda: create(scim, name, external_id="8"),
        lambda: scim.post("/Users", {"schemas": [USER], "userName": name}),
        lambda: rename(scim, other, name),
        lambda: scim.put(f"/Users/{other['id']}", body(name)),
    ):
        assert_error(attempt(), 409, "uniqueness", "is taken")
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": str(n), "data": body(each, str(n))}
        for n, each in ((7, name), (8, f"second {uuid4()}"))
    ]
    assert [each["status"] for each in scim.bulk(*operations).data["Operations"]] == ["409", "201"]
    assert User.objects.filter(pk=user.pk).values().get() == before
    return not UserLink.objects.filter(target=user, connection=scim.connection).exists()


@pytest.fixture
def amy(db):
    return User.objects.create_user("amy", ADDRESS, "secret")


@pytest.fixture
def released(scim):
    """Return an account that the connection created and deleted."""
    delete(scim, create(scim).data)
    return User.objects.get()


# A revived link has the restrictions of the first one


def assert_locked(scim, resource, user):
    """The connection can change neither the user name nor the address nor the password."""
    path = f"/Users/{resource['id']}"
    for name, value in (("userName", "m"), ("emails", MALLORY), ("password", "Correct-horse-7")):
        operation = {"op": "replace", "path": name, "value": value}
        assert scim.patch(path, operation).status_code == 200  # ignored
        (event,) = Event.objects.filter(connection=scim.connection).order_by("-pk")[:1]
        assert f"{name}: is locked until an admin confirms the link" in event.detail
    user.refresh_from_db()
    assert (user.username, user.email) == ("amy", ADDRESS)
    assert not user.has_usable_password()


ATTACK = {"emails": MALLORY, "password": "Correct-horse-7", "title": "Chief"}


def test_deletion_keeps_the_lock_of_an_adopted_account(connect, amy):
    scim = connect(adoption="username", passwords="accept")
    resource = create(scim, title="Guide", nickName="A").data
    for _ in range(2):  # the restrictions survive every further deletion
        delete(scim, resource)
        resource = create(scim, "AMY", **ATTACK).data
        link = live(amy)
        assert (link.unconfirmed, link.preexisting) == (True, True)
        # The other attributes are replaced.
        assert resource["title"] == "Chief" and "nickName" not in resource
        assert (resource["active"], resource["userName"]) == (True, "amy")
        assert_locked(scim, resource, amy)


def test_bulk_request_keeps_the_lock_of_an_adopted_account(connect, amy):
    scim = connect(adoption="username", passwords="accept")
    resource = create(scim).data
    scim.bulk(
        {"method": "DELETE", "path": f"/Users/{resource['id']}"},
        {"method": "POST", "path": "/Users", "bulkId": "1", "data": body("b", "8")},
        {"method": "POST", "path": "/Users", "bulkId": "2", "data": body(**ATTACK)},
    )
    assert live(amy).unconfirmed
    assert_locked(scim, {"id": live(amy).scim_id}, amy)


def test_lock_survives_the_end_of_the_adoption_policy(connect, amy):
    scim = connect(adoption="username", passwords="accept")
    delete(scim, create(scim).data)
    scim.connection.adoption = "none"
    scim.connection.save()
    assert_locked(scim, create(scim, **ATTACK).data, amy)


def test_deletion_keeps_the_name_of_an_unconfirmed_account(connect, amy):
    scim = connect(adoption="username")
    delete(scim, create(scim).data)
    scim.connection.adoption = "none"
    scim.connection.save()
    assert_error(create(scim, external_id="8"), 409, "uniqueness")
    assert_error(rename(scim, scim.make_user("bob"), "amy"), 409, "uniqueness")
    amy.refresh_from_db()
    assert amy.username == "amy"


def test_confirmed_account_comes_back_unlocked(connect, amy):
    scim = connect(adoption="username")
    resource = create(scim).data
    connections.confirm(live(amy))
    delete(scim, resource)
    assert create(scim, emails=MALLORY).status_code == 201
    amy.refresh_from_db()
    assert amy.email == "mallory@example.org"
    assert (live(amy).unconfirmed, live(amy).preexisting) == (False, True)


@pytest.mark.parametrize("scope", ["own", "site"])
def test_revived_account_cannot_be_deleted_permanently(connect, amy, scope):
    scim = connect(scope=scope, deletion="delete")
    if scope == "own":
        connections.assign(scim.connection, amy)
    (resource,) = scim.find('userName eq "amy"')
    path = f"/Users/{resource['id']}"
    scim.patch(path, {"op": "replace", "path": "externalId", "value": "7"})
    for _ in range(2):
        delete(scim, resource)
        resource = create(scim).data
        assert live(amy).preexisting and resource["active"]
    delete(scim, resource)
    assert User.objects.filter(pk=amy.pk).exists()


def test_revived_account_counts_for_other_connections(connect, amy):
    """The client has written to it, so the link is no longer one that exists by the scope."""
    scim, other = connect(scope="site"), connect(adoption="username")
    (resource,) = scim.find('userName eq "amy"')
    path = f"/Users/{resource['id']}"
    scim.patch(path, {"op": "replace", "path": "externalId", "value": "7"})
    delete(scim, resource)
    assert create(scim).status_code == 201
    assert_error(create(other), 409, "uniqueness")


# An account with access that the connection did not give


def test_account_with_permissions_comes_back_locked(connect):
    scim = connect(passwords="accept")
    resource = create(scim, emails=[{"value": ADDRESS, "primary": True}]).data
    amy = User.objects.get()
    amy.user_permissions.add(Permission.objects.first())
    delete(scim, resource)
    resource = create(scim, **ATTACK).data
    assert live(amy).unconfirmed
    assert_locked(scim, resource, amy)


def test_account_in_a_hidden_group_comes_back_locked(connect):
    scim = connect(passwords="accept")
    resource = create(scim, emails=[{"value": ADDRESS, "primary": True}]).data
    amy = User.objects.get()
    amy.groups.add(Group.objects.create(name="Finance"))
    delete(scim, resource)
    resource = create(scim, **ATTACK).data
    assert live(amy).unconfirmed
    assert_locked(scim, resource, amy)
    delete(scim, resource)
    assert_error(create(scim, external_id="8"), 409, "uniqueness")


def test_account_in_a_group_of_the_connection_comes_back_unlocked(scim):
    resource = create(scim).data
    group = scim.post(
        "/Groups",
        {"schemas": [GROUP], "displayName": "Guides", "members": [{"value": resource["id"]}]},
    )
    assert group.status_code == 201
    delete(scim, resource)
    assert "groups" not in create(scim).data
    assert not live(User.objects.get()).unconfirmed


# An account that was taken away


def deactivate(scim, resource):
    operation = {"op": "replace", "path": "active", "value": False}
    assert scim.patch(f"/Users/{resource['id']}", operation).status_code == 200


@pytest.mark.parametrize("policy", ["none", "username"])
def test_unassigned_account_does_not_come_back(connect, policy):
    scim = connect(adoption=policy)
    resource = create(scim).data
    deactivate(scim, resource)
    amy = User.objects.get()
    connections.unassign(scim.connection, amy)
    assert stays_deleted(scim, amy)


def test_unassignment_ends_an_earlier_deletion(connect, released):
    scim = connect(scope="own")
    connections.assign(scim.connection, released)
    connections.unassign(scim.connection, released)
    first = UserLink.objects.exclude(connection=scim.connection).get().connection
    assert_error(create(scim), 409, "uniqueness")
    assert not UserLink.objects.filter(target=released).exists()
    assert first.pk != scim.connection.pk


def test_account_that_was_assigned_elsewhere_in_between_does_not_come_back(scim, connect, released):
    other = connect().connection
    connections.assign(other, released)
    assert stays_deleted(scim, released)
    connections.unassign(other, released)
    assert_error(create(scim), 409, "uniqueness")
    assert not UserLink.objects.filter(target=released).exists()


def test_account_whose_later_connection_was_removed_does_not_come_back(scim, connect, released):
    other = connect().connection
    connections.assign(other, released)
    other.delete()
    assert stays_deleted(scim, released)


def test_unassigning_a_deleted_account_takes_it_away(connect):
    scim = connect(adoption="username")
    delete(scim, create(scim).data)
    amy = User.objects.get()
    connections.unassign(scim.connection, amy)
    assert stays_deleted(scim, amy)


def test_assigned_again_after_unassignment(scim):
    resource = create(scim).data
    amy = User.objects.get()
    connections.unassign(scim.connection, amy)
    connections.assign(scim.connection, amy)
    assert_error(create(scim), 409, "uniqueness")
    (resource,) = scim.find('userName eq "amy"')
    path = f"/Users/{resource['id']}"
    scim.patch(path, {"op": "replace", "path": "externalId", "value": "7"})
    delete(scim, resource)
    assert create(scim).status_code == 201
    assert live(amy).preexisting


def test_account_that_an_admin_assigned_after_the_deletion_is_taken(scim, released):
    connections.assign(scim.connection, released)
    assert_error(create(scim), 409, "uniqueness")
    connections.unassign(scim.connection, released)
    assert stays_deleted(scim, released)


@pytest.mark.parametrize("policy", ["none", "username"])
def test_adoption_policy_does_not_return_an_unassigned_account(connect, amy, policy):
    scim = connect(adoption="username")
    assert create(scim).status_code == 201
    scim.connection.adoption = policy
    scim.connection.save()
    connections.unassign(scim.connection, amy)
    assert stays_deleted(scim, amy)
    connections.assign(scim.connection, amy)  # the admin decides otherwise
    assert live(amy).connection == scim.connection


@pytest.mark.parametrize("later", [0, 1])
def test_only_the_last_connection_that_deleted_an_account_gets_it_back(connect, later):
    one, other = connect(), connect()
    first = create(one).data
    amy = User.objects.get()
    connections.assign(other.connection, amy)
    (second,) = other.find('userName eq "amy"')
    other.patch(f"/Users/{second['id']}", {"op": "replace", "path": "externalId", "value": "7"})
    pairs = [(one, first), (other, second)]
    (early, early_resource), (late, late_resource) = pairs[1 - later], pairs[later]
    delete(early, early_resource)
    assert_error(create(early), 409, "uniqueness")  # the other connection still has it
    delete(late, late_resource)
    assert stays_deleted(early, amy)
    assert create(late).status_code == 201
    assert stays_deleted(early, amy)


def test_unassignment_from_another_connection_is_the_last_word(connect):
    scim, other = connect(), connect(scope="site")
    delete(scim, create(scim).data)
    amy = User.objects.get()
    connections.unassign(other.connection, amy)
    assert stays_deleted(scim, amy)


def test_deletion_by_another_connection_is_the_last_word(connect):
    scim, other = connect(), connect(scope="site")
    resource = create(scim).data
    connections.unassign(other.connection, User.objects.get())
    connections.assign(other.connection, User.objects.get())
    (theirs,) = other.find('userName eq "amy"')
    delete(scim, resource)
    deactivate(other, theirs)
    delete(other, theirs)
    assert stays_deleted(scim, User.objects.get(username="amy"))


def test_hard_deletion_does_not_return_an_account_of_another_connection(connect):
    scim, other = connect(deletion="delete"), connect()
    resource = create(scim).data
    amy = User.objects.get()
    connections.assign(other.connection, amy)
    delete(scim, resource)
    (theirs,) = other.find('userName eq "amy"')
    delete(other, theirs)
    assert stays_deleted(scim, amy)


# An account that the site touched


@pytest.mark.parametrize(
    "change",
    [
        {"last_login": timezone.now()},
        {"email": "new@example.com"},
        {"first_name": "Amy"},
        {"username": "AMY"},
        {"password": "!another unusable password"},
        {"is_staff": True},
    ],
)
def test_account_that_the_site_changed_does_not_come_back(scim, released, change):
    User.objects.filter(pk=released.pk).update(**change)
    assert stays_deleted(scim, released)


def test_account_that_the_site_reactivated_and_deactivated_does_not_come_back(scim, released):
    released.is_active = True
    released.set_password("secret")
    released.save()
    released.is_active = False
    released.set_unusable_password()
    released.save()
    assert stays_deleted(scim, released)


def test_account_with_a_new_permission_does_not_come_back(scim, released):
    released.user_permissions.add(Permission.objects.first())
    assert stays_deleted(scim, released)


def test_account_with_a_new_group_does_not_come_back(scim, released):
    released.groups.add(Group.objects.create(name="Finance"))
    assert stays_deleted(scim, released)


def test_renamed_account_is_not_found_by_its_new_name(scim, released):
    released.username = "bob"
    released.save()
    assert stays_deleted(scim, released, "bob")
    assert create(scim, external_id="10").status_code == 201  # the old name is free


def test_account_that_the_site_used_is_adopted_only_with_the_locks(connect, amy):
    scim = connect(adoption="username", passwords="accept")
    resource = create(scim).data
    connections.confirm(live(amy))
    delete(scim, resource)
    User.objects.filter(pk=amy.pk).update(last_login=timezone.now())
    resource = create(scim, **ATTACK).data
    assert (live(amy).unconfirmed, live(amy).preexisting) == (True, True)
    assert_locked(scim, resource, amy)


# The rules of adoption


def test_protected_account_does_not_come_back(scim, released, settings):
    use(settings, DirectorProtectingAdapter)
    UserProfile.objects.update_or_create(user=released, defaults={"title": "Director"})
    assert stays_deleted(scim, released)


def test_vetoed_account_does_not_come_back(scim, settings):
    use(settings, VetoingAdapter)
    delete(scim, create(scim, title="Vetoed").data)
    account = User.objects.get()
    assert_error(create(scim), 409, "uniqueness")
    assert_error(create(scim, external_id="7", active=True), 409, "uniqueness")
    account.refresh_from_db()
    assert (account.username, account.is_active) == ("amy", False)


@pytest.fixture
def tenants(settings):
    use(settings, NickNameTenantAdapter)
    return [Group.objects.create(name=name) for name in ("Contoso", "Northwind")]


def move(scim, tenant):
    scim.connection.tenant = tenant
    scim.connection.save()


def test_account_of_the_same_tenant_comes_back(connect, tenants):
    scim = connect(tenant=tenants[0])
    delete(scim, create(scim, nickName="Contoso").data)
    assert create(scim, nickName="Contoso").status_code == 201
    assert User.objects.count() == 1


def test_account_that_moved_to_another_tenant_does_not_come_back(connect, tenants):
    scim = connect(tenant=tenants[0])
    delete(scim, create(scim, nickName="Contoso").data)
    UserProfile.objects.update(nick_name="Northwind")
    assert stays_deleted(scim, User.objects.get())


def test_connection_that_moved_to_another_tenant_gets_no_account_back(connect, tenants):
    scim = connect()
    delete(scim, create(scim, nickName="Contoso").data)
    move(scim, tenants[1])
    assert stays_deleted(scim, User.objects.get())


def test_tenant_connection_gets_nothing_back_by_default(connect):
    scim = connect(tenant=Group.objects.create(name="Contoso"))
    delete(scim, create(scim).data)
    assert stays_deleted(scim, User.objects.get())


# Still possible


def test_name_of_a_deleted_account_can_be_given_to_another_user(scim, released):
    assert rename(scim, scim.make_user("bob", externalId="8"), "amy").status_code == 200
    released.refresh_from_db()
    assert released.username.startswith("amy.")


def test_column_with_its_default_value_is_not_in_the_digest(scim, released, monkeypatch):
    """A site may add a column to its user model without losing the deleted accounts."""
    adapter = Registry(scim.connection, Tolerances(scim.connection.tolerated), "").adapter("User")
    released.refresh_from_db()
    before = digest_of(adapter, released)
    assert before == UserLink.objects.get(connection=scim.connection).release_digest
    monkeypatch.setattr(User._meta.get_field("first_name"), "name", "new column")
    assert digest_of(adapter, released) == before
    monkeypatch.setattr(User._meta.get_field("username"), "name", "other column")
    assert digest_of(adapter, released) != before


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_account_is_revived_once(scim):
    resource = create(scim).data
    delete(scim, resource)
    assert run_concurrently(scim, [create] * 4) == [201, 409, 409, 409]
    assert User.objects.count() == 1
    assert UserLink.objects.exclude(target=None).count() == 1

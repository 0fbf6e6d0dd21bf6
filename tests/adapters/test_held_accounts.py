"""Accounts that an adoption or a revival must not activate, and the access that events list."""

import pytest
from django.contrib.auth.models import Group, Permission, User

from django_scim import connections
from django_scim.models import UserLink
from tests.client import PATCH, assert_error
from tests.concurrency import needs_row_locks

from .test_released_names import send_while
from .test_revival import body, create, deactivate, delete, live

HELD = "it stays inactive until an admin confirms the link"
ADOPTED, CAME_BACK = "an existing account was adopted", "a deleted account came back"


def activate(scim, resource, way="PATCH"):
    """Try to activate an account. Return the status of the request or operation."""
    path = f"/Users/{resource['id']}"
    operation = {"op": "replace", "path": "active", "value": True}
    if way == "PATCH":
        return scim.patch(path, operation)
    if way == "PATCH without path":
        return scim.patch(path, {"op": "replace", "value": {"active": True}})
    if way == "PATCH in two steps":
        remove = {"op": "remove", "path": "active"}
        return scim.patch(path, remove, operation)
    if way == "PUT":
        return scim.put(path, {**body("amy"), "active": True})
    data = {"schemas": [PATCH], "Operations": [operation]}
    return scim.bulk({"method": "PATCH", "path": path, "data": data})


WAYS = ["PATCH", "PATCH without path", "PATCH in two steps", "PUT", "Bulk"]


def assert_held(scim, resource, user, way="PATCH"):
    """No request of the connection activates the account."""
    assert resource["active"] is False
    answer = activate(scim, resource, way)
    if way == "Bulk":
        (result,) = answer.data["Operations"]
        assert (result["status"], result["response"]["scimType"]) == ("400", "mutability")
    else:
        assert_error(answer, 400, "mutability", "active: is locked until an admin confirms")
    user.refresh_from_db()
    assert not user.is_active


@pytest.fixture
def by_name(connect):
    return connect(adoption="username")


@pytest.fixture
def amy(db):
    return User.objects.create_user("amy", "amy@example.com", "secret")


@pytest.fixture
def banned(amy):
    """Return an account that the site made inactive."""
    amy.is_active = False
    amy.save()
    return amy


def give_access(user):
    """Give an account a permission and a group that no connection has."""
    user.user_permissions.add(Permission.objects.get(codename="add_user"))
    user.groups.add(Group.objects.create(name="Finance"))


ACCESS = "it has the permission auth.add_user, the group Finance"


# Banned accounts


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("given", [{}, {"active": True}, {"active": False}])
def test_banned_account_stays_inactive(by_name, banned, events, way, given):
    resource = create(by_name, **given).data
    (event,) = events(action="create")
    assert event.detail == f"{ADOPTED}; {HELD}"
    assert not [each for each in event.changes if each["path"] == "active"]
    assert_held(by_name, resource, banned, way)
    assert banned.check_password("secret")


def test_bulk_creation_does_not_activate_a_banned_account(by_name, banned, events):
    by_name.bulk(
        {"method": "POST", "path": "/Users", "bulkId": "1", "data": body(active=True)},
        {"method": "POST", "path": "/Users", "bulkId": "2", "data": body("bob", "8")},
    )
    banned.refresh_from_db()
    assert not banned.is_active and live(banned).held_inactive
    assert [each.detail for each in events(action="create")] == [f"{ADOPTED}; {HELD}", ""]


def test_deletion_does_not_lift_a_ban(by_name, banned, events):
    """A banned account is adopted, deleted and created again."""
    resource = create(by_name).data
    for _ in range(2):
        delete(by_name, resource)
        resource = create(by_name, active=True).data
        assert_held(by_name, resource, banned)
    assert events(action="create")[-1].detail == f"{CAME_BACK}; {HELD}"


def test_ban_survives_the_end_of_the_adoption_policy(by_name, banned):
    delete(by_name, create(by_name).data)
    by_name.connection.adoption = "none"
    by_name.connection.save()
    assert_held(by_name, create(by_name, active=True).data, banned)


def test_confirmation_lifts_the_hold(by_name, banned):
    resource = create(by_name).data
    connections.confirm(live(banned))
    banned.refresh_from_db()
    assert not banned.is_active  # the client has to ask for it
    assert activate(by_name, resource).status_code == 200
    banned.refresh_from_db()
    assert banned.is_active
    delete(by_name, resource)
    assert create(by_name).data["active"] is True


def test_other_attributes_of_a_held_account_can_be_changed(by_name, banned):
    resource = create(by_name).data
    path = f"/Users/{resource['id']}"
    assert by_name.patch(path, {"op": "add", "path": "title", "value": "Guide"}).status_code == 200
    assert by_name.put(path, {**body("amy"), "active": False}).status_code in (200, 400)
    deactivate(by_name, resource)  # changes nothing
    banned.refresh_from_db()
    assert not banned.is_active


def test_active_account_can_be_deactivated_and_activated(by_name, amy, events):
    resource = create(by_name).data
    assert events(action="create")[0].detail == ADOPTED
    deactivate(by_name, resource)
    assert activate(by_name, resource).status_code == 200
    amy.refresh_from_db()
    assert amy.is_active


def test_account_that_a_connection_deleted_is_activated(by_name, connect, events):
    """Another connection made it inactive, and nothing has happened to it since."""
    first = connect()
    delete(first, create(first).data)
    assert create(by_name, active=True).data["active"] is True
    assert events(action="create")[-1].detail == ADOPTED
    assert live(User.objects.get()).unconfirmed


@pytest.mark.parametrize("change", [{"is_staff": False, "last_name": "Banned"}, {"password": "!x"}])
def test_account_that_the_site_touched_after_a_deletion_stays_inactive(by_name, connect, change):
    first = connect()
    delete(first, create(first).data)
    User.objects.update(**change)
    assert_held(by_name, create(by_name, active=True).data, User.objects.get())


def test_account_that_the_site_banned_after_a_deletion_stays_inactive(by_name):
    """The site reactivates a deleted account, and bans it."""
    delete(by_name, create(by_name).data)
    user = User.objects.get()
    user.is_active = True
    user.set_password("secret")
    user.save()
    user.is_active = False
    user.save()
    resource = create(by_name, active=True).data
    assert live(user).held_inactive
    assert_held(by_name, resource, user)


# Permissions and groups


@pytest.mark.parametrize("way", WAYS)
def test_account_with_access_comes_back_inactive(scim, events, way):
    resource = create(scim).data
    amy = User.objects.get()
    give_access(amy)
    delete(scim, resource)
    resource = create(scim, active=True).data
    assert events(action="create")[-1].detail == f"{CAME_BACK}; {ACCESS}; {HELD}"
    assert live(amy).unconfirmed
    assert_held(scim, resource, amy, way)
    connections.confirm(live(amy))
    assert activate(scim, resource).status_code == 200


def test_each_return_of_an_account_with_access_needs_a_confirmation(scim):
    resource = create(scim).data
    amy = User.objects.get()
    give_access(amy)
    for _ in range(2):
        delete(scim, resource)
        resource = create(scim).data
        assert_held(scim, resource, amy)
        connections.confirm(live(amy))
        assert activate(scim, resource).status_code == 200


def test_account_with_access_that_another_connection_deleted_stays_inactive(
    by_name, connect, events
):
    first = connect()
    resource = create(first).data
    amy = User.objects.get()
    give_access(amy)
    delete(first, resource)
    assert_held(by_name, create(by_name, active=True).data, amy)
    assert events(action="create")[-1].detail == f"{ADOPTED}; {ACCESS}; {HELD}"


def test_adoption_lists_the_access_of_the_account(by_name, amy, events):
    give_access(amy)
    Group.objects.create(name="Sales").user_set.add(User.objects.create_user("bob"))
    resource = create(by_name).data
    assert resource["active"] is True and live(amy).unconfirmed
    (event,) = events(action="create")
    assert event.detail == f"{ADOPTED}; {ACCESS}"
    assert event.connection == by_name.connection


def test_permissions_are_listed_in_the_order_of_their_names(by_name, amy, events):
    names = ["view_user", "change_group", "view_session", "add_user"]
    amy.user_permissions.set(Permission.objects.filter(codename__in=names))
    create(by_name)
    listed = ["auth.add_user", "auth.change_group", "auth.view_user", "sessions.view_session"]
    text = ", ".join(f"the permission {each}" for each in listed)
    assert events(action="create")[0].detail == f"{ADOPTED}; it has {text}"


def test_groups_of_the_connection_are_not_listed(by_name, amy, events):
    readers = Group.objects.create(name="Readers")
    connections.assign(by_name.connection, readers)
    amy.groups.add(readers)
    create(by_name)
    assert events(action="create")[0].detail == ADOPTED


def test_groups_are_listed_if_the_site_publishes_none(connect, settings, amy, events):
    settings.DJANGO_SCIM = {"ADAPTERS": {"Group": None}}
    give_access(amy)
    create(connect(adoption="username"))
    assert events(action="create")[0].detail == f"{ADOPTED}; {ACCESS}"


def test_groups_of_another_connection_are_listed(by_name, connect, amy, events):
    connect().make_group("Theirs")
    amy.groups.add(Group.objects.get(name="Theirs"))
    create(by_name)
    assert events(action="create")[-1].detail == f"{ADOPTED}; it has the group Theirs"


def test_client_does_not_learn_the_access(by_name, amy):
    give_access(amy)
    answer = create(by_name)
    assert "Finance" not in str(answer.data) and "add_user" not in str(answer.data)


def test_new_users_have_no_remark(scim, events):
    create(scim)
    scim.patch(
        f"/Users/{scim.make_user('bob')['id']}", {"op": "add", "path": "title", "value": "x"}
    )
    assert {event.detail for event in events()} == {""}


def test_admin_shows_held_accounts(by_name, banned, admin_client):
    create(by_name)
    url = f"/admin/django_scim/connection/{by_name.connection.pk}/change/"
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert "inactive until confirmed" in admin_client.get(url).content.decode()
    UserLink.objects.update(held_inactive=False)
    assert "inactive until confirmed" not in admin_client.get(url).content.decode()


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_account_that_is_banned_during_the_adoption(by_name, amy):
    def ban():
        User.objects.filter(pk=amy.pk).update(is_active=False)

    answer = send_while(by_name, ban, lambda client: create(client, active=True))
    assert answer.status_code == 201 and live(amy).held_inactive
    assert_held(by_name, answer.data, amy)

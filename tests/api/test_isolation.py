"""Isolation of connections: which accounts each one may see and change."""

import pytest
from django.contrib.auth.models import Group, User

from django_scim import connections
from django_scim.models import Connection, UserLink

from ..client import USER, assert_error
from ..factories import UserFactory

RENAME = {"op": "replace", "path": "title", "value": "x"}


def test_user_of_another_connection_is_not_found(connect):
    one, other = connect(), connect()
    user = one.make_user(externalId="7")
    group = one.make_group("G", user)
    path = f"/Users/{user['id']}"
    for answer in (
        other.get(path),
        other.patch(path, RENAME),
        other.put(path, {"schemas": [USER], "userName": "x"}),
        other.delete(path),
        other.get(f"/Groups/{group['id']}"),
        other.delete(f"/Groups/{group['id']}"),
    ):
        assert_error(answer, 404)
    for text in ('userName eq "bjensen"', 'externalId eq "7"', f'id eq "{user["id"]}"', "id pr"):
        assert not other.find(text)
    assert other.get("/").data["totalResults"] == 0
    assert one.get(path).data["userName"] == "bjensen"
    assert Group.objects.get().user_set.count() == 1


def test_manager_of_another_connection_is_not_found(connect):
    one, other = connect(), connect()
    boss = one.make_user("boss")
    report = other.make_user(
        "report",
        **{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "manager": {"value": boss["id"]}}},
    )  # fmt: skip
    profile = User.objects.get(username="report")
    assert not hasattr(profile, "scim_profile") or profile.scim_profile.manager is None
    shown = report["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["manager"]
    assert shown == {"value": boss["id"]}


@pytest.mark.parametrize("scope", ["own", "site"])
@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
def test_privileged_users_are_hidden(scope, privilege, connect):
    root = UserFactory(username="root", **{privilege: True})
    scim = connect(scope=scope)
    UserLink.objects.get_or_create(connection=scim.connection, target=root)
    scim_id = UserLink.objects.get(connection=scim.connection, target=root).scim_id
    path = f"/Users/{scim_id}"
    for answer in (scim.get(path), scim.patch(path, RENAME), scim.delete(path)):
        assert_error(answer, 404)
    assert scim.get("/Users").data["totalResults"] == 0
    assert not scim.find('userName eq "root"')
    group = scim.make_group("G")
    add = {"op": "add", "path": "members", "value": [{"value": scim_id}]}
    assert_error(scim.patch(f"/Groups/{group['id']}", add), 400, "invalidValue")
    root.refresh_from_db()
    assert root.is_active and not root.groups.exists()


def test_user_who_becomes_privileged_is_hidden_at_once(scim):
    user = scim.make_user()
    User.objects.update(is_staff=True)
    assert_error(scim.get(f"/Users/{user['id']}"), 404)
    assert_error(scim.delete(f"/Users/{user['id']}"), 404)


@pytest.mark.parametrize("attributes", [{}, {"is_staff": True}, {"is_superuser": True}])
def test_taken_username_gives_one_response_for_any_owner(attributes, connect):
    one, other = connect(), connect()
    one.make_user("taken-by-one")
    UserFactory(username="Held", **attributes)
    body = {"schemas": [USER], "userName": "held"}
    details = set()
    for name in ("held", "taken-by-one"):
        answer = other.post("/Users", body | {"userName": name})
        assert_error(answer, 409, "uniqueness")
        details.add(answer.data["detail"].partition("[request")[0].replace(name, "NAME"))
    assert len(details) == 1
    assert UserLink.objects.filter(connection=other.connection).count() == 0


def test_scope_own_sees_only_its_own_users(connect):
    UserFactory(username="before")
    scim = connect()
    UserFactory(username="after")
    scim.make_user("mine")
    assert [each["userName"] for each in scim.find("id pr")] == ["mine"]


@pytest.mark.django_db(transaction=True)
def test_scope_site_sees_all_unprivileged_users(connect):
    UserFactory(username="before", email="before@site.example")
    UserFactory(username="root", is_superuser=True)
    scim = connect(scope="site")
    UserFactory(username="after", email="after@site.example")
    found = scim.get("/Users").data["Resources"]
    assert [each["userName"] for each in found] == ["before", "after"]
    assert found[0]["emails"] == [{"value": "before@site.example", "type": "work", "primary": True}]
    for name in ("before", "after"):
        assert scim.find(f'emails.value eq "{name.upper()}@site.example"')
        assert scim.find(f'userName eq "{name.upper()}"')
    patched = scim.patch(f"/Users/{found[0]['id']}", RENAME)
    assert patched.data["title"] == "x"


def test_linking_is_repeatable(connect):
    UserFactory.create_batch(3)
    scim = connect(scope="site")
    connections.prepare(scim.connection)
    assert UserLink.objects.count() == 3
    (first, *_) = scim.get("/Users").data["Resources"]
    scim.delete(f"/Users/{first['id']}")
    connections.prepare(scim.connection)
    assert scim.get("/Users").data["totalResults"] == 2


def test_account_of_another_connection_stays_active(connect):
    one, other = connect(), connect()
    user = one.make_user()
    UserLink.objects.create(connection=other.connection, target=User.objects.get())
    one.delete(f"/Users/{user['id']}")
    assert User.objects.get().is_active
    assert other.get("/Users").data["totalResults"] == 1


def test_site_wide_connection_does_not_keep_an_account_active(connect):
    one = connect()
    user = one.make_user(externalId="7")
    connect(scope="site")
    one.delete(f"/Users/{user['id']}")
    assert not User.objects.get().is_active
    assert one.make_user(externalId="7")
    assert User.objects.get().is_active


def test_password_is_ignored_by_default(scim):
    user = scim.make_user(password="1mz050nq")
    account = User.objects.get()
    assert not account.has_usable_password()
    value = {"op": "replace", "value": {"password": "x"}}
    assert scim.patch(f"/Users/{user['id']}", value).status_code == 200
    assert not User.objects.get().has_usable_password()


def test_deactivation_disables_the_password(connect, client):
    account = UserFactory(username="local")
    account.set_password("local-password")
    account.save()
    client.force_login(account)
    scim = connect(scope="site")
    (user,) = scim.find('userName eq "local"')
    assert client.get("/admin/password_change/").wsgi_request.user.is_authenticated
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": False})
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": True})
    account.refresh_from_db()
    assert account.is_active and not account.has_usable_password()
    assert not client.get("/admin/password_change/").wsgi_request.user.is_authenticated


def test_deleting_a_connection_keeps_its_accounts(scim):
    scim.make_user()
    Connection.objects.all().delete()
    assert User.objects.filter(is_active=True).count() == 1

"""Attacks on identities and privileges, which the threat model lists."""

import unicodedata

import pytest
from django.contrib.auth.models import Group, Permission, User

from django_scim.models import GroupLink, UserLink
from tests.client import ENTERPRISE, GROUP, USER, assert_error
from tests.databases import MARIADB

TARGET = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.fixture
def victim(db):
    """Return an account of the site that no connection uses."""
    return User.objects.create_user("victim", "victim@example.com", "secret")


@pytest.fixture
def admin(db):
    return User.objects.create_superuser("root", "root@example.com", "secret")


def body(name="mallory", **attributes):
    return {"schemas": [USER], "userName": name, **attributes}


def state(model=User):
    return list(model.objects.order_by("pk").values())


# Identity


def test_username_equal_to_a_primary_key(scim, victim):
    made = scim.make_user(str(victim.pk))
    assert_error(scim.get(f"/Users/{victim.pk}"), 404)
    operation = {"op": "replace", "path": "active", "value": False}
    assert_error(scim.patch(f"/Users/{victim.pk}", operation), 404)
    scim.patch(f"/Users/{made['id']}", operation)
    victim.refresh_from_db()
    assert victim.is_active


def test_external_id_equal_to_a_primary_key(scim, victim):
    # Grafana CVE-2025-41115: a numeric externalId was used as the key of another account.
    made = scim.make_user("mallory", externalId=str(victim.pk))
    assert User.objects.get(username="mallory").pk != victim.pk
    assert UserLink.objects.get().target.username == "mallory"
    for path in (str(victim.pk), "mallory", "victim"):
        assert_error(scim.get(f"/Users/{path}"), 404)
    scim.patch(f"/Users/{made['id']}", {"op": "replace", "path": "active", "value": False})
    victim.refresh_from_db()
    assert victim.is_active


def test_external_id_equal_to_an_id_of_another_connection(scim, connect):
    theirs = connect().make_user("theirs")
    made = scim.make_user("mallory", externalId=theirs["id"])
    assert made["id"] != theirs["id"]
    assert_error(scim.get(f"/Users/{theirs['id']}"), 404)
    group = scim.post("/Groups", {"schemas": [GROUP], "displayName": "G",
                                  "members": [{"value": theirs["id"]}]})  # fmt: skip
    assert_error(group, 400, "invalidValue", "members")


def test_two_resources_with_one_external_id(scim):
    # RFC 7643 section 3.1: externalId belongs to the client and identifies nothing on the server.
    one, other = (scim.make_user(name, externalId="7") for name in ("one", "other"))
    scim.delete(f"/Users/{one['id']}")
    assert scim.get(f"/Users/{other['id']}").data["active"] is True


def test_superuser_is_not_adopted(connect, admin):
    scim = connect(adoption="username", scope="site")
    assert_error(scim.post("/Users", body("root")), 409, "uniqueness")
    assert_error(scim.post("/Users", body("ROOT", emails=[{"value": "root@example.com"}])),
                 409, "uniqueness")  # fmt: skip
    admin.refresh_from_db()
    assert (
        admin.check_password("secret")
        and not UserLink.objects.filter(target=admin, created_by_scope=False).exists()
    )
    assert scim.find('userName eq "root"') == []


@pytest.mark.parametrize(
    "variant",
    [
        "ZOË@example.com",
        unicodedata.normalize("NFD", "zoë@example.com"),
        "ｚｏë@example.com",
        "zoë@example．com",
        "Zoë@EXAMPLE.COM",
    ],
)
def test_username_variants_are_equal(scim, connect, variant):
    """Names that a login page would treat as equal are equal here (GitLab CVE-2022-1680)."""
    connect().make_user(unicodedata.normalize("NFC", "zoë@example.com"))
    assert_error(scim.post("/Users", body(variant)), 409, "uniqueness")
    assert User.objects.count() == 1


@pytest.mark.parametrize("variant", ["adm\u0131n", "adm\u0130n", "аdmin"])
def test_similar_letters_are_different(scim, variant):
    """A dotless i or a Cyrillic a makes another account and never reaches the admin."""
    admin = User.objects.create_user("admin", is_staff=True)
    answer = scim.post("/Users", body(variant))
    if User.objects.filter(username=variant).exclude(username="admin").exists():
        assert answer.data["userName"] == variant
    else:  # the column of the site treats the names as equal
        assert MARIADB
        assert_error(answer, 409, "uniqueness")
    others = User.objects.exclude(pk=admin.pk)
    assert [(each.username, each.is_staff) for each in others] in ([(variant, False)], [])
    assert scim.find('userName eq "admin"') == []


@pytest.mark.parametrize("variant", ["admin\u200b", "\u2060admin", "ad\u00admin", "admin\x7f"])
def test_invisible_characters_are_refused(scim, variant):
    User.objects.create_user("admin", is_staff=True)
    assert_error(scim.post("/Users", body(variant)), 400, "invalidValue", "userName", "invisible")
    assert User.objects.count() == 1


def test_username_with_an_accent_adopts_no_other_account(connect):
    """This also holds for a database that ignores accents."""
    zoe = User.objects.create_user("zoe", "zoe@example.com")
    scim = connect(adoption="username")
    answer = scim.post("/Users", body("zoë", emails=[{"value": "mallory@example.com"}]))
    if MARIADB:
        assert_error(answer, 409, "uniqueness", "userName", "'zoë' is taken")
    else:
        assert answer.status_code == 201
    zoe.refresh_from_db()
    assert (zoe.username, zoe.email) == ("zoe", "zoe@example.com")
    assert not UserLink.objects.filter(target=zoe, created_by_scope=False).exists()
    assert scim.find('userName eq "zoe"') == []


def test_username_with_an_accent_restores_no_other_account(scim):
    made = scim.make_user("zoe", externalId="7", title="Boss")
    scim.delete(f"/Users/{made['id']}")
    again = scim.make_user("zoë", externalId="7")
    assert "title" not in again
    old, new = User.objects.order_by("pk")
    assert new.username == "zoë" and not old.is_active and new.is_active


def test_rename_to_a_taken_username(scim, victim, admin):
    path = f"/Users/{scim.make_user('mallory')['id']}"
    for name in ("victim", "VICTIM", "root"):
        operation = {"op": "replace", "path": "userName", "value": name}
        assert_error(scim.patch(path, operation), 409, "uniqueness")
        assert_error(scim.put(path, body(name)), 409, "uniqueness")
    assert User.objects.filter(username="mallory").count() == 1


def test_deleted_account_is_not_restored_for_another_connection(scim, connect):
    made = scim.make_user("leaver", externalId="7")
    scim.delete(f"/Users/{made['id']}")
    other = connect()
    assert_error(other.post("/Users", body("leaver", externalId="7")), 409, "uniqueness")
    assert not User.objects.get().is_active


def test_username_of_a_deleted_account_does_not_restore_it(scim):
    made = scim.make_user("leaver", externalId="7", title="Boss")
    scim.delete(f"/Users/{made['id']}")
    new = scim.make_user("leaver", externalId="8")
    assert "title" not in new and new["id"] != made["id"]
    assert User.objects.get(username="leaver").pk != User.objects.order_by("pk")[0].pk
    assert_error(scim.get(f"/Users/{made['id']}"), 404)


def test_id_is_never_reused(scim):
    made = scim.make_user("leaver", externalId="7")
    scim.delete(f"/Users/{made['id']}")
    again = scim.make_user("leaver", externalId="7", id=made["id"])
    assert again["id"] != made["id"]


# Privileges


MASS = {
    "is_staff": True, "is_superuser": True, "isStaff": True, "isSuperuser": True, "staff": True,
    "superuser": True, "user_permissions": [1], "permissions": [1], "pk": 1, "_state": {},
    "scim_links": [], "last_login": "2026-01-01T00:00:00Z", "date_joined": "2000-01-01T00:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize("profile", ["default", "entra", "okta", "strict"])
def test_mass_assignment(connect, profile):
    scim = connect(profile)
    answer = scim.post("/Users", body("mallory", **MASS))
    assert answer.status_code == (400 if profile == "strict" else 201)
    made = scim.make_user("mallory2")
    path = f"/Users/{made['id']}"
    scim.put(path, made | MASS)
    for name, value in MASS.items():
        for target in (name, f"{TARGET}:{name}", f"{ENTERPRISE}:{name}", f"user.{name}"):
            scim.patch(path, {"op": "replace", "path": target, "value": value})
            scim.patch(path, {"op": "add", "value": {target: value}})
    for user in User.objects.all():
        assert not (user.is_staff or user.is_superuser or user.user_permissions.exists())
        assert user.last_login is None


def test_id_and_meta_of_the_client_are_ignored(scim):
    given = {"id": "my-id", "meta": {"version": 'W/"7"', "created": "2000-01-01T00:00:00Z",
             "location": "https://evil.example/"}}  # fmt: skip
    made = scim.make_user("mallory", **given)
    assert made["id"] != "my-id" and "evil" not in made["meta"]["location"]
    assert made["meta"]["created"] > "2020"
    path = f"/Users/{made['id']}"
    assert scim.put(path, made | given).data["id"] == made["id"]
    for target in ("id", "meta.location", "meta.version", "meta"):
        operation = {"op": "replace", "path": target, "value": "x"}
        answer = scim.patch(path, operation)
        if target == "id":
            assert_error(answer, 400, "mutability", target)
        else:
            assert answer.data["meta"] == made["meta"]


def test_group_named_like_a_privileged_group(scim):
    privileged = Group.objects.create(name="Admins")
    privileged.permissions.add(Permission.objects.first())
    user = scim.make_user("mallory")
    body = {"schemas": [GROUP], "displayName": "Admins", "members": [{"value": user["id"]}]}
    assert_error(scim.post("/Groups", body), 400, "invalidValue", "displayName")
    group = scim.make_group("Other", user)
    rename = {"op": "replace", "path": "displayName", "value": "Admins"}
    assert_error(scim.patch(f"/Groups/{group['id']}", rename), 400, "invalidValue", "displayName")
    assert Group.objects.get(pk=privileged.pk).name == "Admins"
    assert not privileged.user_set.exists()
    assert not User.objects.get(username="mallory").get_all_permissions()


def test_groups_of_a_user_are_read_only(scim):
    privileged = Group.objects.create(name="Admins")
    link = GroupLink.objects.create(
        connection=scim.connection, target=privileged, display_name="Admins"
    )
    groups = [{"value": link.scim_id}]
    made = scim.make_user("mallory", groups=groups)
    path = f"/Users/{made['id']}"
    scim.patch(path, {"op": "add", "path": "groups", "value": groups})
    assert not privileged.user_set.exists()
    scim.put(path, made | {"groups": groups})
    assert not privileged.user_set.exists()


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
def test_privileged_user_cannot_be_a_member(scim, victim, privilege):
    link = UserLink.objects.create(connection=scim.connection, target=victim)
    User.objects.filter(pk=victim.pk).update(**{privilege: True})
    answer = scim.post("/Groups", {"schemas": [GROUP], "displayName": "G",
                                   "members": [{"value": link.scim_id}]})  # fmt: skip
    assert_error(answer, 400, "invalidValue", "members")
    operation = {"op": "replace", "path": "active", "value": False}
    assert_error(scim.patch(f"/Users/{link.scim_id}", operation), 404)
    assert_error(scim.delete(f"/Users/{link.scim_id}"), 404)
    victim.refresh_from_db()
    assert victim.is_active and victim.check_password("secret")


def test_group_of_the_site_is_unreachable(scim):
    group = Group.objects.create(name="Editors")
    for scim_id in (group.pk, "Editors"):
        assert_error(scim.get(f"/Groups/{scim_id}"), 404)
        assert_error(scim.delete(f"/Groups/{scim_id}"), 404)
    assert scim.find('displayName eq "Editors"', "/Groups") == []


# Other connections


def test_member_and_manager_of_another_connection(scim, connect):
    theirs = connect().make_user("theirs", displayName="Secret Name")
    ours = scim.make_user("ours")
    answer = scim.post("/Groups", {"schemas": [GROUP], "displayName": "G",
                                   "members": [{"value": theirs["id"]}]})  # fmt: skip
    assert_error(answer, 400, "invalidValue", "members")
    manager = {"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": theirs["id"]}}
    scim.patch(f"/Users/{ours['id']}", manager)
    shown = scim.get(f"/Users/{ours['id']}").data
    assert "Secret Name" not in str(shown)
    assert shown[ENTERPRISE]["manager"] == {"value": theirs["id"]}  # as sent by the client
    assert scim.find(f'{ENTERPRISE}:manager.displayName eq "Secret Name"') == []


@pytest.mark.parametrize("header", ["if_match", "if_none_match"])
def test_versions_reveal_nothing_about_other_connections(scim, connect, header):
    theirs = connect().make_user("theirs")
    for tag in (theirs["meta"]["version"], '"x"', "*"):
        answer = scim.request("GET", f"/Users/{theirs['id']}", **{header: tag})
        assert_error(answer, 404)
        answer = scim.request("PUT", f"/Users/{theirs['id']}", body(), **{header: tag})
        assert_error(answer, 404)

"""The host site keeps working: its users, signals and deletions."""

import json

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import m2m_changed, post_delete, post_save

from django_scim.adapters.accounts.usernames import conflicts
from django_scim.models import UserKey, UserProfile, UserValue

from ..client import USER, assert_error
from ..databases import needs_case_sensitive_columns


@pytest.fixture
def received():
    """Record the signals that a receiver of the site gets."""
    log = []

    def saved(sender, instance, created, **kwargs):
        log.append(("created" if created else "saved", sender.__name__))

    def members(sender, instance, action, **kwargs):
        log.append((action, type(instance).__name__))

    def deleted(sender, instance, **kwargs):
        log.append(("deleted", sender.__name__))

    for model in (User, Group):
        post_save.connect(saved, sender=model)
        post_delete.connect(deleted, sender=model)
    m2m_changed.connect(members, sender=User.groups.through)
    yield log
    for model in (User, Group):
        post_save.disconnect(saved, sender=model)
        post_delete.disconnect(deleted, sender=model)
    m2m_changed.disconnect(members, sender=User.groups.through)


@needs_case_sensitive_columns
def test_usernames_that_differ_in_case(scim):
    scim.make_user("Amy")
    User.objects.create_user("AMY", password="x")
    User.objects.create_user("aMy", password="x")
    assert User.objects.count() == 3
    assert UserKey.objects.filter(folded="amy").count() == 3
    assert [each["userName"] for each in scim.find('userName eq "amy"')] == ["Amy"]
    assert_error(scim.post("/Users", {"schemas": [USER], "userName": "amy"}), 409, "uniqueness")


def keys():
    """Return the folded name and the claim of every user."""
    return list(UserKey.objects.order_by("user").values_list("folded", "claim"))


@pytest.mark.parametrize("has_key", [True, False])
def test_name_that_the_client_changed_is_free(scim, has_key):
    user = scim.make_user("amy")
    if not has_key:
        UserKey.objects.all().delete()
    rename = {"op": "replace", "path": "userName", "value": "Zoe"}
    assert scim.patch(f"/Users/{user['id']}", rename).status_code == 200
    assert keys() == [("zoe", "zoe")]
    scim.make_user("Amy")
    assert keys() == [("zoe", "zoe"), ("amy", "amy")]


def test_name_that_the_site_changed_is_free(scim):
    scim.make_user("amy")
    scim.make_user("bob")
    assert keys() == [("amy", "amy"), ("bob", "bob")]
    user = User.objects.get(username="amy")
    user.username = "Zoe"
    user.save()
    assert keys() == [("zoe", None), ("bob", "bob")]
    assert_error(scim.post("/Users", {"schemas": [USER], "userName": "ZOE"}), 409, "uniqueness")
    assert scim.post("/Users", {"schemas": [USER], "userName": "AMY"}).status_code == 201
    assert keys() == [("zoe", None), ("bob", "bob"), ("amy", "amy")]


def test_name_that_the_site_changed_without_a_signal_is_free(scim):
    scim.make_user("amy")
    scim.make_user("bob")
    User.objects.filter(username="amy").update(username="Zoe")
    assert scim.post("/Users", {"schemas": [USER], "userName": "amy"}).status_code == 201
    assert keys() == [("zoe", None), ("bob", "bob"), ("amy", "amy")]


def test_users_that_have_a_name_are_found_by_any_spelling(scim):
    for name in ("amy", "bob"):
        scim.make_user(name)
    User.objects.filter(username="bob").update(username="Zoe")
    amy, zoe = User.objects.order_by("pk")
    wanted = {"AMY": [amy], "Zoe": [zoe], "nobody": []}
    assert conflicts(wanted) == wanted
    assert conflicts(wanted) == wanted


def test_user_with_the_same_name_as_before_keeps_the_claim(scim):
    scim.make_user("Amy")
    user = User.objects.get()
    user.username = "AMY"
    user.save()
    assert keys() == [("amy", "amy")]


def test_each_new_user_of_the_site_has_a_key(scim):
    User.objects.bulk_create([User(username=name) for name in ("Cy", "Di")])
    scim.make_user("eve")
    User.objects.create_user("Fay")
    assert keys() == [("cy", None), ("di", None), ("eve", "eve"), ("fay", None)]


def test_bulk_created_users_are_seen_at_the_next_request(scim):
    User.objects.bulk_create([User(username="cy"), User(username="ｃy")])
    assert_error(scim.post("/Users", {"schemas": [USER], "userName": "CY"}), 409, "uniqueness")


def test_users_of_loaddata_are_seen(scim, tmp_path):
    fields = {"username": "raw", "password": "!", "date_joined": "2020-01-01T00:00:00Z"}
    path = tmp_path / "users.json"
    path.write_text(json.dumps([{"model": "auth.user", "pk": 4711, "fields": fields}]))
    call_command("loaddata", str(path), verbosity=0)
    assert User.objects.get(pk=4711).username == "raw"
    assert_error(scim.post("/Users", {"schemas": [USER], "userName": "RAW"}), 409, "uniqueness")


def test_deleting_a_provisioned_user(scim):
    user = scim.make_user(title="x", emails=[{"value": "a@b.c"}])
    scim.make_group("G", user)
    User.objects.get().delete()
    assert not UserProfile.objects.exists() and not UserValue.objects.exists()
    assert_error(scim.get(f"/Users/{user['id']}"), 404)
    assert scim.make_user()["id"] != user["id"]


def test_long_username_can_be_saved(scim):
    user = User.objects.create(username="\ufdfa" * 150)
    assert len(UserKey.objects.get(user=user).folded) == 190


def test_nothing_is_written_without_connections(db):
    User.objects.create_user("someone")
    assert not UserKey.objects.exists()


def test_saving_other_fields_costs_no_query(scim, django_assert_num_queries):
    user = User.objects.create_user("someone")
    with django_assert_num_queries(1):
        user.last_name = "x"
        user.save(update_fields=["last_name"])


@pytest.mark.django_db(transaction=True)
def test_missing_table_does_not_prevent_a_save(connect):
    connect()
    with connection.schema_editor() as editor:
        editor.execute("ALTER TABLE django_scim_userkey RENAME TO gone_userkey")
    try:
        User.objects.create_user("someone")
    finally:
        with connection.schema_editor() as editor:
            editor.execute("ALTER TABLE gone_userkey RENAME TO django_scim_userkey")
    assert User.objects.filter(username="someone").exists()


def test_site_receives_every_signal(scim, received):
    user = scim.make_user()
    assert received == [("created", "User")]
    received.clear()
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "name.givenName", "value": "B"})
    assert received == [("saved", "User")]
    received.clear()
    group = scim.make_group("G", user)
    assert received == [("created", "Group"), ("pre_add", "Group"), ("post_add", "Group")]
    received.clear()
    scim.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})
    assert received == [("pre_remove", "Group"), ("post_remove", "Group")]
    received.clear()
    scim.delete(f"/Groups/{group['id']}")
    scim.delete(f"/Users/{user['id']}")
    assert received == [("deleted", "Group"), ("saved", "User")]


def test_unchanged_objects_are_not_saved(scim, received):
    user = scim.make_user(title="x")
    received.clear()
    scim.put(f"/Users/{user['id']}", user)
    scim.patch(f"/Users/{user['id']}", {"op": "replace", "path": "title", "value": "y"})
    assert received == []


def test_views_run_outside_the_request_transaction():
    from django.urls import resolve

    for path in (
        "",
        "Users",
        "Users/x",
        "Users/.search",
        "Schemas",
        "ServiceProviderConfig",
        "Me",
        "No",
    ):
        view = resolve(f"/scim/v2/{path}").func
        assert view._non_atomic_requests == {"default"}, path
        assert view.login_required is False, path


def test_user_can_be_saved_with_broken_adapters(scim, settings, caplog):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "nowhere.Adapter"}}
    user = User.objects.create_user("amy", "amy@example.com")
    user.email = "amy.abe@example.com"
    user.save()
    assert User.objects.get().email == "amy.abe@example.com"
    assert "could not update" in caplog.text and "nowhere" in caplog.text

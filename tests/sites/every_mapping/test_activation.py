"""Deactivation closes an account completely, whatever the attribute active is mapped to."""

import pytest
from django.contrib.auth.models import User

from django_scim.adapters import Custom, Field, Json
from django_scim.models import Event
from tests.client import USER
from tests.sites.every_mapping.adapters import AcmeUserAdapter
from tests.sites.every_mapping.models import Employee

hooks = []


class Recording(AcmeUserAdapter):
    """Record which methods were called."""

    def deactivate(self, unit):
        super().deactivate(unit)
        hooks.append("deactivate")

    def reactivate(self, unit):
        super().reactivate(unit)
        hooks.append("reactivate")


class InRelatedRow(Recording):
    attributes = AcmeUserAdapter.attributes | {"active": Field("employee.is_employed")}


class Shirt(Custom):
    """People who have left have returned their shirt."""

    select = {"shirt": "employee__shirt"}
    writes = ("employee.shirt",)

    def read(self, shirt):
        return None if shirt is None else shirt != "returned"

    def write(self, value):
        return {"employee.shirt": "new" if value else "returned"}


class InCustom(Recording):
    attributes = AcmeUserAdapter.attributes | {"active": Shirt()}


class InJson(Recording):
    attributes = AcmeUserAdapter.attributes | {"active": Json("employee.extras", "active")}


class InOwnColumn(Recording):
    pass


class InNoColumn(Recording):
    attributes = {k: v for k, v in AcmeUserAdapter.attributes.items() if k != "active"}


class ReadOnly(Recording):
    attributes = AcmeUserAdapter.attributes | {
        "active": Field("is_active").having(mutability="readOnly")
    }


class Immutable(Recording):
    attributes = AcmeUserAdapter.attributes | {
        "active": Field("is_active").having(mutability="immutable")
    }


WRITABLE = ["InRelatedRow", "InCustom", "InJson", "InOwnColumn"]
PASSWORD = "correct horse battery staple"


@pytest.fixture
def site(settings, connect):
    """Publish users by an adapter, and return a client whose guard counts."""

    def site(name, **options):
        adapters = settings.DJANGO_SCIM["ADAPTERS"] | {"User": f"{__name__}.{name}"}
        settings.DJANGO_SCIM = {"ADAPTERS": adapters}
        hooks.clear()
        return connect(**options)

    return site


def make(scim, **attributes):
    """Create an account that people can sign in to."""
    made = scim.make_user("amy", active=True, **attributes)
    user = User.objects.get(username="amy")
    user.set_password(PASSWORD)
    user.save()
    assert hooks == []
    # The guard ignores what is younger than its window.
    scim.connection.django_scim_userlinks.update(created="2020-01-01T00:00:00Z")
    return made


def assert_closed(scim, *, by):
    assert hooks == ["deactivate"]
    user = User.objects.get(username="amy")
    assert not user.has_usable_password()
    assert scim.connection.guard_counts.get(kind="User").lost == 1
    assert Event.objects.filter(action=by).count() == 1


@pytest.mark.parametrize("name", WRITABLE)
def test_patch_closes_the_account(name, site):
    scim = site(name)
    made = make(scim)
    operation = {"op": "replace", "path": "active", "value": False}
    answer = scim.patch(f"/Users/{made['id']}", operation)
    assert (answer.status_code, answer.data["active"]) == (200, False)
    assert_closed(scim, by="deactivate")


@pytest.mark.parametrize("name", WRITABLE)
def test_put_closes_the_account(name, site):
    scim = site(name)
    made = make(scim)
    body = {"schemas": [USER], "userName": "amy", "active": False}
    answer = scim.put(f"/Users/{made['id']}", body)
    assert (answer.status_code, answer.data["active"]) == (200, False)
    assert_closed(scim, by="deactivate")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("name", WRITABLE)
def test_values_that_cannot_be_stored_keep_no_account_open(name, site, method):
    scim = site(name)
    path, long = f"/Users/{make(scim)['id']}", "x" * 400
    if method == "PUT":
        body = {"schemas": [USER], "userName": long, "active": False, "colour": "blue"}
        answer = scim.put(path, body)
    else:
        given = [("userName", long), ("active", False), ("colour", "blue")]
        answer = scim.patch(path, *({"op": "replace", "path": p, "value": v} for p, v in given))
    assert (answer.status_code, answer.data["active"]) == (200, False)
    assert_closed(scim, by="deactivate")


@pytest.mark.parametrize("name", ["InNoColumn", "ReadOnly", "Immutable"])
def test_what_cannot_be_closed_is_not_changed_in_part(name, site):
    """A request is only repeated without some of its values if that closes the account."""
    scim = site(name)
    path = f"/Users/{make_without_active(scim)['id']}"
    operations = [("title", "Guide"), ("active", False), ("userName", "x" * 400)]
    answer = scim.patch(path, *({"op": "replace", "path": p, "value": v} for p, v in operations))
    assert answer.status_code == 400
    assert "title" not in scim.get(path).data and User.objects.get().is_active


@pytest.mark.parametrize("name", [*WRITABLE, "InNoColumn", "ReadOnly"])
def test_delete_closes_the_account(name, site):
    scim = site(name)
    made = make(scim) if name in WRITABLE else make_without_active(scim)
    assert scim.delete(f"/Users/{made['id']}").status_code == 204
    assert hooks == ["deactivate"]
    user = User.objects.get(username="amy")
    assert not user.has_usable_password()
    if name in ("InOwnColumn", "InNoColumn", "ReadOnly"):
        assert not user.is_active
    elif name == "InRelatedRow":
        assert not user.employee.is_employed
    elif name == "InCustom":
        assert user.employee.shirt == "returned"
    else:
        assert user.employee.extras == {"active": False}


def make_without_active(scim):
    made = scim.make_user("amy")
    user = User.objects.get(username="amy")
    user.set_password(PASSWORD)
    user.save()
    return made


@pytest.mark.parametrize("name", WRITABLE)
def test_a_new_account_that_is_inactive_is_closed(name, site):
    scim = site(name)
    made = scim.make_user("amy", active=False)
    assert made["active"] is False
    assert hooks == ["deactivate"]
    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize("name", WRITABLE)
def test_an_account_that_returns_is_reactivated_once(name, site):
    scim = site(name)
    made = make(scim)
    for active in (False, True, True):
        operation = {"op": "replace", "path": "active", "value": active}
        assert scim.patch(f"/Users/{made['id']}", operation).data["active"] is active
    assert hooks == ["deactivate", "reactivate"]
    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize("name", WRITABLE)
def test_a_deleted_person_who_comes_back_is_reactivated(name, site):
    scim = site(name)
    made = make(scim, externalId="7")
    scim.delete(f"/Users/{made['id']}")
    back = scim.make_user("amy", externalId="7")
    assert back["active"] is True and back["id"] != made["id"]
    assert hooks == ["deactivate", "reactivate"]
    assert User.objects.count() == 1


@pytest.mark.parametrize("name", WRITABLE)
def test_the_guard_stops_a_mass_deactivation(name, site):
    scim = site(name, guard_count=0, guard_percent=0)
    made = make(scim)
    operation = {"op": "replace", "path": "active", "value": False}
    assert scim.patch(f"/Users/{made['id']}", operation).status_code == 403
    assert scim.get(f"/Users/{made['id']}").data["active"] is True
    assert User.objects.get().has_usable_password()


def test_a_missing_related_row_is_no_inactive_account(site):
    """The row's default equals what the client sends; the account was in use all the same."""
    scim = site("InRelatedRow")
    made = make_without_active(scim)
    assert not Employee.objects.exists()
    scim.connection.django_scim_userlinks.update(created="2020-01-01T00:00:00Z")
    Employee._meta.get_field("is_employed").default = False
    try:
        operation = {"op": "replace", "path": "active", "value": False}
        answer = scim.patch(f"/Users/{made['id']}", operation)
    finally:
        Employee._meta.get_field("is_employed").default = True
    assert answer.data["active"] is False
    assert_closed(scim, by="deactivate")


def test_a_new_account_does_not_end_tokens_without_a_user(site, monkeypatch):
    """The account has no key yet: a condition on it would match rows without a user."""
    seen = []
    monkeypatch.setattr("django_scim.adapters.accounts.credentials.CREDENTIALS", Watched(seen))
    site("InOwnColumn").make_user("amy", active=False)
    assert seen == []


class Watched:
    """Stand in for the list of token models, and note that it was read."""

    def __init__(self, seen):
        self.seen = seen

    def __iter__(self):
        self.seen.append(True)
        return iter(())


# Deletions and adoptions count for the guard, and call the site's methods


@pytest.mark.parametrize("name", ["InNoColumn", "ReadOnly"])
def test_guard_counts_deletions_without_a_writable_mapping(name, site):
    scim = site(name, guard_count=0, guard_percent=0)
    made = make_without_active(scim)
    scim.connection.django_scim_userlinks.update(created="2020-01-01T00:00:00Z")
    assert scim.delete(f"/Users/{made['id']}").status_code == 403
    assert User.objects.get().is_active


@pytest.mark.parametrize("name", ["InNoColumn", "ReadOnly"])
def test_returning_account_is_usable_without_a_writable_mapping(name, site):
    scim = site(name)
    made = scim.make_user("amy", externalId="7")
    scim.delete(f"/Users/{made['id']}")
    assert not User.objects.get().is_active
    scim.make_user("amy", externalId="7")
    assert User.objects.get().is_active
    assert hooks == ["deactivate", "reactivate"]


def test_adoption_of_an_inactive_account_is_counted(site):
    """The link is new, but the account is not: its end counts."""
    User.objects.create_user("amy", password=PASSWORD)
    scim = site("InOwnColumn", adoption="username", guard_count=0, guard_percent=0)
    answer = scim.post("/Users", {"schemas": [USER], "userName": "amy", "active": False})
    assert answer.status_code == 403
    assert User.objects.get().has_usable_password()


@pytest.mark.parametrize("name", WRITABLE)
def test_active_account_is_not_reactivated(name, site):
    scim = site(name)
    made = make_without_active(scim)
    operations = [{"op": "replace", "path": "active", "value": value} for value in (False, True)]
    assert scim.patch(f"/Users/{made['id']}", *operations).data["active"] is True
    assert hooks == []
    assert not Event.objects.filter(action="reactivate").exists()


def test_immutable_attribute_does_not_prevent_deletion(site):
    scim = site("Immutable")
    made = make(scim)
    assert scim.delete(f"/Users/{made['id']}").status_code == 204
    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize("name", ["InRelatedRow", "InJson"])
def test_password_is_kept_only_behind_is_active(name, site):
    """Django's login reads is_active alone: without it, a kept password still works."""
    scim = site(name, keeps_passwords=True)
    made = make(scim)
    operation = {"op": "replace", "path": "active", "value": False}
    assert scim.patch(f"/Users/{made['id']}", operation).status_code == 200
    assert not User.objects.get().has_usable_password()

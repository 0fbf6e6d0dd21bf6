"""The page about hooks: which exist, and when they and the signals run."""

import inspect
import re

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from django_scim import signals
from django_scim.adapters import GroupAdapter, UserAdapter
from django_scim.adapters.base import ResourceAdapter
from tests.client import USER, assert_error

from .test_profiles_page import table

CALLS = []
SIGNALS = ("created", "updated", "deactivated", "reactivated", "membership_changed", "deleted")
ADAPTERS = {"all": ResourceAdapter, "users": UserAdapter, "groups": GroupAdapter}


def note(name):
    is_inside = transaction.get_connection().in_atomic_block
    CALLS.append((name, is_inside))


class Recorded:
    """Note each call of the hooks that are no class methods, before the base class's hook."""

    def __init_subclass__(cls):
        for row in table("reference/hooks.md", "method"):
            name = row["method"].strip("`").partition("(")[0]
            if row["of"] in ("all", cls.kind) and not is_class_method(name, row["of"]):
                setattr(cls, name, recording(name, getattr(cls, name)))
        super().__init_subclass__()


def recording(name, hook):
    """Return a hook that notes its call; questions are answered with yes."""

    def called(self, *args):
        note(name)
        return hook(self, *args) or name in ("has_verified_email", "belongs_to")

    return called


def is_class_method(name, of):
    return inspect.ismethod(getattr(ADAPTERS[of], name))


class Users(Recorded, UserAdapter):
    kind = "users"


class Groups(Recorded, GroupAdapter):
    kind = "groups"


@pytest.fixture
def recorded(settings):
    """Use the adapters above, and note the signals."""
    path = "tests.docs.test_hooks_page"
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{path}.Users", "Group": f"{path}.Groups"}}
    receivers = {name: lambda name=name, **kwargs: note(name) for name in SIGNALS}
    for name, receiver in receivers.items():
        getattr(signals, name).connect(receiver)
    CALLS.clear()
    yield
    for name, receiver in receivers.items():
        getattr(signals, name).disconnect(receiver)


def names(cell):
    return re.findall("`(\\w+)`", cell)


def test_hooks_and_their_arguments():
    for row in table("reference/hooks.md", "method"):
        name, _, arguments = row["method"].strip("`").rstrip(")").partition("(")
        parameters = list(inspect.signature(getattr(ADAPTERS[row["of"]], name)).parameters)
        assert [each for each in parameters if each != "self"] == (
            arguments.split(", ") if arguments else []
        )
        assert ("a class method" in row["what it does"]) == is_class_method(name, row["of"])


def test_every_hook_of_the_code_is_listed():
    listed = {row["method"].strip("`").partition("(")[0] for row in
              table("reference/hooks.md", "method")}  # fmt: skip
    for adapter in (ResourceAdapter, UserAdapter):
        source = inspect.getsource(adapter)
        hooks = source[source.index("    # Hooks") :]
        assert set(re.findall(r"^    def ([a-z]\w*)\(", hooks, re.MULTILINE)) <= listed


@pytest.mark.django_db(transaction=True)
def test_order(recorded, connect):
    scim = connect()
    rows = {row["request"]: row for row in table("reference/hooks.md", "request")}

    def check(request):
        row = rows.pop(request)
        inside = [name for name, is_inside in CALLS if is_inside]
        after = [name for name, is_inside in CALLS if not is_inside]
        assert inside == names(row["inside the transaction"]), request
        assert after == names(row["after the commit"]), request
        CALLS.clear()

    def active(value):
        return {"op": "replace", "path": "active", "value": value}

    user = scim.make_user("ada", externalId="1")
    check("POST of a user")
    path = f"/Users/{user['id']}"
    scim.patch(path, {"op": "replace", "path": "title", "value": "Guide"})
    check("PATCH or PUT that changes a user")
    scim.patch(path, {"op": "replace", "path": "title", "value": "Guide"})
    check("PATCH or PUT that changes nothing")
    scim.patch(path, active(False))
    check("PATCH or PUT that deactivates a user")
    scim.patch(path, active(True))
    check("PATCH or PUT that activates a user")
    scim.delete(path)
    check("DELETE of a user who is active")
    user = scim.make_user("ada", externalId="1")
    check("POST that revives a deleted user")
    group = scim.make_group("G", user)
    check("POST of a group with members")
    scim.delete(f"/Groups/{group['id']}")
    check("DELETE of a group")
    scim.delete(f"/Users/{user['id']}")
    CALLS.clear()
    scim.make_user("ada", externalId="2")
    check("POST of another user with the name of a deleted one")
    User.objects.create_user("old", "old@example.com")
    scim.connection.adoption = "email"
    scim.connection.save()
    scim.make_user("new", emails=[{"value": "old@example.com"}])
    check("POST that adopts an account by its address")
    tenant = connect(tenant=User.objects.create_user("tenant"))
    tenant.make_user("bob")
    check("the same, for a connection with a tenant")
    assert not rows


class FailingAdapter(UserAdapter):
    error = ValueError("x")

    def before_save(self, unit):
        raise self.error


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status"),
    [(ValidationError("no guides"), 400), (PermissionDenied(), 403), (ValueError("x"), 500)],
)
def test_exceptions(error, status, settings, connect, monkeypatch):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "tests.docs.test_hooks_page.FailingAdapter"}}
    monkeypatch.setattr(FailingAdapter, "error", error)
    answer = connect().post("/Users", {"schemas": [USER], "userName": "ada"})
    assert_error(answer, status, *(["invalidValue", "no guides"] if status == 400 else []))
    assert not User.objects.exists()

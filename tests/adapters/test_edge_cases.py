"""Edge cases in which stored, returned and filtered values could differ."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError

from django_scim.models import UserLink
from tests.client import ENTERPRISE, USER, assert_error


def test_removed_value_is_not_found(scim):
    user = scim.make_user("ada", displayName="Ada")
    path = f"/Users/{user['id']}"
    scim.patch(path, {"op": "remove", "path": "displayName"})
    for text in ('displayName eq "ada"', 'displayName sw "ad"', "displayName pr"):
        assert scim.find(text) == []
    other = scim.make_user("other", displayName="Bea")
    listed = scim.get("/Users", {"sortBy": "displayName"}).data["Resources"]
    assert [each["id"] for each in listed] == [
        other["id"],
        user["id"],
    ]  # sorted last without a value


@pytest.mark.parametrize("attribute", ["meta.resourceType", "id", "meta.created", "meta.location"])
def test_sorts_by_read_only_attributes(scim, attribute):
    scim.make_user("one")
    answer = scim.get("/Users", {"sortBy": attribute})
    assert answer.status_code in (200, 400)
    assert answer.status_code == 200 or answer.data["scimType"] == "invalidValue"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("phoneNumbers.primary eq false", 1),
        ("phoneNumbers.primary ne false", 0),
        ("phoneNumbers[primary ne false]", 0),
        ("phoneNumbers[not (primary eq false)]", 0),
        ("phoneNumbers[not (primary eq true)]", 1),
        ("phoneNumbers.primary eq true", 0),
    ],
)
def test_primary_is_false_by_default(scim, text, count):
    # the default of RFC 7643 section 2.4
    scim.make_user("one", phoneNumbers=[{"value": "1"}])
    assert len(scim.find(text)) == count


def test_manager_outside_the_scope_is_kept(scim):
    boss = scim.make_user("boss")
    report = scim.make_user("report", **{ENTERPRISE: {"manager": {"value": boss["id"]}}})
    path = f"/Users/{report['id']}"
    User.objects.filter(username="boss").update(is_staff=True)
    shown = scim.get(path).data
    assert "manager" not in shown.get(ENTERPRISE, {})
    assert scim.put(path, shown).data["meta"]["version"] == shown["meta"]["version"]
    scim.patch(path, {"op": "remove", "path": f"{ENTERPRISE}:manager"})
    assert User.objects.get(username="report").scim_profile.manager.username == "boss"


@pytest.mark.parametrize("number", ["1e400", "-1e999"])
def test_rejects_infinite_number(scim, number):
    raw = f'{{"schemas": ["{USER}"], "userName": "x", "title": {number}}}'
    assert_error(scim.request("POST", "/Users", raw=raw), 400, "invalidSyntax")


@pytest.mark.parametrize(
    ("error", "status", "scim_type", "words"),
    [
        (ValidationError({"last_name": "is a name"}), 400, "invalidValue", "last_name: is a name"),
        (ValidationError("no more users"), 400, "invalidValue", "no more users"),
        (IntegrityError("UNIQUE constraint failed"), 409, None, "database rejected"),
        (DataError("out of range"), 400, "invalidValue", "cannot store"),
    ],
)
def test_reports_errors_of_the_sites_save(scim, monkeypatch, error, status, scim_type, words):
    def save(self, *args, **kwargs):
        raise error

    made = scim.make_user("one")
    monkeypatch.setattr(User, "save", save)
    body = {"schemas": [USER], "userName": "other"}
    assert_error(scim.post("/Users", body), status, scim_type, words)
    operation = {"op": "replace", "path": "userName", "value": "third"}
    assert_error(scim.patch(f"/Users/{made['id']}", operation), status, scim_type, words)
    assert scim.get(f"/Users/{made['id']}").data == made


def test_hard_delete_keeps_account_of_another_connection(connect):
    """Hard deletion must not delete an account that another connection uses."""
    one, other = connect(deletion="delete"), connect(deletion="delete")
    made = one.make_user("shared")
    user = User.objects.get()
    UserLink.objects.create(connection=other.connection, target=user)
    one.delete(f"/Users/{made['id']}")
    assert User.objects.get() == user
    (seen,) = other.find('userName eq "shared"')
    other.delete(f"/Users/{seen['id']}")
    assert not User.objects.exists()


def test_delete_keeps_group_of_another_connection(connect):
    from django.contrib.auth.models import Group

    from django_scim import connections

    one, other = connect(), connect()
    made = one.make_group("Guides")
    connections.assign(other.connection, Group.objects.get())
    one.delete(f"/Groups/{made['id']}")
    assert Group.objects.count() == 1
    assert other.find('displayName eq "Guides"', "/Groups")


def test_hard_delete_keeps_preexisting_account(connect):
    """A connection with scope "site" deletes only accounts that it created."""
    from django_scim import connections

    User.objects.create_user("amy")
    scim = connect(scope="site", deletion="delete")
    (amy,) = scim.find('userName eq "amy"')
    made = scim.make_user("new")
    for user in (amy, made):
        assert scim.delete(f"/Users/{user['id']}").status_code == 204
    assert [(user.username, user.is_active) for user in User.objects.all()] == [("amy", False)]
    bea = User.objects.create_user("bea")
    UserLink.objects.create(connection=scim.connection, target=bea, created_by_scope=True)
    assert connections.assign(scim.connection, bea).preexisting


def test_assigned_account_needs_no_confirmation(connect):
    from django_scim import connections

    amy = User.objects.create_user("amy")
    scim = connect(adoption="username")
    made = scim.post("/Users", {"schemas": [USER], "userName": "amy"}).data
    connections.assign(scim.connection, amy)
    operation = {"op": "replace", "path": "userName", "value": "amy2"}
    assert scim.patch(f"/Users/{made['id']}", operation).status_code == 200


def test_rejects_unknown_adoption_policy(db):
    from django_scim import connections

    with pytest.raises(ValidationError):
        connections.create("Wrong", adoption="typo")

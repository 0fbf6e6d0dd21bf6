"""The name of a deleted account: who may rename the account to use its name again."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connections as databases
from django.db import transaction

from django_scim import connections, signals
from django_scim.adapters import UserAdapter
from django_scim.models import UserLink
from django_scim.protocol.errors import InvalidValue
from tests.client import USER, ScimClient, assert_error
from tests.concurrency import needs_row_locks, run_concurrently

from .test_revival import body, create, delete, rename, stays_deleted


class LateAdapter(UserAdapter):
    """Reject every user after everything is written."""

    def after_save(self, unit):
        raise InvalidValue("too late")


def use(settings, adapter):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": f"{__name__}.{adapter.__name__}"}}


def take(scim, name="amy"):
    """Create another person with the name."""
    return create(scim, name, external_id="8")


def ways(scim):
    """Return each kind of request that gives the name of a deleted account to another person."""
    other = scim.make_user("other", externalId="9")
    bulk = {"method": "POST", "path": "/Users", "bulkId": "1", "data": body("amy", "8")}
    second = {"method": "POST", "path": "/Users", "bulkId": "2", "data": body("second", "10")}
    return {
        "POST": lambda: take(scim),
        "POST in another case": lambda: take(scim, "AMY"),
        "POST without externalId": lambda: scim.post(
            "/Users", {"schemas": [USER], "userName": "amy"}
        ),
        "PATCH": lambda: rename(scim, other, "amy"),
        "PUT": lambda: scim.put(f"/Users/{other['id']}", body("amy", "9")),
        "Bulk": lambda: scim.bulk(bulk, second),
    }


WAYS = ["POST", "POST in another case", "POST without externalId", "PATCH", "PUT", "Bulk"]


@pytest.fixture
def released(scim):
    """Return an account that the connection created and deleted."""
    delete(scim, create(scim).data)
    return User.objects.get()


@pytest.mark.parametrize("way", WAYS)
def test_rename_has_an_event(scim, released, events, way):
    send = ways(scim)[way]
    tombstone = UserLink.objects.get(former_target_key=str(released.pk))
    answer = send()
    assert answer.status_code in (200, 201)
    released.refresh_from_db()
    assert released.username.startswith("amy.")
    (event,) = events(object_key=str(released.pk), action="update")
    assert event.changes == [{"path": "userName", "old": "amy", "new": released.username}]
    assert (event.outcome, event.resource_type) == ("success", "User")
    assert (event.scim_id, event.object_name) == (tombstone.scim_id, released.username)
    assert (event.connection, event.token_prefix) == (scim.connection, scim.secret[:11])
    request = events(correlation_id=event.correlation_id)
    assert len(request) == (3 if way == "Bulk" else 2)
    tombstone.refresh_from_db()
    assert tombstone.target is None


def test_rename_sends_a_signal(scim, released, django_capture_on_commit_callbacks):
    heard = []

    def hear(sender, **data):
        heard.append((data["object"].pk, [(c.path, c.old) for c in data["changes"]]))

    signals.updated.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            assert take(scim).status_code == 201
    finally:
        signals.updated.disconnect(hear)
    assert heard == [(released.pk, [("userName", "amy")])]


def test_renamed_account_has_a_name_that_fits_the_column(scim):
    name = "a" * 150
    delete(scim, create(scim, name).data)
    assert take(scim, name).status_code == 201
    renamed = User.objects.exclude(username=name).get().username
    assert len(renamed) == 150 and renamed.startswith("a" * 141 + ".")


def test_failing_request_renames_no_account(scim, released, events, settings):
    use(settings, LateAdapter)
    assert_error(take(scim), 400, "invalidValue", "too late")
    released.refresh_from_db()
    assert released.username == "amy"
    assert not events(object_key=str(released.pk), action="update")


def test_renamed_account_does_not_come_back(scim, released):
    assert take(scim).status_code == 201
    released.refresh_from_db()
    assert stays_deleted(scim, released, released.username)


# Accounts that the connection has not created keep their names


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("origin", ["assigned", "adopted", "scope", "revived"])
def test_account_of_the_site_keeps_its_name(connect, origin, way):
    amy = User.objects.create_user("amy", "amy@example.com", "secret")
    adoption = "username" if origin in ("adopted", "revived") else "none"
    scim = connect(scope="site" if origin == "scope" else "own", adoption=adoption)
    if origin == "assigned":
        connections.assign(scim.connection, amy)
    if adoption != "none":
        create(scim)
        connections.confirm(UserLink.objects.get(target=amy))
    if origin == "revived":
        delete(scim, *scim.find('userName eq "amy"'))
        assert create(scim).status_code == 201
    scim.connection.adoption = "none"
    scim.connection.save()
    delete(scim, *scim.find('userName eq "amy"'))
    answer = ways(scim)[way]()
    if way == "Bulk":
        assert [each["status"] for each in answer.data["Operations"]] == ["409", "201"]
    else:
        assert_error(answer, 409, "uniqueness", "is taken")
    amy.refresh_from_db()
    assert amy.username == "amy"


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
@pytest.mark.parametrize("way", WAYS)
def test_account_that_became_staff_keeps_its_name(scim, released, events, privilege, way):
    send = ways(scim)[way]
    User.objects.filter(pk=released.pk).update(**{privilege: True})
    answer = send()
    if way == "Bulk":
        assert [each["status"] for each in answer.data["Operations"]] == ["409", "201"]
    else:
        assert_error(answer, 409, "uniqueness", "is taken")
    released.refresh_from_db()
    assert (released.username, released.is_active) == ("amy", False)
    assert not events(object_key=str(released.pk), action="update")


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
def test_account_that_became_staff_does_not_come_back(scim, released, privilege):
    User.objects.filter(pk=released.pk).update(**{privilege: True})
    assert stays_deleted(scim, released)
    User.objects.filter(pk=released.pk).update(**{privilege: False})  # as the deletion left it
    assert create(scim).status_code == 201


def test_account_with_a_new_permission_keeps_its_name(scim, released):
    released.user_permissions.add(Permission.objects.first())
    assert_error(take(scim), 409, "uniqueness")
    released.user_permissions.clear()
    released.groups.add(Group.objects.create(name="Finance"))
    assert_error(take(scim), 409, "uniqueness")


# At the same time


def send_while(scim, change, request):
    """Send a request in another thread while a transaction with ``change`` is open."""

    def run():
        try:
            return request(ScimClient(scim.connection, scim.secret))
        finally:
            databases.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            change()
            sent = pool.submit(run)
            time.sleep(0.5)
            assert not sent.done(), "the request did not wait for the lock"
        return sent.result(30)


@needs_row_locks
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
@pytest.mark.parametrize("request_", [take, create])
def test_account_that_becomes_staff_at_the_same_time(scim, released, privilege, request_):
    def change():
        User.objects.filter(pk=released.pk).update(**{privilege: True})

    assert_error(send_while(scim, change, request_), 409, "uniqueness")
    released.refresh_from_db()
    assert (released.username, released.is_active) == ("amy", False)


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_account_that_is_assigned_at_the_same_time(scim, connect, released):
    other = connect().connection

    def change():
        connections.assign(other, released)

    assert_error(send_while(scim, change, take), 409, "uniqueness")
    released.refresh_from_db()
    assert released.username == "amy"


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_name_is_reused_once(scim, released, events):
    def person(number):
        return lambda client: create(client, external_id=str(number))

    assert run_concurrently(scim, [person(n) for n in (8, 9, 10)]) == [201, 409, 409]
    assert len(events(object_key=str(released.pk), action="update")) == 1

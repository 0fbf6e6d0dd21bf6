"""Changes of a connection's scope: which accounts it gets, keeps and loses."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db import connection as database
from django.db import connections as databases

from django_scim import connections
from django_scim.adapters import bulk_linking, linking
from django_scim.checks.connections import check_stored_tenants
from django_scim.connections import Actor
from django_scim.models import Connection, Event, UserLink
from tests.adapters.test_revival import body, create, delete, rename, stays_deleted
from tests.client import PATCH, USER, ScimClient, assert_error
from tests.concurrency import needs_row_locks

ADA = Actor("ada")


@pytest.fixture
def people(db):
    """Return five accounts of the site."""
    return [User.objects.create_user(name, f"{name}@x.com", "x") for name in "abcde"]


@pytest.fixture
def wide(connect, people):
    """Return the client of a connection with the scope ``site``."""
    return connect(scope="site")


def named(scim, name):
    (found,) = scim.find(f'userName eq "{name}"')
    return found


def names(scim):
    return sorted(each["userName"] for each in scim.get("/Users").data["Resources"])


def write_to(scim, name, external_id="7"):
    """Write to an account, and return the resource."""
    path = f"/Users/{named(scim, name)['id']}"
    return scim.patch(path, {"op": "replace", "path": "externalId", "value": external_id}).data


def assert_gone(scim, resource, user):
    """The connection can neither read nor change an account, nor get it by a creation."""
    path, name = f"/Users/{resource['id']}", resource["userName"]
    before = User.objects.filter(pk=user.pk).values().get()
    title = {"op": "replace", "path": "title", "value": "x"}
    patch = {"schemas": [PATCH], "Operations": [title]}
    for answer in (
        scim.get(path),
        scim.put(path, body(name, "7")),
        scim.patch(path, title),
        scim.delete(path),
    ):
        assert_error(answer, 404)
    for operation in (
        {"method": "PATCH", "path": path, "data": patch},
        {"method": "DELETE", "path": path},
    ):
        assert scim.bulk(operation).data["Operations"][0]["status"] == "404"
    assert not scim.find(f'userName eq "{name}"')
    assert stays_deleted(scim, user, name)
    assert User.objects.filter(pk=user.pk).values().get() == before


# From site to own


@pytest.mark.parametrize("policy", ["none", "username"])
@pytest.mark.parametrize("is_written", [False, True])
def test_withdrawn_accounts_are_gone(connect, people, policy, is_written):
    scim = connect(scope="site", adoption=policy)
    resource = write_to(scim, "a") if is_written else named(scim, "a")
    connections.set_scope(scim.connection, "own")
    assert scim.connection.scope == "own"
    assert scim.get("/Users").data["totalResults"] == 0
    assert_gone(scim, resource, people[0])


@pytest.mark.parametrize("keep_written", [False, True])
def test_written_accounts_are_kept_on_demand(wide, keep_written):
    for name in "ab":
        write_to(wide, name)
    change = connections.set_scope(wide.connection, "own", keep_written=keep_written)
    kept = ["a", "b"] if keep_written else []
    assert wide.get("/Users").data["totalResults"] == len(kept)
    assert (change.before.by_scope, change.before.written, change.before.own) == (3, 2, 0)
    assert (change.after.by_scope, change.after.written, change.after.own) == (0, 0, len(kept))
    if kept:
        assert names(wide) == kept
        assert write_to(wide, "a", "8")["externalId"] == "8"
        # The next change of the scope does not take them either.
        connections.set_scope(wide.connection, "site")
        connections.set_scope(wide.connection, "own")
        assert names(wide) == kept


@pytest.mark.parametrize("way", ["PATCH", "PUT", "Bulk"])
def test_every_way_to_write_is_known(wide, way):
    path = f"/Users/{named(wide, 'a')['id']}"
    title = {"op": "replace", "path": "title", "value": "Guide"}
    if way == "PATCH":
        wide.patch(path, title)
    elif way == "PUT":
        wide.put(path, {"schemas": [USER], "userName": "a", "title": "Guide"})
    else:
        data = {"schemas": [USER], "userName": "a", "title": "Guide"}
        wide.bulk({"method": "PUT", "path": path, "data": data})
    assert connections.count_scope(wide.connection).written == 1
    connections.set_scope(wide.connection, "own", keep_written=True)
    assert names(wide) == ["a"]


def test_own_accounts_are_kept(connect, people):
    scim = connect(scope="own", adoption="username")
    scim.make_user("made")
    connections.assign(scim.connection, people[0])
    create(scim, "b")  # adopts it
    connections.set_scope(scim.connection, "site")
    assert names(scim) == ["a", "b", "c", "d", "e", "made"]
    connections.assign(scim.connection, people[2])
    write_to(scim, "d", "9")
    connections.assign(scim.connection, people[3])
    connections.set_scope(scim.connection, "own")
    assert names(scim) == ["a", "b", "c", "d", "made"]


def test_accounts_and_memberships_stay_as_they_are(wide, people):
    resources = [named(wide, name) for name in "ab"]
    group = wide.make_group("Guides", *resources)
    before = list(User.objects.order_by("pk").values())
    connections.set_scope(wide.connection, "own")
    assert list(User.objects.order_by("pk").values()) == before
    assert Group.objects.get().user_set.count() == 2
    assert not wide.get(f"/Groups/{group['id']}").data.get("members")


def test_other_connections_keep_their_accounts(wide, connect):
    other = connect(scope="site")
    connections.set_scope(wide.connection, "own")
    assert names(other) == list("abcde")


# Accounts that the client has deleted before


@pytest.mark.parametrize("keep_written", [False, True])
def test_deleted_account_comes_back_only_if_it_was_kept(wide, people, keep_written):
    delete(wide, write_to(wide, "a"))
    people[0].refresh_from_db()
    assert not people[0].is_active
    connections.set_scope(wide.connection, "own", keep_written=keep_written)
    if keep_written:
        assert create(wide, "a").status_code == 201
        assert names(wide) == ["a"]
    else:
        assert stays_deleted(wide, people[0], "a")


def test_revived_account_is_withdrawn(wide, people):
    """A deletion and a new creation do not turn the scope's account into the connection's own."""
    delete(wide, write_to(wide, "a"))
    resource = create(wide, "a").data
    connections.set_scope(wide.connection, "own")
    assert not UserLink.objects.filter(target=people[0]).exists()
    assert_gone(wide, resource, people[0])


def test_withdrawal_ends_earlier_deletions_of_written_accounts(wide, connect, people):
    other = connect()
    made = create(other, "z").data
    linking.link_new_users([User.objects.get(username="z")])
    write_to(wide, "z")
    theirs = {"op": "replace", "path": "title", "value": "x"}
    wide.patch(f"/Users/{named(wide, 'z')['id']}", theirs)
    delete(other, made)
    delete(wide, named(wide, "z"))
    connections.set_scope(wide.connection, "own")
    assert stays_deleted(other, User.objects.get(username="z"), "z")


# From own to site, and back again


def test_accounts_return_with_the_scope(wide):
    before = {each["userName"]: each["id"] for each in wide.get("/Users").data["Resources"]}
    write_to(wide, "a")
    for _ in range(2):
        connections.set_scope(wide.connection, "own")
        assert wide.get("/Users").data["totalResults"] == 0
        connections.set_scope(wide.connection, "site")
        found = {each["userName"]: each["id"] for each in wide.get("/Users").data["Resources"]}
        assert found == before
        assert UserLink.objects.count() == 5
    assert connections.count_scope(wide.connection).by_scope == 5


def test_deleted_and_unassigned_accounts_do_not_return(wide, people):
    delete(wide, write_to(wide, "a"))
    connections.unassign(wide.connection, people[1])
    delete(wide, write_to(wide, "c"))
    create(wide, "c")
    delete(wide, named(wide, "c"))
    for scope in ("own", "site", "own", "site"):
        connections.set_scope(wide.connection, scope)
    assert names(wide) == ["d", "e"]


def test_new_accounts_are_linked_after_the_change(wide, connect):
    scim = connect()
    connections.set_scope(scim.connection, "site")
    connections.set_scope(wide.connection, "own")
    linking.link_new_users([User.objects.create_user("new")])
    assert named(scim, "new") and not wide.find('userName eq "new"')


@pytest.mark.parametrize("by", ["assign", "scim_link"])
def test_withdrawn_account_can_be_assigned(wide, people, by):
    write_to(wide, "a")
    connections.set_scope(wide.connection, "own")
    if by == "assign":
        connections.assign(wide.connection, people[0])
    else:
        call_command("scim_link", connection=wide.connection.name, by="username", verbosity=0)
    assert named(wide, "a")
    connections.set_scope(wide.connection, "own")
    assert named(wide, "a")
    deleted = write_to(wide, "a")
    delete(wide, deleted)
    assert create(wide, "a").status_code == 201


def test_scim_link_assigns_accounts_of_the_scope(wide):
    write_to(wide, "a")
    found = bulk_linking.survey(wide.connection, "username")
    assert (len(found.matching), found.assigned, found.deleted) == (5, 0, 0)
    bulk_linking.assign_matching(wide.connection, found)
    connections.set_scope(wide.connection, "own")
    assert names(wide) == list("abcde")


# Batches, interruptions and numbers


class Interrupted(Exception):
    pass


def interrupt(done):
    raise Interrupted


@pytest.fixture
def batches(monkeypatch):
    monkeypatch.setattr(linking, "BATCH", 2)


@pytest.mark.parametrize("keep_written", [False, True])
def test_interrupted_withdrawal_is_continued(wide, batches, keep_written):
    for name in "ade":
        write_to(wide, name)
    before = set(names(wide))
    with pytest.raises(Interrupted):
        connections.set_scope(
            wide.connection, "own", keep_written=keep_written, progress=interrupt, actor=ADA
        )
    wide.connection.refresh_from_db()
    assert wide.connection.scope == "own"
    left = set(names(wide))
    assert left < before and len(left) == (4 if keep_written else 3)
    linking.link_new_users([User.objects.create_user("new")])
    assert set(names(wide)) == left
    seen = []
    connections.set_scope(
        wide.connection, "own", keep_written=keep_written, progress=seen.append, actor=ADA
    )
    assert names(wide) == (list("ade") if keep_written else [])
    assert seen == [2, 3]
    connections.set_scope(wide.connection, "own", actor=ADA)  # nothing is left to do
    details = [event.detail for event in Event.objects.filter(detail__contains="by ada")]
    assert len(details) == 4


def test_interrupted_linking_is_continued(scim, people, batches):
    with pytest.raises(Interrupted):
        connections.set_scope(scim.connection, "site", progress=interrupt)
    assert names(scim) == ["a", "b"]
    connections.set_scope(scim.connection, "site")
    assert names(scim) == list("abcde")


def test_interrupted_linking_is_withdrawn(scim, people, batches):
    with pytest.raises(Interrupted):
        connections.set_scope(scim.connection, "site", progress=interrupt)
    connections.set_scope(scim.connection, "own")
    assert scim.get("/Users").data["totalResults"] == 0


def test_linking_stops_when_the_scope_changes_back(scim, people, batches):
    def change_back(done):
        Connection.objects.update(scope="own")

    connections.set_scope(scim.connection, "site", progress=change_back)
    assert len(names(scim)) == 2
    connections.set_scope(scim.connection, "own")
    assert scim.get("/Users").data["totalResults"] == 0


def test_withdrawal_stops_when_the_scope_changes_back(wide, batches):
    def change_back(done):
        Connection.objects.update(scope="site")

    connections.set_scope(wide.connection, "own", progress=change_back)
    assert len(names(wide)) == 3
    connections.prepare(Connection.objects.get())
    assert names(wide) == list("abcde")


def test_events_have_the_numbers(wide, batches):
    for name in "ab":
        write_to(wide, name)
    wide.make_user("made")
    delete(wide, write_to(wide, "c", "9"))
    Event.objects.all().delete()
    connections.set_scope(wide.connection, "own", keep_written=True, actor=ADA)
    connections.set_scope(wide.connection, "site", actor=ADA)
    found = Event.objects.order_by("pk")
    assert {(e.action, e.connection, e.object_name) for e in found} == {
        ("administration", wide.connection, wide.connection.name)
    }
    assert [event.detail for event in found] == [
        "scope changed (5 accounts before, 2 to be withdrawn) by ada",
        "accounts of the site withdrawn (0 accounts, and 2 kept) by ada",
        "accounts of the site withdrawn (1 accounts, and 0 kept) by ada",
        "accounts of the site withdrawn (1 accounts, and 0 kept) by ada",
        "scope changed (3 accounts before) by ada",
        "accounts of the site linked (1) by ada",  # the batch has the deleted account, too
        "accounts of the site linked (1) by ada",
    ]
    assert [event.changes for event in found][:4] == [
        [{"path": "scope", "old": "site", "new": "own"}],
        [{"path": "accounts", "old": 5, "new": 5}],
        [{"path": "accounts", "old": 5, "new": 4}],
        [{"path": "accounts", "old": 4, "new": 3}],
    ]


def test_batch_is_rolled_back_without_its_event(wide, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("no log")

    monkeypatch.setattr("django_scim.connections.scope._record_batch", fail)
    with pytest.raises(RuntimeError):
        connections.set_scope(wide.connection, "own", actor=ADA)
    assert names(wide) == list("abcde")


# Tenants


@pytest.fixture
def contoso(db):
    return Group.objects.create(name="Contoso")


def refused(call, *args, **kwargs):
    with pytest.raises(ValidationError, match="tenant cannot have the scope"):
        call(*args, **kwargs)


def test_tenant_connection_is_not_created_with_the_scope_site(contoso):
    refused(connections.create, "Okta", tenant=contoso, scope="site")
    assert not Connection.objects.exists()


def test_tenant_connection_does_not_get_the_scope_site(connect, people, contoso):
    scim = connect(tenant=contoso)
    refused(connections.set_scope, scim.connection, "site", actor=ADA)
    scim.connection.refresh_from_db()
    assert scim.connection.scope == "own"
    assert scim.get("/Users").data["totalResults"] == 0
    assert not Event.objects.filter(detail__contains="scope").exists()


def test_stale_connection_does_not_get_the_scope_site(connect, contoso):
    """Another process has given the connection to a tenant in the meantime."""
    connection = connect().connection
    connections.set_tenant(Connection.objects.get(), contoso)
    refused(connections.set_scope, connection, "site")
    assert Connection.objects.get().scope == "own"


def test_connection_with_the_scope_site_gets_no_tenant(wide, contoso):
    refused(connections.set_tenant, wide.connection, contoso)
    stale = Connection.objects.get()
    assert not stale.has_tenant and not wide.connection.has_tenant
    Connection.objects.update(scope="own")
    connections.set_scope(Connection.objects.get(), "site")
    refused(connections.set_tenant, stale, contoso)
    assert not Connection.objects.get().has_tenant


def test_scope_of_a_deleted_tenant(connect, contoso):
    connection = connect(tenant=contoso).connection
    contoso.delete()
    refused(connections.set_scope, Connection.objects.get(), "site")
    assert Connection.objects.get(pk=connection.pk).scope == "own"


def test_model_and_database_reject_it(connect, contoso):
    connection = connect(tenant=contoso).connection
    connection.scope = "site"
    refused(connection.full_clean)
    refused(connection.clean)
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Connection.objects.update(scope="site")


def ignore_constraints(database):
    """Write rows as a database without the constraint would store them."""
    statements = {
        "sqlite": "PRAGMA ignore_check_constraints = ON",
        "mysql": "SET check_constraint_checks = 0",
        "postgresql": "SET CONSTRAINTS ALL IMMEDIATE; "
        "ALTER TABLE django_scim_connection DROP CONSTRAINT django_scim_tenant_scope",
    }
    with database.cursor() as cursor:
        cursor.execute(statements[database.vendor])


def heed_constraints(database):
    statements = {
        "sqlite": "PRAGMA ignore_check_constraints = OFF",
        "mysql": "SET check_constraint_checks = 1",
    }
    if database.vendor in statements:  # on PostgreSQL, the end of the test rolls back
        with database.cursor() as cursor:
            cursor.execute(statements[database.vendor])


def test_check_reports_a_stored_connection(connect, contoso):
    connect(tenant=contoso)
    assert not check_stored_tenants(databases=["default"])
    ignore_constraints(database)
    try:
        Connection.objects.update(scope="site")
    finally:
        heed_constraints(database)
    (error,) = check_stored_tenants(databases=["default"])
    assert error.id == "django_scim.E030" and error.is_serious()
    assert Connection.objects.get().name in error.msg
    assert check_stored_tenants() == []
    connections.set_scope(Connection.objects.get(), "own")
    assert not check_stored_tenants(databases=["default"])


@pytest.mark.parametrize("scope", ["", "all", None, "SITE"])
def test_unknown_scope(wide, scope):
    with pytest.raises(ValidationError, match="own, site"):
        connections.set_scope(wide.connection, scope)
    assert names(wide) == list("abcde")


# At the same time


def run_in_thread(pool, work, *args, **kwargs):
    def run():
        try:
            return work(*args, **kwargs)
        finally:
            databases.close_all()

    return pool.submit(run)


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_account_that_is_created_during_the_change(wide):
    """A new account is not linked if the scope changes before its link is written."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Connection.objects.update(scope="own")
            creation = run_in_thread(pool, User.objects.create_user, "new")
            time.sleep(0.5)
            assert not creation.done(), "the link did not wait for the change"
        creation.result(30)
    assert User.objects.filter(username="new").exists()
    assert not UserLink.objects.filter(target__username="new").exists()


@needs_row_locks
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["revival", "write", "deletion"])
def test_request_during_the_withdrawal(wide, people, kind):
    resource = write_to(wide, "a")
    if kind == "revival":
        delete(wide, resource)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            if kind == "revival":
                assert create(wide, "a").status_code == 201
            elif kind == "write":
                assert rename(wide, resource, "z").status_code == 200
            else:
                delete(wide, resource)
            change = run_in_thread(pool, connections.set_scope, wide.connection, "own")
            time.sleep(0.5)
            assert not change.done(), "the withdrawal did not wait for the request"
        change.result(30)
    assert wide.get("/Users").data["totalResults"] == 0
    people[0].refresh_from_db()
    assert stays_deleted(wide, people[0], people[0].username)


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_revival_waits_for_the_withdrawal(wide, people):
    delete(wide, write_to(wide, "a"))
    Connection.objects.update(scope="own")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            linking.withdraw_site(wide.connection)
            client = ScimClient(wide.connection, wide.secret)
            answer = run_in_thread(pool, create, client, "a")
            time.sleep(0.5)
            assert not answer.done(), "the request did not wait for the lock"
        assert_error(answer.result(30), 409, "uniqueness")
    assert not UserLink.objects.filter(target=people[0]).exists()


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_two_admins_change_the_scope(wide):
    with ThreadPoolExecutor(4) as pool:
        results = [
            run_in_thread(pool, connections.set_scope, Connection.objects.get(), scope)
            for scope in ("own", "site", "own", "own")
        ]
        for each in results:
            each.result(60)
    connections.set_scope(Connection.objects.get(), "own")
    assert wide.get("/Users").data["totalResults"] == 0
    connections.set_scope(Connection.objects.get(), "site")
    assert names(wide) == list("abcde")

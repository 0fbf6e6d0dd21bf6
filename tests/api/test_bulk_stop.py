"""A bulk request stops when its token or its connection is no longer accepted."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_scim import connections
from django_scim.api.bulk.operations import OperationRunner
from django_scim.models import Connection, Event, Token

from ..concurrency import needs_row_locks, run_concurrently
from .bulk import group, managed, patch, statuses, user


def revoke(scim):
    connections.revoke(Token.objects.get())


def expire(scim):
    Token.objects.update(expires=timezone.now() - timedelta(seconds=1))


def pause(scim):
    connections.pause(Connection.objects.get(pk=scim.connection.pk))


def close(scim):
    connections.close(Connection.objects.get(pk=scim.connection.pk))


def delete_token(scim):
    Token.objects.all().delete()


def restrict_network(scim):
    Connection.objects.update(networks="203.0.113.0/24")


def narrow_scopes(scim):
    Token.objects.update(scopes=["users:read", "groups:read", "groups:write"])


ENDS = [
    (revoke, "401", "not valid"),
    (expire, "401", "not valid"),
    (pause, "401", "not valid"),
    (close, "401", "not valid"),
    (delete_token, "401", "not valid"),
    (restrict_network, "403", "IP address"),
    (narrow_scopes, "403", "users:write"),
]


@pytest.fixture
def after_save():
    """Return a function that runs something when the user with a name or title is saved."""
    receivers = []

    def after_save(text, action):
        def listen(instance, **kwargs):
            if text in (instance.username, instance.first_name):
                action()

        receivers.append(listen)
        post_save.connect(listen, sender=User)

    yield after_save
    for each in receivers:
        post_save.disconnect(each, sender=User)


@pytest.mark.parametrize(("end", "status", "text"), ENDS)
def test_remaining_operations_are_refused(scim, after_save, end, status, text):
    made = [scim.make_user(f"u{n}") for n in range(3)]
    paths = [f"/Users/{each['id']}" for each in made]
    after_save("stop", lambda: end(scim))
    Event.objects.all().delete()
    response = scim.bulk(
        patch(paths[0], "replace", "name.givenName", "a"),
        patch(paths[1], "replace", "name.givenName", "stop"),
        patch(paths[2], "replace", "name.givenName", "b"),
        patch(paths[2], "replace", "nothing", "invalid"),
        {"method": "DELETE", "path": paths[0]},
        {"method": "PUT", "path": paths[2], "data": user("u2")["data"]},
        user("new"),
    )  # fmt: skip
    found = statuses(response)
    assert found == ["200", "200"] + [status] * 5  # also the one that is invalid
    for result in response.data["Operations"][2:]:
        assert text in result["response"]["detail"]
    names = set(User.objects.values_list("username", "first_name", "is_active"))
    assert names == {("u0", "a", True), ("u1", "stop", True), ("u2", "", True)}
    requests = Event.objects.filter(method__in=["POST", "PUT", "PATCH", "DELETE"]).order_by("pk")
    failed = requests.filter(outcome="failure")
    assert {(each.status, each.connection) for each in failed} == {(int(status), scim.connection)}
    assert sum(each.occurrences for each in failed) == 5


@pytest.mark.parametrize(("end", "status", "text"), ENDS)
def test_batches_are_refused(scim, after_save, end, status, text):
    """100 creations are one batch."""
    after_save("u0", lambda: end(scim))
    response = scim.bulk(*(user(f"u{n}") for n in range(131)), group("g", "bulkId:u130"))
    found = statuses(response)
    assert found[:100] == ["201"] * 100
    assert found[100:131] == [status] * 31
    # The group may still be created; what it refers to was not.
    assert found[131] == ("409" if end is narrow_scopes else status)
    assert User.objects.count() == 100
    assert Event.objects.filter(outcome="failure").count() == 32


def test_operations_in_a_cycle_are_refused(scim, after_save):
    after_save("first", lambda: revoke(scim))
    people = [user("a", **managed("bulkId:b")), user("b", **managed("bulkId:a"))]
    named = scim.make_user("x")
    rename = patch(f"/Users/{named['id']}", "replace", "name.givenName", "first")
    response = scim.bulk(rename, *people)
    assert statuses(response) == ["200", "401", "401"]
    assert User.objects.count() == 1


def test_deleted_connection(scim, monkeypatch, events):
    """Events of the remaining operations still have the connection's name."""
    made = scim.make_user("a")

    def succeed(self, *args):
        Connection.objects.all().delete()
        return succeeded(self, *args)

    succeeded = OperationRunner.succeed
    monkeypatch.setattr(OperationRunner, "succeed", succeed)
    rename = patch(f"/Users/{made['id']}", "replace", "title", "x")
    assert statuses(scim.bulk(rename, user("b"), group("g"))) == ["200", "401", "401"]
    assert User.objects.count() == 1
    found = [(event.status, event.connection, event.connection_name) for event in events()[-2:]]
    assert found == [(401, None, scim.connection.name)] * 2


def lookups(captured):
    """Return the statements that look the token up by its digest."""
    return [q["sql"] for q in captured if "digest" in q["sql"].partition("WHERE")[2]]


def test_one_small_statement_for_each_operation(scim):
    made = [scim.make_user(f"u{n}") for n in range(6)]
    operations = [patch(f"/Users/{each['id']}", "replace", "title", "x") for each in made]
    with CaptureQueriesContext(database) as captured:
        assert statuses(scim.bulk(*operations)) == ["200"] * 6
    found = lookups(captured)
    assert len(found) == 1 + 6
    assert len(set(found)) == 1  # the same indexed look-up as for a single request


def test_one_statement_for_each_batch(scim):
    with CaptureQueriesContext(database) as captured:
        assert statuses(scim.bulk(*(user(f"u{n}") for n in range(150)))) == ["201"] * 150
    assert len(lookups(captured)) == 1 + 2


def test_rejected_token_is_looked_up_once(scim, after_save):
    made = scim.make_user("a")
    after_save("stop", lambda: revoke(scim))
    rename = patch(f"/Users/{made['id']}", "replace", "name.givenName", "stop")
    with CaptureQueriesContext(database) as captured:
        response = scim.bulk(rename, *(patch("/Users/x", "remove", "title") for _ in range(9)))
    assert statuses(response) == ["200"] + ["401"] * 9
    assert len(lookups(captured)) == 1 + 1 + 1  # the request, the renaming, and the rejection


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_revocation_by_another_request(scim):
    """The admin's transaction is seen although the bulk request began before it."""
    made = [scim.make_user(f"u{n}") for n in range(120)]
    operations = [patch(f"/Users/{each['id']}", "replace", "name.givenName", "x") for each in made]
    results = []

    def send(client):
        response = client.bulk(*operations)
        results.extend(statuses(response))
        return response

    def end(client):
        while User.objects.filter(first_name="x").count() < 3:
            pass
        revoke(client)
        return client.get("/Users")

    assert run_concurrently(scim, [send, end]) == [200, 401]
    done = results.count("200")
    assert 3 <= done < 120
    assert results == ["200"] * done + ["401"] * (120 - done)
    assert User.objects.filter(first_name="x").count() == done

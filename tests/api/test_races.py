"""Concurrent requests, and requests through ASGI."""

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, Permission, User
from django.db import connections, transaction
from django.test import AsyncClient

from ..client import GROUP, PATCH, USER, ScimClient
from ..concurrency import needs_row_locks, run_concurrently


@needs_row_locks
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(5))
def test_username_is_assigned_once(attempt, scim):
    names = ["bjensen", "BJensen", "BJENSEN", "ｂjensen"]
    calls = [
        lambda c, n=name: c.post("/Users", {"schemas": [USER], "userName": n}) for name in names
    ]
    assert run_concurrently(scim, calls) == [201, 409, 409, 409]
    assert User.objects.count() == 1


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_group_name_is_assigned_once(scim):
    body = {"schemas": [GROUP], "displayName": "Sales"}
    assert run_concurrently(scim, [lambda c: c.post("/Groups", body)] * 3) == [201, 409, 409]
    assert Group.objects.count() == 1


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_only_one_update_of_a_version_succeeds(scim):
    user = scim.make_user()

    def rename(title):
        operation = {"op": "replace", "path": "title", "value": title}
        version = user["meta"]["version"]
        return lambda c: c.patch(f"/Users/{user['id']}", operation, if_match=version)

    assert run_concurrently(scim, [rename("a"), rename("b")]) == [200, 412]


@needs_row_locks
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
def test_permissions_given_while_a_change_waits(op, scim):
    """An admin saves the group with a permission; a request for its members waits for that."""
    amy, mallory = scim.make_user("amy"), scim.make_user("mallory")
    group = scim.make_group("Editors", amy)
    site = Group.objects.get()
    has_started = Event()

    def change():
        has_started.set()
        client = ScimClient(scim.connection, scim.secret)
        value = [{"value": (amy if op == "remove" else mallory)["id"]}]
        operation = {"op": op, "path": "members", "value": value}
        try:
            return client.patch(f"/Groups/{group['id']}", operation).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            site.save()
            answer = pool.submit(change)
            has_started.wait()
            sleep(0.5)  # until the request waits for the row
            assert not answer.done()
            site.permissions.add(Permission.objects.first())
        assert answer.result(30) == 403
    assert [each.username for each in site.user_set.all()] == ["amy"]


@needs_row_locks
@pytest.mark.django_db(transaction=True)
def test_concurrent_memberships_are_kept(scim):
    users = [scim.make_user(f"u{number}") for number in range(4)]
    group = scim.make_group("G")

    def add(user):
        operation = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
        return lambda c: c.patch(f"/Groups/{group['id']}", operation)

    assert run_concurrently(scim, [add(user) for user in users]) == [204] * 4
    assert Group.objects.get().user_set.count() == 4


def test_asgi(scim):
    headers = {"authorization": f"Bearer {scim.secret}"}
    client = AsyncClient()
    body = json.dumps({"schemas": [USER], "userName": "async"})
    answer = async_to_sync(client.post)(
        "/scim/v2/Users", body, content_type="application/scim+json", headers=headers
    )
    assert answer.status_code == 201
    path = f"/scim/v2/Users/{answer.json()['id']}"
    patch = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "/title", "value": 1}]}
    wrong = async_to_sync(client.patch)(
        path, json.dumps(patch), content_type="application/json", headers=headers
    )
    assert wrong.status_code == 400 and wrong.json()["scimType"] == "invalidPath"
    assert async_to_sync(client.get)(path, headers=headers).json()["userName"] == "async"


@needs_row_locks
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_conflicting_locks_are_retried(attempt, scim):
    users = [scim.make_user(f"u{number}") for number in range(4)]
    group = scim.make_group("G", *users)
    values = [{"value": user["id"]} for user in users]
    remove = {"op": "remove", "path": "members"}
    add = {"op": "add", "path": "members", "value": values[:1]}
    calls = [lambda c, u=user: c.delete(f"/Users/{u['id']}") for user in users[1:]]
    calls.append(lambda c: c.patch(f"/Groups/{group['id']}", remove, add))
    assert run_concurrently(scim, calls) == [204] * 4

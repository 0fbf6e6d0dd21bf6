"""Code of the site that runs during a request: who it thinks is asking, and what if it fails."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models.signals import post_save, pre_save
from django.http import Http404

from django_scim import signals
from django_scim.adapters import UserAdapter
from django_scim.connections import current_connection
from tests.api.bulk import group, statuses, user
from tests.client import USER, assert_error

from . import middleware
from .models import Note


@pytest.fixture
def listen():
    """Return a function that connects a receiver of the site to a signal, for one test."""
    connected = []

    def listen(receiver, signal=post_save, sender=None):
        signal.connect(receiver, sender=sender or get_user_model(), weak=False)
        connected.append((signal, receiver, sender or get_user_model()))

    yield listen
    for signal, receiver, sender in connected:
        signal.disconnect(receiver, sender=sender)


def body(user_name, **attributes):
    return {"schemas": [USER], "userName": user_name, **attributes}


def raising(error):
    def receiver(**kwargs):
        raise error

    return receiver


def after_commit(error):
    def receiver(**kwargs):
        def fail():
            raise error

        transaction.on_commit(fail)

    return receiver


# S1: a receiver such as those of simple-history, reversion and crum reads HttpRequest.user.


def test_s1_the_sites_receivers_see_an_anonymous_user(scim, listen):
    seen = []
    listen(lambda **kwargs: seen.append(middleware.current.get().user))
    person = scim.make_user("amy@example.com")
    scim.patch(f"/Users/{person['id']}", {"op": "replace", "path": "active", "value": False})
    scim.bulk(user("bob@example.com"))
    assert len(seen) == 3 and all(type(each) is AnonymousUser for each in seen)
    assert not any(each.is_authenticated or each.pk for each in seen)


def test_s1_the_user_of_the_session_is_not_made_the_author(scim, listen):
    admin = get_user_model().objects.create_superuser(
        username="root", email="root@example.com", password="x"
    )
    scim.http.force_login(admin)
    seen = []
    listen(lambda **kwargs: seen.append(middleware.current.get().user))
    scim.make_user("amy@example.com")
    assert [type(each) for each in seen] == [AnonymousUser]


# 63: receivers that raise before the commit.


@pytest.mark.parametrize("signal", [pre_save, post_save])
def test_63_a_receiver_that_raises_undoes_the_change(scim, listen, events, signal):
    listen(raising(RuntimeError("no mail server for amy")), signal)
    response = scim.post("/Users", body("amy@example.com"))
    assert_error(response, 500)
    detail = response.data["detail"]
    assert "code of this site failed, and nothing was changed" in detail
    assert "RuntimeError" in detail and "test_site_code" in detail and "no mail" not in detail
    assert not get_user_model().objects.exists()
    (event,) = events(outcome="failure")
    assert event.action == "create" and event.status == 500 and "RuntimeError" in event.detail


def test_63_a_receiver_that_raises_undoes_a_deactivation(scim, listen):
    person = scim.make_user("amy@example.com")
    listen(raising(KeyError("x")))
    path = f"/Users/{person['id']}"
    assert_error(scim.patch(path, {"op": "replace", "path": "active", "value": False}), 500)
    assert get_user_model().objects.get().is_active
    assert_error(scim.put(path, body("amy@example.com", active=False)), 500)
    assert_error(scim.delete(path), 500)
    assert get_user_model().objects.get().is_active and scim.get(path).data == person


def test_63_a_receiver_of_groups_that_raises_undoes_the_change(scim, listen, events):
    listen(raising(ValueError("x")), sender=Group)
    response = scim.post(
        "/Groups",
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "G"},
    )
    assert_error(response, 500)
    assert "ValueError" in response.data["detail"] and not Group.objects.exists()


def test_63_bulk_reports_the_operation_that_the_sites_code_failed(scim, listen):
    def receiver(instance, **kwargs):
        if instance.email.startswith("bob"):
            raise RuntimeError("x")

    listen(receiver)
    response = scim.bulk(user("amy@example.com"), user("bob@example.com"), user("cy@example.com"))
    assert statuses(response) == ["201", "500", "201"]
    assert "RuntimeError" in response.data["Operations"][1]["response"]["detail"]
    names = set(get_user_model().objects.values_list("email", flat=True))
    assert names == {"amy@example.com", "cy@example.com"}


def test_63_a_hook_that_raises_undoes_the_change(scim, monkeypatch):
    monkeypatch.setattr(UserAdapter, "before_save", raising_hook(LookupError("x")))
    response = scim.post("/Users", body("amy@example.com"))
    assert_error(response, 500)
    assert "LookupError" in response.data["detail"] and not get_user_model().objects.exists()


def raising_hook(error):
    def hook(self, unit):
        raise error

    return hook


# 63: functions after the commit that raise.


@pytest.mark.django_db(transaction=True)
def test_63b_the_change_stands_when_a_function_after_the_commit_raises(
    scim, listen, events, caplog
):
    person = scim.make_user("amy@example.com")
    listen(after_commit(RuntimeError("queue is gone")))
    path = f"/Users/{person['id']}"
    response = scim.patch(path, {"op": "replace", "path": "active", "value": False})
    assert response.status_code == 200 and response.data["active"] is False
    (event,) = events(action="deactivate")
    assert event.outcome == "success" and event.status == 200
    assert "code that runs after it failed: RuntimeError in tests.sites" in event.detail
    assert not events(outcome="failure")
    assert "queue is gone" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_63b_the_functions_after_the_failing_one_are_called(scim, listen):
    called = []
    listen(after_commit(RuntimeError("x")))
    listen(lambda **kwargs: called.append("signal"), signals.created)
    listen(lambda **kwargs: transaction.on_commit(lambda: called.append("on_commit")))
    scim.make_user("amy@example.com")
    assert sorted(called) == ["on_commit", "signal"]


@pytest.mark.django_db(transaction=True)
def test_63b_a_receiver_of_this_package_that_raises_is_noted(scim, listen, events):
    listen(raising(RuntimeError("x")), signals.created)
    scim.make_user("amy@example.com")
    (event,) = events(action="create")
    assert event.outcome == "success" and "RuntimeError" in event.detail


@pytest.mark.django_db(transaction=True)
def test_63d_bulk_returns_the_ids_of_created_resources(scim, listen, events):
    listen(after_commit(RuntimeError("x")))
    response = scim.bulk(*(user(f"b{n}@example.com") for n in range(3)))
    assert statuses(response) == ["201"] * 3
    ids = [each["id"] for each in response.data["Operations"]]
    assert [scim.get(f"/Users/{each}").data["id"] for each in ids] == ids
    assert ["RuntimeError" in each.detail for each in events(action="create")] == [True] * 3


@pytest.mark.django_db(transaction=True)
def test_63e_bulk_resolves_a_reference_to_a_created_user(scim, listen):
    listen(after_commit(RuntimeError("x")))
    response = scim.bulk(user("u@example.com", "u"), group("G", "bulkId:u"))
    assert statuses(response) == ["201", "201"]
    assert len(scim.get("/Groups").data["Resources"][0]["members"]) == 1


# 66: the exceptions of the site are reported as the site's.


def test_66a_permission_denied_by_the_site_is_not_about_the_token(scim, listen):
    listen(raising(PermissionDenied("the plan has no seats left")), pre_save)
    response = scim.post("/Users", body("amy@example.com"))
    assert_error(response, 403)
    assert response.data["detail"].startswith(
        "the site refused the change: the plan has no seats left"
    )


@pytest.mark.parametrize("error", [Http404("x"), Note.DoesNotExist("x")])
def test_66a_not_found_by_the_site_is_not_a_missing_resource(scim, listen, error):
    listen(raising(error))
    response = scim.post("/Users", body("amy@example.com"))
    assert_error(response, 500)
    assert type(error).__name__ in response.data["detail"]


def test_66a_a_row_of_the_site_that_is_refused_is_no_conflict_of_the_resource(scim, listen):
    Note.objects.create(text="x")
    listen(lambda **kwargs: Note.objects.create(text="x"))
    response = scim.post("/Users", body("amy@example.com"))
    assert_error(response, 500)
    assert IntegrityError.__name__ in response.data["detail"]


def test_73_columns_that_save_computes_keep_up(scim):
    person = scim.make_user("amy@example.com", name={"givenName": "Amy", "familyName": "A"})
    account = get_user_model().objects.get()
    assert account.full_name == "Amy A"
    path = f"/Users/{person['id']}"
    scim.patch(path, {"op": "replace", "path": "name.familyName", "value": "B"})
    account.refresh_from_db()
    assert account.full_name == "Amy B"
    scim.put(path, body("amy@example.com", name={"givenName": "Ann", "familyName": "C"}))
    account.refresh_from_db()
    assert account.full_name == "Ann C"


def test_s1_the_sites_code_can_ask_for_the_connection(scim, listen):
    seen = []
    listen(lambda **kwargs: seen.append(current_connection()))
    scim.make_user("amy@example.com")
    assert seen == [scim.connection]
    get_user_model().objects.create_user("bob", email="bob@example.com")
    assert seen[1] is None and current_connection() is None

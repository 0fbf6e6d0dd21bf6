"""Tokens, pause, close and the guard on the page of a connection."""

import re
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.utils import timezone

from django_scim import connections
from django_scim.models import Connection, Event, GroupLink, Guard, GuardCount, Token, UserLink
from django_scim.testing import ScimClient

from .pages import ROOT, of, text_of


def administration_event(**wanted):
    """Return the event of the admin's action, checked against Django's own log entry."""
    event = Event.objects.get(action="administration", **wanted)
    assert (event.outcome, event.status) == ("success", 0)
    assert event.address == "127.0.0.1" and event.correlation_id
    entry = LogEntry.objects.latest("pk")
    assert entry.user.username == "ada"
    assert event.detail.lower() == f"{entry.change_message[:-1].lower()} by admin ada"
    return event


# Tokens


def test_token_is_shown_once(scim, ada):
    url = of(scim.connection, "issue-token")
    answer = ada.post(url, follow=True)
    secret = answer.context["secret"]
    assert secret in text_of(answer)
    assert "http://testserver/scim/v2" in text_of(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    token = Token.objects.get(prefix=secret[:11])
    for page in (of(scim.connection), "connection/", "token/", f"token/{token.pk}/change/"):
        content = ada.get(page).content.decode()
        assert secret not in content and token.digest not in content
    assert ScimClient(scim.connection, secret).get("/Users").status_code == 200
    event = administration_event()
    assert event.detail == f"token {token.prefix}… issued by admin ada"
    assert (event.connection, event.object_name) == (scim.connection, token.prefix)


def test_reload_shows_the_same_token(scim, ada):
    answer = ada.post(of(scim.connection, "issue-token"))
    page = answer.headers["Location"].removeprefix(ROOT)
    secret = ada.get(page).context["secret"]
    assert ada.get(page).context["secret"] == secret and Token.objects.count() == 2
    cookie = answer.cookies["scim_token"]
    assert secret not in cookie.value and cookie["path"] == ROOT + page
    assert cookie["httponly"] and cookie["samesite"] == "Strict" and cookie["max-age"] == 600


def test_token_is_not_shown_to_others_or_later(scim, ada, staff):
    page = ada.post(of(scim.connection, "issue-token")).headers["Location"].removeprefix(ROOT)
    sealed = ada.client.cookies["scim_token"].value
    sam = staff("view_connection", "add_token")
    sam.client.cookies["scim_token"] = sealed
    first, new = Token.objects.order_by("pk")
    for pages, wanted in ((sam, page), (ada, of(scim.connection, "tokens", first.pk, "secret"))):
        answer = pages.client.get(ROOT + wanted, follow=True)
        assert "is shown for 10 minutes" in str(next(iter(answer.context["messages"])))
        assert "secret" not in answer.context
    Token.objects.filter(pk=new.pk).update(created=timezone.now() - timedelta(minutes=11))
    assert ada.get(page).status_code == 302


def test_permissions_for_tokens(scim, staff):
    """Neither who may change connections nor who may see tokens can issue them."""
    token = Token.objects.get()
    issue, rotate, revoke = (
        of(scim.connection, "issue-token"),
        *(of(scim.connection, "tokens", token.pk, act) for act in ("rotate", "revoke")),
    )
    pat = staff("view_connection", "change_connection", "view_token", name="pat")
    assert [pat.post(each).status_code for each in (issue, rotate, revoke)] == [403] * 3
    content = pat.get(of(scim.connection)).content.decode()
    assert token.prefix in content and not {issue, rotate, revoke} & set(
        re.findall(rf'action="{ROOT}([^"]*)"', content)
    )
    eva = staff("view_connection", "add_token", name="eva")
    assert [eva.post(each).status_code for each in (issue, rotate, revoke)] == [302, 302, 403]
    new = Token.objects.latest("pk")
    rob = staff("view_connection", "change_token", name="rob")
    assert [rob.post(each).status_code for each in (issue, rotate, revoke)] == [403, 403, 302]
    assert "Issue a token" not in rob.read(of(scim.connection))
    lea = staff("add_token", "change_token", name="lea")
    assert [lea.post(each).status_code for each in (issue, rotate)] == [403, 403]
    token.refresh_from_db()
    assert token.revoked and Token.objects.latest("pk") == new


def test_token_is_shown_without_a_unique_base_url(scim, ada, settings):
    settings.ROOT_URLCONF = "tests.admin.urls"
    answer = ada.post(of(scim.connection, "issue-token"), follow=True)
    assert answer.context["secret"] in text_of(answer)
    assert "where the site's URLs include django_scim.urls" in text_of(answer)


def test_rotate(scim, ada):
    old = Token.objects.get()
    page = text_of(ada.get(of(scim.connection)))
    assert "usable" in page and "keeps working for 7 days" in page
    answer = ada.post(of(scim.connection, "tokens", old.pk, "rotate"), follow=True)
    secret = answer.context["secret"]
    assert secret in text_of(answer) and "no-store" in answer.headers["Cache-Control"]
    old.refresh_from_db()
    assert timedelta(days=6) < old.expires - timezone.now() <= timedelta(days=7)
    assert f"{old.prefix}… works until" in text_of(answer)
    for each in (secret, scim.secret):
        assert ScimClient(scim.connection, each).get("/Users").status_code == 200
    page = text_of(ada.get(of(scim.connection)))
    assert f"replaced, ends in 7 days Successor: {old.replaced_by}" in page
    assert secret not in page
    event = administration_event()
    assert event.detail == f"token {old.prefix}… rotated by admin ada"
    (change,) = event.changes
    assert change["new"] == f"{secret[:11]}…"


def test_rotate_twice(scim, ada):
    url = of(scim.connection, "tokens", Token.objects.get().pk, "rotate")
    ada.post(url)
    assert "no successor" in ada.do(url)  # like reloading the page
    assert Token.objects.count() == 2


@pytest.mark.parametrize("action", ["rotate", "revoke"])
def test_token_of_another_connection(scim, connect, ada, action):
    other = connect()
    token = other.connection.tokens.get()
    for key in (token.pk, 99_999, 10**30):
        assert "no such token" in ada.do(of(scim.connection, "tokens", key, action))
    assert other.get("/Users").status_code == 200
    assert not Event.objects.filter(action="administration").exists()


def test_rotate_an_ended_token(scim, ada):
    token = Token.objects.get()
    token.revoke()
    assert "usable" in ada.do(of(scim.connection, "tokens", token.pk, "rotate"))
    assert Token.objects.count() == 1


def test_revoke(scim, ada):
    token = Token.objects.get()
    assert "no longer works" in ada.do(of(scim.connection, "tokens", token.pk, "revoke"))
    assert scim.get("/Users").status_code == 401
    assert administration_event().detail == f"token {token.prefix}… revoked by admin ada"
    assert "no such token" in ada.do(of(scim.connection, "tokens", token.pk, "revoke"))
    assert "revoked" in text_of(ada.get(of(scim.connection)))


# Pause, resume, close


def test_pause_and_resume(scim, ada):
    page = ada.get(of(scim.connection)).content.decode()
    assert 'value="Pause"' in page and 'value="Resume"' not in page
    assert "is paused" in ada.do(of(scim.connection, "pause"))
    assert scim.get("/Users").status_code == 401
    assert administration_event().detail == "connection paused by admin ada"
    page = ada.get(of(scim.connection)).content.decode()
    assert 'value="Resume"' in page and 'value="Pause"' not in page
    assert "is active" in ada.do(of(scim.connection, "resume"))
    assert scim.get("/Users").status_code == 200
    assert administration_event(detail__contains="resumed").object_name == scim.connection.name


def test_close_needs_confirmation(scim, ada):
    scim.make_user("amy")
    page = ada.read(of(scim.connection, "close"))
    assert "1 token is revoked" in page and "1 account stays as it is" in page
    assert "0 groups stay as they are" in page
    assert scim.get("/Users").status_code == 200
    assert "is closed" in ada.do(of(scim.connection, "close"))
    assert scim.get("/Users").status_code == 401
    scim.connection.refresh_from_db()
    assert not scim.connection.is_active
    assert not scim.connection.tokens.filter(revoked=None).exists()
    assert User.objects.get(username="amy").is_active
    assert administration_event().detail == "connection closed and its tokens revoked by admin ada"


# The guard

INACTIVE = {"op": "replace", "path": "active", "value": False}


@pytest.fixture
def tripped(connect):
    """Return a connection that the guard has stopped after two of ten accounts."""
    scim = connect(guard_count=2, guard_percent=10)
    users = [scim.make_user(f"user{number}") for number in range(10)]
    UserLink.objects.update(created=timezone.now() - timedelta(days=1))
    scim.answers = [scim.patch(f"/Users/{user['id']}", INACTIVE) for user in users[:3]]
    scim.leaver = users[3]
    return scim


def test_banner_shows_the_counts_of_the_guard(tripped, ada):
    assert [answer.status_code for answer in tripped.answers] == [200, 200, 403]
    page = ada.read(of(tripped.connection))
    assert page.index("The guard has tripped") < page.index("Profile:")
    assert "including that request: 3 of 10 accounts." in page
    assert "more than 2 of a kind, and more than 10 % of all" in page
    href = f"/admin/django_scim/event/?connection__id__exact={tripped.connection.pk}"
    assert href in ada.get(of(tripped.connection)).content.decode()
    found = ada.get("event/", connection__id__exact=tripped.connection.pk, outcome__exact="stopped")
    assert found.context["cl"].result_count == 1


def test_first_request_exceeds_the_limit(connect, ada):
    scim = connect(guard_count=2, guard_percent=10)
    group = scim.make_group("Everyone", *[scim.make_user(f"user{n}") for n in range(4)])
    before = timezone.now() - timedelta(days=1)
    GroupLink.objects.update(created=before)
    UserLink.objects.update(created=before)
    answer = scim.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "members"})
    assert answer.status_code == 403
    (count,) = scim.connection.guard_counts.all()
    assert (count.kind, count.lost, count.total) == (GuardCount.MEMBERSHIPS, 4, 4)
    page = ada.read(of(scim.connection))
    assert "including that request: 4 of 4 memberships." in page
    assert "overridden until" in ada.do(of(scim.connection, "override-guard"))
    assert "stopped at 4 of 4 memberships" in administration_event().detail


def test_override(tripped, ada):
    assert "overridden until" in ada.do(of(tripped.connection, "override-guard"))
    assert tripped.patch(f"/Users/{tripped.leaver['id']}", INACTIVE).status_code == 200
    page = ada.read(of(tripped.connection))
    assert "The guard has tripped" not in page and "overridden until" in page
    counted = "3 of 10 accounts"
    assert administration_event().detail == f"guard overridden (stopped at {counted}) by admin ada"


def test_override_without_a_stop(scim, ada):
    assert "has not tripped" in ada.do(of(scim.connection, "override-guard"))
    assert not Guard.objects.filter(overridden_until__isnull=False).exists()
    assert "The guard has tripped" not in ada.read(of(scim.connection))


def test_disabled_guard_has_no_banner(tripped, ada):
    Connection.objects.update(guard_percent=100)
    assert "The guard has tripped" not in ada.read(of(tripped.connection))


# Transactions


@pytest.mark.django_db(transaction=True)
def test_change_is_rolled_back_without_its_event(ada, monkeypatch):
    made = connections.create("Okta")
    token = connections.issue_token(made).token

    def fail(*args, **kwargs):
        raise RuntimeError("the log is full")

    monkeypatch.setattr(Event.objects, "bulk_create", fail)
    for path in ("pause", "close", "issue-token", f"tokens/{token.pk}/revoke"):
        with pytest.raises(RuntimeError):
            ada.post(of(made, path))
    made.refresh_from_db()
    token.refresh_from_db()
    assert made.is_active and token.revoked is None and Token.objects.count() == 1

"""The list of events in the admin, and the page of an event."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_scim import connections
from django_scim.models import Event, UserLink

from ..client import ENTERPRISE, USER
from ..databases import analyze, quoted, scans
from .pages import everything, text_of

MARIA = {
    "schemas": [USER],
    "userName": "maria.rossi@example.com",
    "externalId": "00uMaria",
    "name": {"givenName": "Maria", "familyName": "Rossi"},
}


@pytest.fixture
def okta(connect):
    return connect("okta")


@pytest.fixture
def refusal(okta):
    """Return the event of Maria, who could not be created since the site has the name."""
    User.objects.create_user("Maria.Rossi@example.com", "maria@example.com")
    okta.post("/Users", MARIA)
    return Event.objects.get()


def page_of(event):
    return f"event/{event.pk}/change/"


def link_of(event):
    return f"event/{event.pk}/link/"


# The list


def test_a_line_is_a_sentence(ada, refusal):
    page = ada.read("event/")
    sentence = f"{refusal.connection_name} could not create maria.rossi@example.com"
    assert f"{sentence}: the name is taken" in page
    content = ada.get("event/").content.decode()
    assert len(re.findall(r'<th scope="col" class="[^"]*column-', content)) == 3
    assert "_facets" not in content


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda scim, user: scim.delete(user), "deleted amy"),
        (lambda scim, user: scim.patch(user, {"op": "add", "path": "title", "value": "x"}),
         "changed amy"),
        (lambda scim, user: scim.patch(user, {"op": "add", "path": "active", "value": False}),
         "deactivated amy"),
        (lambda scim, user: scim.patch(user, {"op": "add", "path": "active", "value": True}),
         "sent amy again, without a change"),
        (lambda scim, user: scim.patch(user, {"op": "add", "path": "title", "value": {"x": 1}}),
         "could not change amy: a value is not valid"),
        (lambda scim, user: scim.get("/Users", {"filter": "x y z"}),
         "could not read resources of the type User: it searched with a filter that does not"),
        (lambda scim, user: scim.get("/Users", authorization="Bearer wrong"),
         "An unknown client was rejected: the token is wrong"),
        (lambda scim, user: scim.get("/Wrong"), "could not read /scim/v2/Wrong: the URL is wrong"),
        (lambda scim, user: scim.post("/Users", raw=b"{}", content_type="text/plain"),
         "could not create a resource of the type User: the body has the wrong media type"),
    ],
)  # fmt: skip
def test_sentences(act, words, scim, ada):
    user = scim.make_user("amy")
    act(scim, f"/Users/{user['id']}")
    name = "" if "unknown client" in words else f"{scim.connection} "
    assert f"{name}{words}" in ada.read("event/")


def test_sentence_of_members(scim, ada):
    people = [{"value": scim.make_user(name)["id"]} for name in ("ann", "bob", "cy", "di", "ed")]
    group = f"/Groups/{scim.make_group('Guides')['id']}"
    scim.patch(group, {"op": "add", "path": "members", "value": people})
    scim.patch(group, {"op": "remove", "path": f'members[value eq "{people[1]["value"]}"]'})
    page = ada.read("event/")
    assert f"{scim.connection} added ann, bob, cy and 2 more to Guides" in page
    assert f"{scim.connection} removed bob from Guides" in page


def test_repetition_is_one_line_with_both_times(okta, ada, refusal):
    Event.objects.update(created=timezone.now() - timedelta(hours=2))
    okta.post("/Users", MARIA)
    event = Event.objects.get()
    page = ada.read("event/")
    assert "the name is taken (2 times since" in page
    local = timezone.localtime
    for time in (event.first, event.created):
        assert f"{local(time):%H:%M:%S}" in page
    text = ada.read(page_of(event))
    assert f"2 times: first {local(event.first):%m/%d/%Y %H:%M:%S}" in text


def test_attention(okta, scim, ada, refusal):
    scim.make_user("amy")
    assert "created amy" in ada.read("event/")
    page = ada.read("event/", attention="needed")
    assert "created amy" not in page and "could not create" in page
    assert "?attention=needed" in ada.get("event/").content.decode()


@pytest.mark.parametrize(
    "query", [{}, {"attention": "needed"}, {"q": "maria"}, {"outcome__exact": "failure"},
              {"resource_type": "User"}, {"reason": "name_taken"}],
)  # fmt: skip
def test_no_count_and_no_distinct(query, ada, refusal):
    """Filters come from the code; the number of statements does not depend on the events."""

    def statements():
        with CaptureQueriesContext(database) as captured:
            assert "could not create" in ada.read("event/", **query)
        return [each["sql"] for each in captured]

    few = statements()
    of_events = [sql for sql in few if "django_scim_event" in sql]
    for sql in of_events:
        assert not re.search(r"COUNT\(|DISTINCT|MIN\(|MAX\(", sql), sql
    assert len(few) <= 12
    old = timezone.now() - timedelta(days=1)
    more = [Event(action="read", outcome="success", created=old) for _ in range(200)]
    Event.objects.bulk_create(more)
    assert len(statements()) == len(few)


@pytest.mark.parametrize("query", [{"attention": "needed"}, {"outcome__exact": "failure"}])
def test_refusals_are_read_from_their_index(query, ada, refusal):
    old = timezone.now() - timedelta(days=1)
    more = [Event(action="read", outcome="success", created=old) for _ in range(3_000)]
    Event.objects.bulk_create(more, batch_size=500)
    analyze()
    with CaptureQueriesContext(database) as captured:
        assert "could not create" in ada.read("event/", **query)
    read = [each["sql"] for each in captured if each["sql"].startswith("SELECT")]
    lists = [sql for sql in read if "FROM " + quoted("django_scim_event") in sql]
    assert lists
    for sql in lists:
        assert not scans(sql, 1_500), sql


# The search


def test_search_finds_maria_in_the_list(ada, refusal):
    for text in ("maria", "MARIA.ROSSI", "Maria Ro", "00uma", refusal.correlation_id[:12]):
        assert "could not create maria.rossi@example.com" in ada.read("event/", q=text)


def test_empty_result_describes_the_search(ada, staff, refusal):
    User.objects.create_user("ossi")
    answer = ada.get("event/", q="ossi")
    content = answer.content.decode()
    assert "an externalId, a SCIM id or a request id that begins with “ossi”" in content
    assert 'href="/admin/auth/user/?q=ossi"' in content
    assert "/admin/auth/user/" not in staff("view_event").get("event/", q="ossi").content.decode()
    filtered = ada.get("event/", q="maria", action__exact="delete").content.decode()
    assert "No event with the chosen filters" in filtered


def test_search_is_escaped(ada):
    assert "<b>x" not in ada.get("event/", q="<b>x").content.decode()


# The page of an event


def test_changes_in_words(scim, ada):
    user = scim.make("/Users", MARIA | {ENTERPRISE: {"department": "Sales"}, "active": True})
    scim.patch(
        f"/Users/{user['id']}",
        {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Marketing"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "add", "path": "emails", "value": [{"value": "a@b.c", "type": "work"}]},
    )
    page = ada.read(page_of(Event.objects.latest("pk")))
    assert "Department Sales → Marketing" in page
    assert "Active yes → no" in page
    assert "Emails – → a@b.c (work)" in page
    changed = page.partition("What changed")[2].partition("Request and response")[0]
    assert "urn:" not in changed and "{" not in changed


def test_steps(ada, refusal):
    page = ada.read(page_of(refusal))
    steps = "✓ authenticated done ✓ parsed done ✓ matched done ✓ permitted done ✗ applied failed"
    assert f"{steps} ✓ answered done" in page


@pytest.mark.parametrize(
    ("send", "failed", "reached"),
    [
        (lambda scim: scim.get("/Users", authorization="Bearer wrong"), "authenticated", 0),
        (lambda scim: scim.post("/Users", raw=b"{"), "parsed", 1),
        (lambda scim: scim.delete("/Users/x"), "matched", 2),
        (lambda scim: scim.get("/Nope"), "matched", 1),
    ],
)
def test_failed_step(send, failed, reached, scim, ada):
    send(scim)
    page = ada.read(page_of(Event.objects.get()))
    assert f"✗ {failed} failed" in page
    steps = page.partition("Steps:")[2].partition("Person or group:")[0]
    assert steps.count("✓") == reached + 1  # and answered


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("okta", "presses “Retry Selected”"),
        ("entra", "in its next cycle, about every 40 minutes"),
        ("default", "repeat a failed request automatically"),
    ],
)
def test_page_explains_the_retry(profile, words, connect, ada):
    scim = connect(profile)
    scim.post("/Users", {"schemas": [USER], "userName": {"x": 1}})
    assert words in ada.read(page_of(Event.objects.get()))


# The account with the taken name


def protect(user, scim, other):
    User.objects.filter(pk=user.pk).update(is_staff=True)


def give_to_another(user, scim, other):
    connections.assign(other.connection, user)


def give(user, scim, other):
    connections.assign(scim.connection, user)


def deactivate(user, scim, other):
    give(user, scim, other)
    User.objects.filter(pk=user.pk).update(is_active=False)


def unassign(user, scim, other):
    give(user, scim, other)
    connections.unassign(scim.connection, user)


def rename(user, scim, other):
    user.username = "someone.else"
    user.save()


HOLDERS = [
    (lambda *args: None, "no connection manages", "link the account to the connection", True),
    (protect, "a protected account: staff or superuser", "take its rights away here", False),
    (give_to_another, "an account that the connection Provider", "assigned in two", True),
    (give, "This connection has an account of that name", "with userName, it finds", False),
    (deactivate, "until it deactivated or deleted it", "If the person came back", False),
    (unassign, "until it deactivated or deleted it", "link the account to the connection", True),
    (rename, "No account has the name any more", "the next attempt", False),
]


@pytest.mark.parametrize(("happen", "why", "remedy", "can_link"), HOLDERS)
def test_page_shows_the_holder(happen, why, remedy, can_link, okta, connect, ada, refusal):
    happen(User.objects.get(username__istartswith="maria"), okta, connect())
    answer = ada.get(page_of(refusal))
    page = text_of(answer)
    assert why in page and remedy in page
    assert (link_of(refusal) in answer.content.decode()) is can_link
    before = UserLink.objects.filter(target__isnull=False).count()
    ada.post(link_of(refusal))
    after = UserLink.objects.filter(target__isnull=False).count()
    assert after - before == can_link


@pytest.mark.parametrize("happen", [each[0] for each in HOLDERS[:-1]])
def test_holder_is_hidden_without_view_permission(happen, okta, connect, staff, refusal):
    happen(User.objects.get(username__istartswith="maria"), okta, connect())
    sam = staff("view_event", "view_connection", "change_connection", "manage_connection_access")
    answer = sam.get(page_of(refusal))
    page = text_of(answer)
    assert "Another account of this site has the userName" in page
    assert "maria@example.com" not in page and "Maria.Rossi@" not in page
    assert link_of(refusal) not in answer.content.decode()
    assert not any(why in page for _, why, _, _ in HOLDERS)
    before = everything()
    sam.post(link_of(refusal))
    assert everything() == before


# Linking


def test_link_in_one_click_then_the_retry_settles_it(okta, ada, refusal):
    user = User.objects.get(username__istartswith="maria")
    assert "Link this account to the connection" in ada.read(page_of(refusal))
    before = everything()
    preview = ada.read(link_of(refusal))
    assert everything() == before
    for words in ("maria@example.com", str(okta.connection), "00uMaria", "deactivate it",
                  "only if it is the same person"):  # fmt: skip
        assert words in preview
    assert "not yet" in ada.read(page_of(refusal))
    message = ada.do(link_of(refusal))
    assert "is linked to" in message and "Retry Selected" in message
    link = UserLink.objects.get(target=user)
    assert (link.connection, link.preexisting) == (okta.connection, True)
    linked = Event.objects.get(action="administration")
    assert "assigned to the connection by admin ada" in linked.detail
    # Okta then finds the account and updates it.
    (found,) = okta.find('userName eq "maria.rossi@example.com"')
    assert okta.put(f"/Users/{found['id']}", MARIA).status_code == 200
    settling = Event.objects.latest("pk")
    answer = ada.get(page_of(refusal))
    assert f'href="/admin/django_scim/{page_of(settling)}"' in answer.content.decode()
    assert "yes, at" in text_of(answer)


def test_linking_needs_permissions(okta, staff, refusal):
    for number, codenames in enumerate(
        [
            (),
            ("view_event",),
            ("view_event", "view_user"),
            ("view_event", "change_connection", "view_user"),
            ("view_event", "manage_connection_access", "view_user"),
            ("change_connection", "manage_connection_access", "view_user"),
        ]
    ):
        sam = staff(*codenames, name=f"sam{number}")
        assert sam.get(link_of(refusal)).status_code == 403, codenames
        assert sam.post(link_of(refusal)).status_code == 403, codenames
    assert not UserLink.objects.exists()
    pat = staff(
        "view_event", "change_connection", "manage_connection_access", "view_user", name="pat"
    )
    assert "is linked to" in pat.do(link_of(refusal))


def test_link_of_an_unknown_event(ada):
    assert ada.get("event/999/link/").status_code == 302


# Later requests that settle a refusal


OFF = {"op": "replace", "path": "active", "value": False}


def test_later_change_does_not_settle_a_refused_deactivation(connect, ada):
    scim = connect(guard_count=0, guard_percent=0)
    user = f"/Users/{scim.make_user('amy')['id']}"
    UserLink.objects.update(created=timezone.now() - timedelta(hours=3))
    assert scim.patch(user, OFF).status_code == 403
    refused = Event.objects.get(outcome="stopped")
    scim.patch(user, {"op": "add", "path": "title", "value": "Guide"})
    assert "Settled: not yet" in ada.read(page_of(refused))
    connections.override_guard(scim.connection)
    assert scim.patch(user, OFF).status_code == 200
    assert "Settled: yes, at" in ada.read(page_of(refused))


def test_success_for_another_person_does_not_settle(okta, connect, ada, refusal):
    okta.make_user("bob", externalId="b")
    User.objects.filter(username__istartswith="maria").delete()
    connect().post("/Users", MARIA)  # another connection
    assert "Settled: not yet" in ada.read(page_of(refusal))


# Links


def test_no_link_leads_to_a_403(okta, scim, staff, refusal):
    """With each set of permissions, every link on the list and the pages can be followed."""
    okta.get("/Users", authorization="Bearer wrong")
    okta.connection.tokens.update(scopes=["users:read"])
    okta.delete(f"/Users/{scim.make_user('bob')['id']}")
    linking = ("view_event", "view_user", "change_connection", "manage_connection_access")
    sets = [("view_event",), ("view_event", "view_connection"), linking[:2], linking[:3], linking]
    for number, codenames in enumerate(sets):
        sam = staff(*codenames, name=f"sam{number}")
        pages = ["event/", "event/?q=nobody", *(page_of(each) for each in Event.objects.all())]
        for page in pages:
            main = sam.get(page).content.decode().partition("<main")[2]
            for url in set(re.findall(r'href="(/[^"]*|\?[^"]*)"', main)):
                full = url if url.startswith("/") else f"/admin/django_scim/{page}{url}"
                status = sam.client.get(full.replace("&amp;", "&")).status_code
                assert status == 200, (codenames, page, url, status)

"""The start page: what needs attention, the state of every connection, and thirty days."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_scim import connections
from django_scim.admin.overview import page as overview_page
from django_scim.audit.administration import Actor
from django_scim.audit.retention import prune
from django_scim.audit.totals import bounds, roll_up, today
from django_scim.models import Event, Guard, GuardCount, Token, UserLink
from tests.client import USER

from .pages import text_of

PAGE = "overview/"
EVERYTHING = ("view_event", "view_connection", "view_userlink", "change_connection")


def cards(pages):
    """Return the text of each connection's card, in the order of the page."""
    answer = pages.get(PAGE)
    assert answer.status_code == 200
    parts = re.split(r'<section class="module scim-card', answer.content.decode())[1:]
    return [text_of_part(part.partition("</section>")[0]) for part in parts]


def text_of_part(html):
    class Answer:
        content = f'<main id="content-start" {html}</main>'.encode()

    return text_of(Answer)


def links(answer):
    """Return the URLs of a page's content."""
    main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    return {unescape(url) for url in re.findall(r'href="([^"]*)"', main)}


def make(connection, outcome, count=1, **values):
    values = {"action": "update", "created": timezone.now() - timedelta(hours=1)} | values
    for _ in range(count):
        refused = values["created"] if outcome in ("failure", "stopped") else None
        Event.objects.create(
            connection=connection,
            connection_name=connection.name,
            outcome=outcome,
            refused=refused,
            **values,
        )


@pytest.fixture
def okta(connect):
    scim = connect("okta", adoption="username")
    scim.make_user("amy")
    scim.patch(f"/Users/{scim.make_user('bob')['id']}", INACTIVE)
    scim.make_group("Readers")
    User.objects.create_user("carl")
    scim.make_user("carl")
    User.objects.create_superuser("root")
    scim.post("/Users", {"schemas": [USER], "userName": "root"})
    return scim


INACTIVE = {"op": "replace", "path": "active", "value": False}

# Content


def test_a_card(okta, ada):
    (card,) = cards(ada)
    assert "2 active users, 1 inactive, 1 group" in card
    assert f"Last success {okta.connection} created carl , 0 minutes ago" in card
    assert f"Last failure {okta.connection} could not create root" in card
    assert "5 successes, 0 without a change, 1 failure" in card
    assert "1 waits for confirmation" in card
    assert "Refused within the last day" in card
    assert re.search(r"connection active\b.* tokens 1 usable\b.* guard 1 of 0 accounts", card)


def test_without_connections(db, ada):
    assert "There is no connection yet." in ada.read(PAGE)


def test_a_new_connection(db, ada):
    connections.create("New")
    (card,) = cards(ada)
    assert "No requests." in card and "0 active users" in card and "Last" not in card


def test_success_whose_event_is_deleted(okta, ada):
    Event.objects.update(created=timezone.now() - timedelta(days=2))
    list(prune(timezone.now() - timedelta(days=1), 100, Actor("test")))
    (card,) = cards(ada)
    assert "Last success" in card and "created carl" not in card and "Last failure" not in card
    assert "5 successes, 0 without a change, 1 failure" in card


def test_only_thirty_days(scim, ada):
    make(scim.connection, "success", 2, created=bounds(today() - timedelta(days=29))[0])
    make(scim.connection, "success", 7, created=bounds(today() - timedelta(days=30))[0])
    assert "2 successes, 0 without" in cards(ada)[0]
    roll_up()
    assert "2 successes, 0 without" in cards(ada)[0]


def test_an_uncounted_log_says_so(scim, ada, monkeypatch):
    monkeypatch.setattr("django_scim.audit.totals.reading.MOST_EVENTS", 1)
    make(scim.connection, "success", 2)
    assert "Some events are not counted yet" in ada.read(PAGE)


# What comes first


def test_connections_that_need_attention_come_first(connect, ada):
    calm, waiting, refused, expiring, tripped = (connect() for _ in range(5))
    Guard.objects.create(connection=tripped.connection, tripped=timezone.now())
    GuardCount.objects.create(
        connection=tripped.connection, kind="User", started=timezone.now(), lost=3, total=9
    )
    soon = timezone.now() + timedelta(days=5)
    Token.objects.filter(connection=expiring.connection).update(expires=soon)
    make(refused.connection, "failure", reason="name_taken", status=409)
    waiting.make_user("amy")
    UserLink.objects.update(unconfirmed=True)
    old = timezone.now() - timedelta(days=3)
    make(calm.connection, "failure", created=old)
    shown = cards(ada)
    names = [str(each.connection) for each in (tripped, expiring, refused, waiting, calm)]
    assert [name for card, name in zip(shown, names, strict=True) if name in card] == names
    for card, problem in zip(
        shown,
        (
            "The guard stopped it: 3 of 9 accounts.",
            "Token: expires in 5 days",
            "Refused within the last day",
            "1 waits for confirmation",
            "",
        ),
        strict=True,
    ):
        assert problem in card
    assert 'aria-label="Needs attention"' in ada.get(PAGE).content.decode()


def test_pages(db, ada, monkeypatch):
    monkeypatch.setattr(overview_page, "PER_PAGE", 2)
    for name in "ABCDE":
        connections.create(f"Provider {name}")
    assert [len(cards_at(ada, number)) for number in ("1", "2", "3", "4", "x", "-1")] == [
        2, 2, 1, 0, 2, 2,
    ]  # fmt: skip
    assert links(ada.get(PAGE, p="2")) >= {"?p=1", "?p=3"}
    assert "?p=4" not in links(ada.get(PAGE, p="3"))


def cards_at(pages, number):
    return pages.get(PAGE, p=number).context["cards"]


# Bars


def bars(answer):
    """Return the bars with a link, as (URL, title, heights by kind)."""
    found = re.findall(
        r'<a href="([^"]*)" tabindex="-1"><title>(.*?)</title>(.*?)</a>', answer.content.decode()
    )
    return [
        (
            unescape(url),
            title,
            dict(re.findall(r'scim-bar-(\w+)"[^>]* height="(\d+)"', parts)),
        )
        for url, title, parts in found
    ]


def test_bars_lead_to_their_events(scim, ada):
    for days, outcomes in enumerate((["success"] * 3, ["failure", "no_change"], ["stopped"])):
        created = bounds(today() - timedelta(days=days))[0]
        for outcome in outcomes:
            make(scim.connection, outcome, created=created)
    make(scim.connection, "success", action="administration")
    answer = ada.get(PAGE)
    shown = bars(answer)
    assert [set(parts) - {"room"} for _, _, parts in shown] == [
        {"failure"}, {"failure", "no_change"}, {"success"},
    ]  # fmt: skip
    for (url, _title, _parts), count in zip(shown, (1, 2, 3), strict=True):
        assert len(ada.client.get(url).context["cl"].result_list) == count
    table = re.findall(r'<td><a href="([^"]*)">(\d+)</a></td>', answer.content.decode())
    assert len(table) == 4  # zeros are no links
    for url, number in table:
        assert len(ada.client.get(unescape(url)).context["cl"].result_list) == int(number)


def test_heights(scim, ada):
    make(scim.connection, "success", 118)
    make(scim.connection, "failure", 2)
    ((_url, title, heights),) = bars(ada.get(PAGE))
    assert heights == {
        "room": "60",
        "failure": "2",
        "success": "58",
    }  # visible, and no more than 60
    assert "2 failures, 118 successes" in title


def test_days_of_a_repeated_refusal(scim, ada):
    now = timezone.now()
    make(scim.connection, "failure", first=now - timedelta(days=2), created=now)
    for days, count in ((0, 1), (1, 1), (2, 1), (3, 0)):
        day = today() - timedelta(days=days)
        found = ada.get("event/", requests_on=day.isoformat()).context["cl"].result_list
        assert len(found) == count


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Chicago"])
def test_the_filter_has_the_days_of_the_site(scim, ada, settings, zone):
    settings.TIME_ZONE = zone
    start, end = bounds(datetime(2026, 3, 8, tzinfo=UTC).date())
    for moment in (start - timedelta(seconds=1), start, end - timedelta(seconds=1), end):
        make(scim.connection, "success", created=moment)
    found = ada.get("event/", requests_on="2026-03-08").context["cl"].result_list
    assert {event.created for event in found} == {start, end - timedelta(seconds=1)}


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "9999-12-31", "0001-01-01", ""])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/New_York"])
def test_a_wrong_day_is_no_error(scim, ada, settings, text, zone):
    settings.TIME_ZONE = zone
    assert ada.get("event/", requests_on=text).status_code in (200, 302)


# Permissions


def test_linked_from_the_index_and_the_lists(scim, ada):
    assert "/admin/django_scim/overview/" in ada.client.get("/admin/").content.decode()
    for path in ("connection/", "event/"):
        assert "/admin/django_scim/overview/" in links(ada.get(path))


def test_forbidden_without_a_permission(scim, staff):
    assert staff("view_token").get(PAGE).status_code == 403
    assert "overview" not in staff("view_token", name="tom").client.get("/admin/").content.decode()


def test_only_events(okta, staff):
    sam = staff("view_event")
    (card,) = cards(sam)
    assert "created carl" in card and "5 successes" in card
    for text in ("active users", "tokens", "guard", "waits for"):
        assert text not in card


def test_only_connections(okta, staff):
    sam = staff("view_connection")
    (card,) = cards(sam)
    assert "2 active users" in card and "5 successes" in card
    for text in ("carl", "root", "Refused"):
        assert text not in card
    assert not any("/event/" in url for url in links(sam.get(PAGE)))


@pytest.mark.parametrize(
    "codenames",
    [("view_event",), ("view_connection",), ("view_event", "view_connection"), EVERYTHING],
)
def test_every_link_can_be_followed(okta, staff, codenames):
    sam = staff(*codenames)
    found = links(sam.get(PAGE))
    assert len(found) > 3 or codenames == ("view_connection",)
    for url in found:
        full = url if url.startswith("/") else f"/admin/django_scim/{PAGE}{url}"
        assert sam.client.get(full).status_code == 200, url


def test_an_admin_site_with_another_name(okta, ada, settings):
    settings.ROOT_URLCONF = "tests.admin.custom_site_urls"
    assert "/acme/django_scim/overview/" in ada.client.get("/acme/").content.decode()
    answer = ada.client.get("/acme/django_scim/overview/")
    assert answer.status_code == 200
    found = links(answer)
    assert found and all(url.startswith("/acme/") for url in found)
    for url in found:
        assert ada.client.get(url).status_code == 200, url


def test_names_are_escaped(connect, ada):
    scim = connect()
    type(scim.connection).objects.update(name='<b>&"evil')
    make(scim.connection, "success")
    page = ada.get(PAGE).content.decode()
    assert "<b>" not in page.partition("<main")[2]


# Costs


def test_statements_do_not_depend_on_the_number_of_connections(okta, connect, staff):
    sam = staff(*EVERYTHING)

    def statements():
        with CaptureQueriesContext(database) as captured:
            assert sam.get(PAGE).status_code == 200
        return [query["sql"] for query in captured]

    one = statements()
    assert len(one) <= 12, one
    for number in range(19):
        other = connect()
        other.make_user(f"user{number}")
        make(other.connection, "failure")
        roll_up()
    many = statements()
    assert len(cards(sam)) == 20 and len(many) <= 12, many

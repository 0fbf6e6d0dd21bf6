"""The top of a connection's page: its health, its URL, and where to enter it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from django_scim import connections
from django_scim.models import Event, Token
from tests.client import USER

from .pages import of, text_of

BASE_URL = "http://testserver/scim/v2"


def health(pages, connection):
    """Return the text of the section, and its HTML."""
    answer = pages.get(of(connection))
    assert answer.status_code == 200
    html = answer.content.decode().partition('id="scim-health"')[2].partition("</section>")[0]
    assert html
    return text_of_section(html), html


def text_of_section(html):
    class Answer:
        content = f'<main id="content-start" {html}</main>'.encode()

    return text_of(Answer)


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("entra", "Tenant URL"),
        ("okta", "Test API Credentials"),
        ("keycloak", "SCIM plugin"),
        ("ping", "SCIM BASE URL"),
        ("default", "not basic authentication"),
    ],
)
def test_new_connection_says_where_to_enter_its_url(db, ada, profile, words):
    connection = connections.create("New", profile=profile)
    connections.issue_token(connection)
    text, html = health(ada, connection)
    assert BASE_URL in text and "Waiting for the first request." in text and words in text
    assert f'data-scim-copy="{BASE_URL}"' in html


def test_last_request_success_and_failure(scim, ada):
    scim.make_user("maria")
    User.objects.create_user("amy")
    scim.post("/Users", {"schemas": [USER], "userName": "amy"})
    Token.objects.update(last_used=timezone.now() - timedelta(minutes=5))
    Event.objects.filter(outcome="success").update(created=timezone.now() - timedelta(hours=2))
    text, html = health(ada, scim.connection)
    assert "Waiting" not in text and "Last request 5 minutes ago" in text
    assert f"Last success {scim.connection} created maria , 2 hours ago" in text
    assert f"Last failure {scim.connection} could not create amy" in text
    for outcome in ("success", "failure"):
        event = Event.objects.get(outcome=outcome)
        assert f'href="/admin/django_scim/event/{event.pk}/change/"' in html


def test_what_admins_did_is_no_success_of_the_client(scim, ada):
    connections.pause(scim.connection, actor=connections.Actor("ada"))
    text, _ = health(ada, scim.connection)
    assert "Last success" not in text


def test_counts(connect, ada):
    scim = connect(adoption="username")
    User.objects.create_user("amy")
    for name in ("amy", "bob"):
        scim.make_user(name)
    scim.make_group("Readers")
    text, _ = health(ada, scim.connection)
    assert "Has 2 users, 1 group, 1 waits for confirmation" in text


def test_other_connections_do_not_count(connect, ada):
    one, other = connect(), connect()
    other.make_user("maria")
    text, _ = health(ada, one.connection)
    assert "maria" not in text and "Has 0 users, 0 groups" in text


def test_without_the_permission_for_events(scim, staff):
    scim.make_user("maria")
    text, html = health(staff("view_connection"), scim.connection)
    assert "maria" not in text and "/event/" not in html and BASE_URL in text


def test_token_page_can_be_copied(scim, ada):
    answer = ada.post(of(scim.connection, "issue-token"), follow=True)
    html = answer.content.decode()
    secret = html.partition("<dt>Token</dt><dd><code>")[2].partition("<")[0]
    assert secret.startswith("scim_") and f'data-scim-copy="{secret}"' in html
    assert "django_scim/copy.js" in html

"""The management commands."""

from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_scim import connections
from django_scim.models import Token, UserLink
from tests.client import ScimClient, assert_error


def run(*arguments, **options):
    output = StringIO()
    call_command(*arguments, stdout=output, stderr=StringIO(), **options)
    return output.getvalue()


# scim_token


def test_rotate(scim):
    old = Token.objects.get()
    output = run("scim_token", "rotate", old.prefix, "--overlap", "3")
    secret = next(word for word in output.split() if word.startswith("scim_") and len(word) > 30)
    assert ScimClient(scim.connection, secret).get("/Users").status_code == 200
    assert scim.get("/Users").status_code == 200
    old.refresh_from_db()
    assert timedelta(days=2) < old.expires - timezone.now() <= timedelta(days=3)
    assert f"{old.expires:%Y-%m-%d}" in output
    with pytest.raises(CommandError, match="successor"):
        run("scim_token", "rotate", old.prefix)


def test_rotate_quietly(scim):
    secret = run("scim_token", "rotate", Token.objects.get().prefix, "--quiet").strip()
    assert ScimClient(scim.connection, secret).get("/Users").status_code == 200


@pytest.mark.parametrize("action", ["rotate", "revoke"])
def test_unknown_token(scim, action):
    with pytest.raises(CommandError, match="no usable token"):
        run("scim_token", action, "scim_nothing")


def test_revoke(scim):
    run("scim_token", "revoke", Token.objects.get().prefix)
    assert_error(scim.get("/Users"), 401)


def test_list_shows_no_secret(scim):
    output = run("scim_token", "list")
    assert Token.objects.get().prefix in output and scim.secret not in output


# scim_link


@pytest.fixture
def site(db, connect):
    """Create users of every type."""
    make = User.objects.create_user
    make("amy", "amy@example.com")
    make("bob", "bob@example.com")
    make("cyd", "CYD@example.com")
    # equal when folded, and possible on every database
    User.objects.create(username="ｃyd", email="other@example.com")
    make("dan", "bob@EXAMPLE.com")
    make("eve", "")
    make("staff", "staff@example.com", is_staff=True)
    User.objects.create_superuser("root", "root@example.com")
    connect().make_user("held", emails=[{"value": "held@example.com"}])
    return connections.create("Okta")


def given(made):
    links = UserLink.objects.filter(connection=made)
    return sorted(links.values_list("target__username", flat=True))


@pytest.mark.parametrize(
    ("by", "expected", "clashing"),
    [
        ("username", ["amy", "bob", "dan", "eve"], "cyd (2 accounts)"),
        ("email", ["amy", "cyd", "ｃyd"], "bob@example.com (2 accounts)"),
    ],
)
def test_link(site, by, expected, clashing):
    dry = run("scim_link", "--connection", "Okta", "--by", by, "--dry-run")
    assert given(site) == [] and "Nothing was written" in dry and clashing in dry
    assert f"{len(expected):>8}  to be assigned" in dry
    assert f"{2:>8}  protected" in dry and f"{1:>8}  linked to another" in dry
    output = run("scim_link", "--connection", "Okta", "--by", by)
    assert given(site) == expected
    assert f"{len(expected)} accounts were assigned" in output
    again = run("scim_link", "--connection", "Okta", "--by", by)
    assert f"{len(expected):>8}  already linked" in again
    assert "0 accounts were assigned" in again
    assert given(site) == expected


def test_linked_accounts_are_accessible(site):
    run("scim_link", "--connection", "Okta", "--by", "username")
    scim = ScimClient(site)
    (amy,) = scim.find('userName eq "AMY"')
    assert amy["emails"][0]["value"] == "amy@example.com"
    assert scim.find('emails.value eq "AMY@example.com"') == [amy]
    body = {"schemas": amy["schemas"], "userName": "amy"}
    assert_error(scim.post("/Users", body), 409, "uniqueness")
    link = UserLink.objects.get(connection=site, target__username="amy")
    assert link.preexisting and not link.unconfirmed and not link.created_by_scope
    title = {"op": "replace", "path": "title", "value": "Guide"}
    assert scim.patch(f"/Users/{amy['id']}", title).status_code == 200
    assert_error(scim.get("/Users/1"), 404)


def test_hard_delete_keeps_linked_accounts(site):
    site.deletion = "delete"
    site.save()
    run("scim_link", "--connection", "Okta", "--by", "username")
    scim = ScimClient(site)
    (amy,) = scim.find('userName eq "amy"')
    scim.delete(f"/Users/{amy['id']}")
    assert not User.objects.get(username="amy").is_active  # deactivated only


def test_continues_after_an_interruption(site, monkeypatch):
    from django_scim.adapters import bulk_linking as matching

    User.objects.bulk_create([User(username=f"user{number}") for number in range(25)])
    monkeypatch.setattr(matching, "BATCH", 10)
    found = matching.survey(site, "username")

    def interrupted(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        matching.assign_matching(site, found, interrupted)
    assert len(given(site)) == 10
    run("scim_link", "--connection", "Okta", "--by", "username")
    assert len(given(site)) == 29


def test_number_of_queries_does_not_depend_on_the_batch(site, monkeypatch):
    from django_scim.adapters import bulk_linking as matching

    def statements(count):
        users = [User(username=f"{count}-{number}") for number in range(count)]
        User.objects.bulk_create(users)
        found = matching.survey(site, "username")
        with CaptureQueriesContext(connection) as captured:
            matching.assign_matching(site, found)
        return len(captured)

    statements(1)
    assert statements(5) == statements(50)


def test_unknown_connection(db):
    with pytest.raises(CommandError, match="no connection 'X'"):
        run("scim_link", "--connection", "X", "--by", "email")


# scim_connect


def test_connect_continues_after_an_interruption(db, monkeypatch):
    from django_scim.adapters import linking

    monkeypatch.setattr(linking, "BATCH", 10)
    User.objects.bulk_create([User(username=f"user{number}") for number in range(25)])
    made = connections.create("Okta")
    made.scope = "site"
    made.save()

    def interrupted(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        connections.prepare(made, interrupted)
    assert 0 < len(given(made)) < 25
    run("scim_connect", "Okta", "--scope", "site", "--quiet")
    assert len(given(made)) == 25
    assert ScimClient(made).find('userName eq "USER7"')

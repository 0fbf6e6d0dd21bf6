"""The list of connections and the form of one."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import gettext_lazy

from django_scim import connections
from django_scim.adapters.writing import guard as guarding
from django_scim.models import Connection, Event, Guard, GuardCount, Token, UserLink
from tests.client import assert_error

from .pages import FORM, everything, of, text_of


def row(pages, name):
    """Return the badges in the row of one connection: state, tokens, guard."""
    found = pages.get("connection/", q=name).content.decode()
    return [
        part.partition("<")[0].partition(">")[2] for part in found.split('class="scim-badge')[1:]
    ]


@pytest.fixture
def okta(db):
    return connections.create("Okta")


def token(connection, days):
    made = connections.issue_token(connection).token
    made.expires = timezone.now() + timedelta(days=days)
    made.save()
    return made


# The list


def test_new_connection(ada, okta):
    assert row(ada, "Okta") == ["active", "none", "watching"]


@pytest.mark.parametrize(
    ("days", "expected", "kind"),
    [
        ([365], "1 usable", "success"),
        ([365, 365], "2 usable", "success"),
        ([31], "1 usable", "success"),
        ([365, 30], "expires in 30 days", "warning"),
        ([12], "expires in 12 days", "warning"),
        ([1], "expires in 1 day", "warning"),
        ([0.1], "expires within a day", "warning"),
        ([365, 12, -1], "expired", "failure"),
    ],
)
def test_expiring_tokens(ada, okta, days, expected, kind):
    for each in days:
        token(okta, each)
    assert row(ada, "Okta")[1] == expected
    assert f'scim-badge scim-{kind}">{expected}' in ada.get("connection/").content.decode()


def test_rotated_and_revoked_tokens_do_not_warn(ada, okta):
    token(okta, 5).revoke()
    token(okta, -5).revoke()
    assert row(ada, "Okta")[1] == "none"
    connections.rotate(token(okta, 365))  # the old token is meant to end within a week
    assert row(ada, "Okta")[1] == "1 usable"
    Token.objects.exclude(replaced_by=None).update(expires=timezone.now() - timedelta(days=1))
    assert row(ada, "Okta")[1] == "1 usable"


def test_paused(ada, okta):
    connections.pause(okta)
    assert row(ada, "Okta")[0] == "paused"


def test_guard(ada, okta):
    guarding.trip(okta)
    assert row(ada, "Okta")[2] == "tripped"
    connections.override_guard(okta)
    assert row(ada, "Okta")[2] == "overridden"
    now = timezone.now()
    Guard.objects.update(overridden_until=now - timedelta(1))
    GuardCount.objects.create(connection=okta, kind="User", started=now, total=1200, lost=7)
    assert row(ada, "Okta")[2] == "7 of 1,200 accounts"
    GuardCount.objects.update(started=now - timedelta(hours=2))
    assert row(ada, "Okta")[2] == "watching"
    Connection.objects.update(guard_percent=100)
    assert row(ada, "Okta")[2] == "off"


def test_list_has_a_constant_number_of_queries(ada, okta):
    def statements():
        with CaptureQueriesContext(database) as captured:
            assert ada.get("connection/").status_code == 200
        return len(captured)

    token(okta, 5)
    few = statements()
    for number in range(20):
        other = connections.create(f"Other {number}")
        guarding.trip(other)
        token(other, 5)
    assert statements() == few


# The form


def test_create_with_scope_site_links_the_accounts(ada):
    User.objects.create_user("somebody")
    answer = ada.post("connection/add/", **FORM | {"scope": "site"})
    assert answer.status_code == 302
    made = Connection.objects.get(name="Okta")
    assert UserLink.objects.filter(connection=made, target__username="somebody").exists()
    event, linked = Event.objects.order_by("pk")
    assert linked.detail == "accounts of the site linked (2) by admin ada"
    assert (event.action, event.outcome) == ("administration", "success")
    assert event.detail == "connection created by admin ada"
    assert event.connection == made and event.object_name == "Okta"
    assert {"path": "scope", "old": None, "new": "site"} in event.changes


def test_every_field_is_saved(ada, okta):
    given = FORM | {
        "profile": "entra",
        "adoption": "email",
        "deletion": "delete",
        "passwords": "accept",
        "keeps_passwords": "on",
        "networks": "203.0.113.0/24\r\n2001:db8::/32",
        "guard_count": "5",
        "guard_percent": "50",
        "oauth_client_id": "client-1",
        "log_reads": "on",
    }
    del given["is_active"]
    assert ada.post(of(okta), **given).status_code == 302
    okta.refresh_from_db()
    assert (okta.profile, okta.adoption, okta.deletion) == ("entra", "email", "delete")
    assert (okta.passwords, okta.keeps_passwords, okta.log_reads) == ("accept", True, True)
    assert okta.networks.split() == ["203.0.113.0/24", "2001:db8::/32"]
    assert (okta.guard_count, okta.guard_percent, okta.is_active) == (5, 50, False)
    assert okta.oauth_client_id == "client-1"
    event = Event.objects.get()
    assert event.detail == "settings changed by admin ada"
    changed = {change["path"]: (change["old"], change["new"]) for change in event.changes}
    assert changed["adoption"] == ("none", "email")
    assert changed["guard_percent"] == (10, 50)
    assert changed["is_active"] == (True, False)
    assert "name" not in changed and "scope" not in changed


def test_saving_without_changes_is_not_recorded(ada, okta):
    okta.profile = "okta"
    okta.save()
    assert ada.post(of(okta), **FORM).status_code == 302
    assert not Event.objects.exists()


def test_client_id_is_optional(ada, okta):
    other = connections.create("Other")
    for each in (okta, other):
        assert ada.post(of(each), **FORM | {"name": each.name}).status_code == 302


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("networks", "10.0.0.0/33", "10.0.0.0/33"),
        ("networks", "10.0.0.1/8", "host bits"),
        ("guard_percent", "101", "100"),
        ("guard_count", "-1", "0"),
        ("adoption", "everybody", "everybody"),
        ("name", "", gettext_lazy("This field is required.")),
    ],
)
def test_invalid_values(ada, okta, field, value, word):
    answer = ada.post(of(okta), **FORM | {field: value})
    assert answer.status_code == 200
    (error,) = answer.context["adminform"].form.errors[field]
    assert str(word) in error
    assert not Event.objects.exists()


def test_custom_adoption_policies_can_be_chosen(ada, okta, settings):
    settings.DJANGO_SCIM = {
        "ADOPTION_POLICIES": {"number": "tests.adapters.test_adoption.ByStaffNumber"}
    }
    choices = dict(ada.get(of(okta)).context["adminform"].form.fields["adoption"].choices)
    assert list(choices) == ["none", "username", "email", "number"]
    assert ada.post(of(okta), **FORM | {"adoption": "number"}).status_code == 302
    settings.DJANGO_SCIM = {}
    # The setting no longer has the policy: the page reports this, and saving keeps the value.
    assert (
        "number (not in ADOPTION_POLICIES: adopts no accounts)"
        in ada.get(of(okta)).content.decode()
    )
    assert ada.post(of(okta), **FORM | {"adoption": "number"}).status_code == 302
    okta.refresh_from_db()
    assert okta.adoption == "number"


def test_view_permission(staff, okta):
    pages = staff("view_connection")
    token(okta, 5)
    guarding.trip(okta)
    page = pages.read(of(okta))
    assert "Okta" in page and "The guard has tripped" in page
    for button in ("Rotate", "Issue", "Pause", "Lift", "Close", "Confirm", "Give", "Share"):
        assert f'value="{button}' not in pages.get(of(okta)).content.decode()
        assert f"{button} " not in page
    assert "scim_" not in page  # needs permission to view tokens
    assert "scim_" in staff("view_connection", "view_token", name="tom").read(of(okta))


def delete(pages, *chosen):
    """Request the deletion on the page or in the list, and confirm it."""
    if len(chosen) == 1:
        return pages.post(of(chosen[0], "delete"), post="yes", follow=True)
    keys = [each.pk for each in chosen]
    data = {"action": "delete_selected", "_selected_action": keys, "post": "yes"}
    return pages.post("connection/", **data, follow=True)


@pytest.mark.parametrize("what", ["account", "group", "deleted account"])
@pytest.mark.parametrize("in_the_list", [False, True])
def test_used_connection_cannot_be_deleted(ada, scim, okta, what, in_the_list):
    if what == "group":
        scim.make_group("Everyone")
    else:
        user = scim.make_user()
        if what == "deleted account":
            scim.delete(f"/Users/{user['id']}")
    before = everything()
    assert "Close it instead" in ada.read(of(scim.connection, "delete"))
    answer = delete(ada, scim.connection, *([okta] if in_the_list else []))
    assert answer.status_code == 200
    assert f"{scim.connection} has or had 1 account or group. Close it instead" in text_of(answer)
    assert everything() == before
    assert scim.get("/Users").status_code == 200


def test_unused_connection_is_deleted_with_its_tokens(ada, scim):
    scim.get("/Users", {"filter": "nonsense"})
    page = ada.read(of(scim.connection, "delete"))
    assert "Close it instead" not in page and Token.objects.get().prefix in page
    assert delete(ada, scim.connection).status_code == 200
    assert not Connection.objects.exists() and not Token.objects.exists()
    assert_error(scim.get("/Users"), 401)
    refused, deleted = Event.objects.exclude(action="authentication").order_by("pk")
    assert (refused.status, refused.connection_name) == (400, scim.connection.name)
    assert deleted.detail == "connection deleted by admin ada"


def test_deletion_needs_permission(staff, scim):
    pages = staff("view_connection", "change_connection")
    assert pages.post(of(scim.connection, "delete"), post="yes").status_code == 403
    assert Token.objects.exists()


def test_deletion_has_an_event(ada, okta):
    answer = ada.post(of(okta, "delete"), post="yes")
    assert answer.status_code == 302
    event = Event.objects.get()
    assert event.detail == "connection deleted by admin ada"
    assert (event.connection, event.connection_name, event.object_name) == (None, "Okta", "Okta")

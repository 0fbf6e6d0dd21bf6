"""The smallest user model, on a site without admin and groups."""

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from django_scim.models import Event
from tests.client import ENTERPRISE, GROUP, SEARCH, USER, assert_error

INACTIVE = {"op": "replace", "path": "active", "value": False}


def body(name, **attributes):
    return {"schemas": [USER], "userName": name, **attributes}


def test_life_cycle_of_an_account(scim):
    made = scim.make_user(
        "BJensen",
        externalId="7",
        name={"givenName": "Barbara", "familyName": "Jensen"},
        emails=[{"value": "babs@example.com", "type": "work", "primary": True}],
        **{ENTERPRISE: {"department": "Tours"}},
    )
    account = get_user_model().objects.get()
    assert account.login == "BJensen" and not account.has_usable_password()
    path = f"/Users/{made['id']}"
    assert scim.get(path).data == made
    assert made["name"] == {"givenName": "Barbara", "familyName": "Jensen"}
    assert made["emails"][0]["value"] == "babs@example.com"
    for text in (
        'userName eq "bjensen"',
        'userName sw "BJ" and externalId eq "7"',
        'name.familyName eq "JENSEN"',
        'emails[type eq "work" and value eq "BABS@example.com"]',
        f'{ENTERPRISE}:department eq "tours"',
    ):
        assert scim.find(text) == [made], text
    patched = scim.patch(
        path,
        {"op": "replace", "path": "userName", "value": "babs"},
        {"op": "replace", "path": "name.givenName", "value": "Babs"},
    ).data
    assert (patched["userName"], patched["name"]["givenName"]) == ("babs", "Babs")
    replaced = scim.put(path, body("Babs", title="Guide")).data
    assert (replaced["userName"], replaced["title"]) == ("Babs", "Guide")
    assert "name" not in replaced and "emails" not in replaced
    account.refresh_from_db()
    assert account.login == "Babs"
    assert_error(scim.post("/Users", body("BABS")), 409, "uniqueness")
    assert scim.delete(path).status_code == 204
    assert_error(scim.get(path), 404)
    assert scim.get("/Users").data["totalResults"] == 0
    assert not get_user_model().objects.get().has_usable_password()


def test_username_longer_than_its_column(scim):
    assert_error(scim.post("/Users", body("x" * 41)), 400, "invalidValue", "userName")


def test_site_wide_connection(connect, django_capture_on_commit_callbacks):
    get_user_model().objects.create_user("Amy")
    scim = connect(scope="site")
    with django_capture_on_commit_callbacks(execute=True):
        get_user_model().objects.create_user("Bob")
    listed = scim.get("/Users", {"sortBy": "userName"}).data["Resources"]
    assert [each["userName"] for each in listed] == ["Amy", "Bob"]
    query = {"schemas": [SEARCH], "filter": 'userName eq "BOB"'}
    for path in ("/.search", "/Users/.search"):
        (found,) = scim.post(path, query).data["Resources"]
        assert found["userName"] == "Bob"


# Attributes that the model lacks


def test_missing_attributes_are_not_published(scim):
    attributes = {each["name"] for each in scim.get(f"/Schemas/{USER}").data["attributes"]}
    assert {"userName", "name", "emails"} <= attributes
    assert not attributes & {"active", "groups"}
    published = {each["id"] for each in scim.get("/Schemas").data["Resources"]}
    assert USER in published and GROUP not in published
    (only,) = scim.get("/ResourceTypes").data["Resources"]
    assert only["id"] == "User"


def test_groups_are_not_found(scim):
    group = {"schemas": [GROUP], "displayName": "Guides"}
    for answer in (
        scim.get("/Groups"),
        scim.get("/Groups/1"),
        scim.post("/Groups", group),
        scim.delete("/Groups/1"),
    ):
        assert_error(answer, 404, None, "/Groups")
    user = scim.make_user(groups=[{"value": "1"}])
    assert "groups" not in user
    answer = scim.get("/Users", {"filter": 'groups.value eq "1"'})
    assert_error(answer, 400, "invalidFilter", "groups")
    token = scim.connection.tokens.get()
    assert sorted(token.scopes) == ["users:read", "users:write"]


def test_every_account_is_active(scim):
    """Setting active to true is accepted, and a filter on it is an unknown attribute."""
    user = scim.make_user(active=True)
    path = f"/Users/{user['id']}"
    operation = {"op": "replace", "path": "active", "value": True}
    for answer in (
        scim.get(path),
        scim.patch(path, operation),
        scim.patch(path, {"op": "replace", "value": {"active": True}}),
        scim.put(path, user | {"active": True}),
    ):
        assert answer.status_code == 200, answer.data
        assert answer.data == user
    assert "active" not in user
    answer = scim.get("/Users", {"filter": "active eq true"})
    assert_error(answer, 400, "invalidFilter", "active")


@pytest.mark.parametrize("profile", ["default", "entra", "okta", "strict"])
def test_account_cannot_be_deactivated(connect, profile):
    """A user who can still sign in must not appear to be deactivated."""
    scim = connect(profile=profile)
    assert_error(scim.post("/Users", body("leaver", active=False)), 400, "invalidValue", "active")
    user = scim.make_user("leaver")
    path = f"/Users/{user['id']}"
    for answer in (
        scim.patch(path, INACTIVE),
        scim.patch(path, {"op": "replace", "value": {"active": False}}),
        scim.put(path, user | {"active": False}),
    ):
        assert_error(answer, 400, "invalidValue", "active")
    failures = Event.objects.filter(outcome=Event.Outcome.FAILURE)
    assert sum(each.occurrences for each in failures) == 4
    assert scim.get(path).data == user


# Deletion and re-creation


def test_recreated_user_gets_the_same_account(scim):
    old = scim.make_user("amy", externalId="7")
    scim.delete(f"/Users/{old['id']}")
    new = scim.make_user("Amy", externalId="7", title="Chief")
    assert new["id"] != old["id"] and new["title"] == "Chief"
    assert get_user_model().objects.get().login == "Amy"


def test_another_user_of_that_name_gets_another_account(scim):
    """The name of a deleted resource is free (RFC 7644 section 3.6)."""
    old = scim.make_user("amy", externalId="7")
    scim.delete(f"/Users/{old['id']}")
    scim.make_user("amy", externalId="8")
    first, second = get_user_model().objects.order_by("pk")
    assert second.login == "amy"
    assert first.login.startswith("amy.")


def test_reused_deleted_account_keeps_its_name(scim):
    user = scim.make_user("amy", externalId="7")
    scim.delete(f"/Users/{user['id']}")
    account = get_user_model().objects.get()
    account.set_password("the site's own")
    account.save()
    assert_error(scim.post("/Users", body("amy", externalId="7")), 409, "uniqueness")


def test_connection_may_hard_delete(connect):
    scim = connect(deletion="delete")
    old = scim.make_user("amy")
    scim.delete(f"/Users/{old['id']}")
    assert not get_user_model().objects.exists()
    assert scim.make_user("amy")["id"] != old["id"]


def test_checks_pass(db):
    call_command("check", fail_level="INFO")


def test_accounts_that_cannot_be_inactive_are_adopted_as_active(connect):
    scim = connect(adoption="username")
    get_user_model().objects.create(login="bjensen")
    assert scim.post("/Users", body("bjensen", title="Guide")).status_code == 201
    link = get_user_model().objects.get().scim_links.get()
    assert link.unconfirmed and not link.held_inactive
    assert Event.objects.latest("pk").detail == "an existing account was adopted"

"""The access of a connection: its scope, and the fields that need a separate permission."""

import pytest
from django.contrib.auth.models import Group, User

from django_scim import connections
from django_scim.admin.connections import ACCESS_FIELDS
from django_scim.models import Connection, Event, SingleSignOn, UserLink

from .pages import FORM, everything, of, text_of

#: Another value for every field that needs the permission.
WIDER = {
    "scope": "site",
    "adoption": "username",
    "deletion": "delete",
    "passwords": "accept",
    "keeps_passwords": "on",
    "networks": "203.0.113.0/24",
    "guard_count": "500",
    "guard_percent": "100",
    "oauth_client_id": "client-1",
}
BOTH = ("view_connection", "change_connection", "manage_connection_access")


@pytest.fixture
def okta(db):
    return connections.create("Okta", profile="okta")


def access_of(connection):
    return Connection.objects.filter(pk=connection.pk).values(*ACCESS_FIELDS).get()


def test_every_field_is_covered():
    """A new field of a connection must be sorted into one of the two groups."""
    others = {"id", "name", "profile", "log_reads", "is_active", "created"}
    hidden = {"tenant_type", "tenant_key"}
    fields = {field.name for field in Connection._meta.concrete_fields}
    assert fields == {*ACCESS_FIELDS, *others, *hidden}
    assert set(WIDER) == set(ACCESS_FIELDS)


@pytest.mark.parametrize("name", ACCESS_FIELDS)
def test_fields_are_read_only_without_the_permission(staff, okta, name):
    before = access_of(okta)
    pages = staff("view_connection", "change_connection")
    assert f'name="{name}"' not in pages.get(of(okta)).content.decode()
    posted = FORM | {"profile": "entra", name: WIDER[name]}
    assert pages.post(of(okta), **posted).status_code == 302
    assert access_of(okta) == before
    okta.refresh_from_db()
    assert okta.profile == "entra"  # the rest of the form is saved
    event = Event.objects.get()
    assert [change["path"] for change in event.changes] == ["profile"]


@pytest.mark.parametrize("name", sorted(set(ACCESS_FIELDS) - {"scope"}))
def test_fields_are_saved_with_the_permission(staff, okta, name):
    pages = staff(*BOTH)
    assert f'name="{name}"' in pages.get(of(okta)).content.decode()
    assert pages.post(of(okta), **FORM | {name: WIDER[name]}).status_code == 302
    expected = {"keeps_passwords": "True"}.get(name, WIDER[name])
    assert str(access_of(okta)[name]) == expected
    assert [change["path"] for change in Event.objects.get().changes] == [name]


SIGN_ON = FORM | {
    "single_sign_on-TOTAL_FORMS": "1",
    "single_sign_on-0-provider": "okta-saml",
    "single_sign_on-0-external_id_claim": "sub",
    "single_sign_on-0-user_name_claim": "email",
    "single_sign_on-0-verified_domains": "example.com",
}


def test_single_sign_on_needs_the_permission(staff, okta):
    pages = staff("view_connection", "change_connection", "add_connection")
    assert pages.post(of(okta), **SIGN_ON).status_code == 302
    pages.post("connection/add/", **SIGN_ON | {"name": "Other"})
    assert not SingleSignOn.objects.exists()
    both = staff(*BOTH, name="tom")
    assert both.post(of(okta), **SIGN_ON).status_code == 302
    row = SingleSignOn.objects.get(provider="okta-saml")
    changed = SIGN_ON | {
        "single_sign_on-INITIAL_FORMS": "1",
        "single_sign_on-0-id": row.pk,
        "single_sign_on-0-connection": okta.pk,
        "single_sign_on-0-verified_domains": "mallory.example",
        "single_sign_on-0-DELETE": "on",
    }
    assert pages.post(of(okta), **changed).status_code == 302
    assert SingleSignOn.objects.get().verified_domains == row.verified_domains
    assert "okta-saml" in pages.read(of(okta))
    assert both.post(of(okta), **changed).status_code == 302
    assert not SingleSignOn.objects.exists()


def test_new_connection_has_the_defaults_without_the_permission(staff):
    pages = staff("view_connection", "add_connection")
    content = pages.get("connection/add/").content.decode()
    assert not [name for name in ACCESS_FIELDS if f'name="{name}"' in content]
    assert pages.post("connection/add/", **FORM | WIDER).status_code == 302
    default = {field: Connection._meta.get_field(field).get_default() for field in ACCESS_FIELDS}
    assert access_of(Connection.objects.get()) == default
    assert not UserLink.objects.exists()


def test_new_connection_with_the_permission(staff):
    pages = staff("view_connection", "add_connection", "manage_connection_access")
    assert pages.post("connection/add/", **FORM | WIDER).status_code == 302
    assert {name: str(value) for name, value in access_of(Connection.objects.get()).items()} == (
        WIDER | {"keeps_passwords": "True"}
    )


# Names in CONNECTION_ADAPTERS


@pytest.mark.parametrize(("old", "new"), [("Okta", "Loose"), ("Loose", "Okta"), (None, "Loose")])
def test_name_with_its_own_adapters_needs_the_permission(staff, settings, old, new):
    settings.DJANGO_SCIM = {
        "CONNECTION_ADAPTERS": {"Loose": {"User": "django_scim.adapters.UserAdapter"}}
    }
    made = connections.create(old) if old else None
    path = of(made) if made else "connection/add/"
    permissions = ("view_connection", "change_connection", "add_connection")
    answer = staff(*permissions).post(path, **FORM | {"name": new})
    assert answer.status_code == 200
    assert "The adapters of “Loose” decide" in text_of(answer)
    assert list(Connection.objects.values_list("name", flat=True)) == ([old] if old else [])
    both = staff(*permissions, "manage_connection_access", name="tom")
    assert both.post(path, **FORM | {"name": new}).status_code == 302
    assert Connection.objects.get().name == new


def test_other_names_need_only_the_permission_to_change(staff, okta):
    pages = staff("view_connection", "change_connection")
    assert pages.post(of(okta), **FORM | {"name": "Entra"}).status_code == 302
    assert Connection.objects.get().name == "Entra"


# The scope


@pytest.fixture
def wide(connect, ada):
    """Return a client with three accounts by the scope, one of them written to, and its own."""
    for name in ("amy", "bob", "cy"):
        User.objects.create_user(name)
    scim = connect(scope="site")
    made = scim.make_user("made")
    (amy,) = scim.find('userName eq "amy"')
    scim.patch(f"/Users/{amy['id']}", {"op": "replace", "path": "title", "value": "Guide"})
    assert made["id"]
    return scim


def test_scope_is_not_in_the_form(ada, okta):
    User.objects.create_user("somebody")
    assert 'name="scope"' not in ada.get(of(okta)).content.decode()
    assert ada.post(of(okta), **FORM | {"scope": "site"}).status_code == 302
    okta.refresh_from_db()
    assert okta.scope == "own" and not UserLink.objects.exists()


def test_preview_shows_the_numbers(ada, wide):
    # ada's own account is linked, too; as staff, it is hidden.
    assert wide.get("/Users").data["totalResults"] == 4
    before = everything()
    page = ada.read(of(wide.connection, "scope"))
    for text in (
        "has 5 accounts",
        "3 only by the scope “site”",
        "1 by the scope “site”, to which it has written",
        "1 that it created or adopted",
        "loses 4 accounts, and keeps 1.",
        "keeps the accounts that it has written to, it loses 3 and keeps 2.",
    ):
        assert text in page
    assert everything() == before


@pytest.mark.parametrize(("keep", "left"), [({}, 1), ({"keep_written": "on"}, 2)])
def test_change_to_own(ada, wide, keep, left):
    shown = ada.do(of(wide.connection, "scope"), scope="own", **keep)
    assert f"The scope is now “own”. The connection had 5 accounts and has {left}." in shown
    assert wide.get("/Users").data["totalResults"] == left
    changed, withdrawn = Event.objects.filter(action="administration").order_by("pk")
    assert changed.detail == f"scope changed (5 accounts before, {5 - left} to be withdrawn) " + (
        "by admin ada"
    )
    assert withdrawn.changes == [{"path": "accounts", "old": 5, "new": left}]
    # The form is sent again, for example by a reload of the page.
    shown = ada.do(of(wide.connection, "scope"), scope="own")
    assert f"had {left} accounts and has {left}." in shown


def test_change_to_site(ada, okta):
    User.objects.create_user("somebody")
    page = ada.read(of(okta, "scope"))
    assert "gets up to 2 more accounts" in page and "Withdraw" not in page
    assert "had 0 accounts and has 2." in ada.do(of(okta, "scope"), scope="site")
    okta.refresh_from_db()
    assert okta.scope == "site"


@pytest.mark.parametrize("scope", ["", "all", "SITE"])
def test_unknown_scope(ada, wide, scope):
    assert "Choose one of" in ada.do(of(wide.connection, "scope"), scope=scope)
    assert "Choose one of" in ada.do(of(wide.connection, "scope"))
    assert wide.get("/Users").data["totalResults"] == 4


def test_interrupted_change_is_shown(ada, wide):
    assert "was interrupted" not in ada.read(of(wide.connection))
    Connection.objects.update(scope="own")
    assert "was interrupted" in ada.read(of(wide.connection))
    page = ada.read(of(wide.connection, "scope"))
    assert "not all accounts have been withdrawn" in page and "loses 4 accounts" in page
    ada.do(of(wide.connection, "scope"), scope="own")
    assert wide.get("/Users").data["totalResults"] == 1
    assert "was interrupted" not in ada.read(of(wide.connection))


def test_tenant_connection_cannot_get_the_scope_site(ada, connect):
    connection = connect(tenant=Group.objects.create(name="Contoso")).connection
    page = ada.get(of(connection, "scope")).content.decode()
    assert "belongs to a tenant" in page and 'value="site"' not in page
    shown = ada.do(of(connection, "scope"), scope="site")
    assert "The connection of a tenant cannot have the scope “site”" in shown
    assert Connection.objects.get().scope == "own"
    assert not Event.objects.filter(action="administration").exists()

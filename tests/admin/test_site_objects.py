"""What the site's own pages of users and groups say about SCIM."""

import pytest
from django.contrib import admin
from django.contrib.admin import options
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.management import call_command

from django_scim import connections
from django_scim.admin import ScimUserAdminMixin
from django_scim.admin.site_objects.stock import (
    ScimGroupAdmin,
    ScimUserAdmin,
    extend_stock_admins,
)
from django_scim.models import UserLink
from tests.client import GROUP, USER

from .pages import of, text_of

USERS, GROUPS = "/admin/auth/user/", "/admin/auth/group/"
VIEW = ("view_user", "change_user", "view_group")
SCIM = ("view_connection", "view_userlink", "view_grouplink")


@pytest.fixture(autouse=True)
def extended(settings):
    settings.ROOT_URLCONF = "tests.admin.extended_urls"


@pytest.fixture
def maria(scim):
    return scim.make_user("maria", externalId="e-7", title="Guide")


def page(pages, path, **query):
    """Return the visible text of a page of the site's own models."""
    answer = pages.client.get(path, query)
    assert answer.status_code == 200
    return text_of(answer)


def page_of(instance):
    return f"/admin/auth/{instance._meta.model_name}/{instance.pk}/change/"


def account(name="maria"):
    return User.objects.get(username=name)


# The list


def test_list_says_who_manages_each(scim, connect, ada, maria):
    other = connect()
    other.make_user("bob")
    connections.assign(other.connection, account())
    text = page(ada, USERS)
    assert f"{scim.connection}, {other.connection}" in text
    assert text.count("–") >= 1  # ada herself


@pytest.mark.parametrize(("value", "found"), [("-", {"ada"}), ("", {"ada", "bob", "maria"})])
def test_list_is_filtered(connect, ada, maria, value, found):
    connect().make_user("bob")
    answer = ada.client.get(USERS, {"scim_connection": value} if value else {})
    assert {user.username for user in answer.context["cl"].result_list} == found


def test_list_is_filtered_by_connection(scim, connect, ada, maria):
    connect().make_user("bob")
    answer = ada.client.get(USERS, {"scim_connection": scim.connection.name})
    assert [user.username for user in answer.context["cl"].result_list] == ["maria"]


def test_list_needs_one_statement_for_all_rows(scim, ada, django_assert_max_num_queries):
    for number in range(30):
        scim.make_user(f"u{number}")
    ada.client.get(USERS)  # what is loaded once
    with django_assert_max_num_queries(9):
        ada.client.get(USERS)


# The section on the page


def test_page_shows_links_state_and_history(scim, ada, maria):
    answer = ada.client.get(page_of(account()))
    text = text_of(answer)
    assert f"{scim.connection} created by the connection e-7" in text
    assert "userName, name.familyName, name.givenName, active, emails History" in text
    html = answer.content.decode()
    assert f'href="/admin/django_scim/{of(scim.connection)}"' in html
    history = f"/admin/django_scim/event/?scim_id={maria['id']}"
    assert f'href="{history}"' in html
    assert "created maria" in text_of(ada.client.get(history))


def test_page_links_the_refused_attempts_to_create_a_person(scim, ada):
    User.objects.create_user("maria")
    scim.post("/Users", {"schemas": [USER], "userName": "maria"})
    answer = ada.client.get(page_of(account()))
    assert "No connection has it" in text_of(answer)
    assert 'href="/admin/django_scim/event/?q=maria"' in answer.content.decode()
    assert "could not create maria" in text_of(ada.client.get("/admin/django_scim/event/?q=maria"))


def test_page_says_what_is_unconfirmed(connect, ada):
    User.objects.create_user("maria")
    scim = connect(adoption="username")
    scim.make_user("maria")
    assert UserLink.objects.get().unconfirmed
    text = page(ada, page_of(account()))
    assert "unconfirmed" in text and "userName" not in text and "active" in text
    assert "overwrites" not in edit(ada, account(), email="maria@example.com")


def test_page_of_a_group(scim, ada):
    scim.make("/Groups", {"schemas": [GROUP], "displayName": "Guides", "externalId": "g-1"})
    group = Group.objects.get()
    text = page(ada, page_of(group))
    assert f"{scim.connection} created by the connection g-1" in text
    assert str(scim.connection) in page(ada, GROUPS)


def test_new_account_has_no_section(ada):
    assert "SCIM" not in page(ada, f"{USERS}add/").split()


# Overwritten edits


def edit(pages, user, **changes):
    form = pages.client.get(page_of(user)).context["adminform"].form
    data = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in data.items() if value not in (None, False, [])}
    data |= {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    answer = pages.client.post(page_of(user), data | changes, follow=True)
    assert answer.status_code == 200
    return " ".join(map(str, answer.context["messages"]))


def test_edit_of_a_managed_field_warns(scim, ada, maria):
    messages = edit(ada, account(), first_name="Maria")
    assert f"{scim.connection} manages First name: its next update overwrites" in messages
    assert account().first_name == "Maria"


def test_edit_of_another_field_does_not_warn(scim, ada, maria):
    assert "overwrites" not in edit(ada, account(), date_joined_0="2025-01-01")


# Assigning


def test_accounts_are_assigned_from_the_list(scim, ada):
    users = [User.objects.create_user(name) for name in ("amy", "bob")]
    keys = [user.pk for user in users]
    data = {"action": "assign_to_connection", "_selected_action": keys}
    answer = ada.client.post(USERS, data)
    assert "Which connection shall manage them?" in text_of(answer)
    assert "amy" in text_of(answer) and not UserLink.objects.exists()
    answer = ada.client.post(USERS, data | {"scim_connection": scim.connection.pk}, follow=True)
    chosen = answer.context["form"]["objects"].value()
    assert chosen == [str(key) for key in keys] and not UserLink.objects.exists()
    path = answer.redirect_chain[-1][0].partition("?")[0]
    ada.client.post(path, {"objects": ",".join(chosen)})
    assert set(UserLink.objects.values_list("target", flat=True)) == set(keys)


def test_too_many_accounts_are_not_assigned_at_once(scim, ada):
    User.objects.bulk_create(User(username=f"u{number}") for number in range(201))
    data = {"action": "assign_to_connection", "_selected_action": ["1"], "select_across": "1"}
    answer = ada.client.post(USERS, data, follow=True)
    assert "at most 200" in " ".join(map(str, answer.context["messages"]))


# Permissions


@pytest.mark.parametrize("missing", SCIM[:2])
def test_others_see_nothing_of_scim(scim, staff, maria, missing):
    sam = staff(*VIEW, *(set(SCIM) - {missing}))
    for path in (USERS, page_of(account())):
        text = page(sam, path)
        assert str(scim.connection) not in text and "managed by" not in text.lower()
    answer = sam.client.get(USERS, {"scim_connection": scim.connection.name}, follow=True)
    assert str(scim.connection) not in text_of(answer)


def test_viewer_sees_links_but_no_events_and_no_action(scim, staff, maria):
    sam = staff(*VIEW, *SCIM)
    answer = sam.client.get(page_of(account()))
    assert str(scim.connection) in text_of(answer)
    assert "/django_scim/event/" not in answer.content.decode()
    assert "Assign to a connection" not in page(sam, USERS)
    data = {"action": "assign_to_connection", "_selected_action": [account().pk]}
    answer = sam.client.post(USERS, data, follow=True)
    assert "Which connection" not in text_of(answer)


# The setting


def test_setting_extends_the_stock_classes_only():
    registered = {model: type(admin.site.get_model_admin(model)) for model in (User, Group)}
    assert registered == {User: UserAdmin, Group: GroupAdmin}

    class OwnUserAdmin(UserAdmin):
        pass

    admin.site.unregister(User)
    admin.site.register(User, OwnUserAdmin)
    try:
        extend_stock_admins()
        assert type(admin.site.get_model_admin(User)) is OwnUserAdmin
        assert type(admin.site.get_model_admin(Group)) is ScimGroupAdmin
        admin.site.unregister(User)
        admin.site.register(User, UserAdmin)
        extend_stock_admins()
        assert type(admin.site.get_model_admin(User)) is ScimUserAdmin
        call_command("check", "admin")
    finally:
        for model, stock in registered.items():
            admin.site.unregister(model)
            admin.site.register(model, stock)


class OldActions(UserAdmin):
    def get_actions(self, request):
        """Return the actions of the list, with the signature of Django 5.2."""
        return super().get_actions(request)


class ExtendedOldActions(ScimUserAdminMixin, OldActions):
    pass


@pytest.mark.parametrize("extended_class", [ScimUserAdmin, ExtendedOldActions])
def test_actions_of_lists_and_forms(extended_class, rf, admin_user):
    """Django 6.1 asks for the actions of a page; a site's class may not know the parameter."""
    request = rf.get("/")
    request.user = admin_user
    found = extended_class(User, admin.site)
    assert "assign_to_connection" in found.get_actions(request)
    location = getattr(options, "ActionLocation", None)
    if location is None:
        return
    assert "assign_to_connection" in found.get_actions(request, location.CHANGE_LIST)
    assert "assign_to_connection" not in found.get_actions(request, location.CHANGE_FORM)


@pytest.mark.parametrize("has_fieldsets", [True, False])
def test_the_section_is_shown_once(scim, ada, maria, monkeypatch, has_fieldsets):
    """GroupAdmin has no fieldsets, so that Django shows every field it knows in one."""
    if not has_fieldsets:
        monkeypatch.setattr(ScimUserAdmin, "fieldsets", None)
    scim.make_group("Readers")
    for instance in (account(), Group.objects.get(name="Readers")):
        html = ada.client.get(page_of(instance)).content.decode()
        assert html.count('class="scim-links"') == 1
        assert "django_scim/admin.css" in html

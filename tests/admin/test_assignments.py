"""Assigning accounts and groups to a connection, and confirming adoptions."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User

from django_scim import connections
from django_scim.models import Connection, Event, GroupLink, UserLink
from tests.client import USER

from .pages import of, text_of


@pytest.fixture
def amy(db):
    return User.objects.create_user("amy", "amy@example.com", "secret")


@pytest.fixture
def readers(db):
    return Group.objects.create(name="Readers")


@pytest.fixture
def editors(db):
    group = Group.objects.create(name="Editors")
    group.permissions.add(Permission.objects.get(codename="change_user"))
    return group


def assign(pages, connection, kind, **data):
    """Send the form; return the text of the page, or of the one that it leads to."""
    answer = pages.post(of(connection, "assign", kind), follow=True, **data)
    assert answer.status_code == 200
    return " ".join(map(str, answer.context["messages"])) + text_of(answer)


def test_connection_page_links_to_the_forms(scim, ada):
    page = ada.get(of(scim.connection)).content.decode()
    for kind in ("User", "Group"):
        path = of(scim.connection, "assign", kind)
        assert f'href="/admin/django_scim/{path}"' in page
        assert ada.get(path).status_code == 200


# Accounts


def test_assign_accounts(scim, ada, amy):
    bob = User.objects.create_user("bob")
    text = assign(ada, scim.connection, "User", objects=f"{amy.pk},{bob.pk}")
    assert f"Assigned to {scim.connection}: amy, bob." in text
    (found,) = scim.find('userName eq "amy"')
    assert found["emails"][0]["value"] == "amy@example.com"
    assert UserLink.objects.get(target=amy).preexisting
    first, second = Event.objects.filter(action="administration").order_by("pk")
    assert first.detail == "amy assigned to the connection by admin ada"
    assert (first.object_type, first.object_key) == ("auth.user", str(amy.pk))
    assert (first.object_name, first.resource_type) == ("amy", "User")
    assert first.scim_id == found["id"] and second.object_name == "bob"
    assert first.correlation_id == second.correlation_id
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
def test_protected_account_prevents_the_assignment(scim, ada, amy, privilege):
    boss = User.objects.create_user("boss", **{privilege: True})
    text = assign(ada, scim.connection, "User", objects=f"{amy.pk},{boss.pk}")
    assert "boss is protected" in text and "Nothing was assigned" in text
    assert not UserLink.objects.exists()
    assert not Event.objects.exists() and not LogEntry.objects.exists()


@pytest.mark.parametrize("objects", ["", "x", "1,x", "99999", str(10**30), "-1", "0"])
def test_invalid_accounts(scim, ada, objects):
    text = assign(ada, scim.connection, "User", objects=objects)
    assert "Nothing was assigned" in text
    assert not UserLink.objects.exists()


def test_account_assigned_already(scim, ada):
    made = scim.make_user("amy")
    user = User.objects.get(username="amy")
    assert "Assigned" in assign(ada, scim.connection, "User", objects=str(user.pk))
    assert UserLink.objects.get().scim_id == made["id"]


# Groups


def test_share_a_group(scim, ada, readers):
    assert "Assigned" in assign(ada, scim.connection, "Group", object=readers.pk)
    (found,) = scim.get("/Groups").data["Resources"]
    assert found["displayName"] == "Readers"
    event = Event.objects.get(action="administration")
    assert event.detail == "Readers assigned to the connection by admin ada"
    assert (event.object_type, event.object_name) == ("auth.group", "Readers")
    # It is no choice any more.
    page = ada.get(of(scim.connection, "assign", "Group")).content.decode()
    assert ">Readers<" not in page


def test_group_with_permissions_needs_confirmation(scim, ada, editors):
    page = ada.read(of(scim.connection, "assign", "Group"))
    assert "Share it even though it has permissions" in page
    assert "gets the group's permissions on this site" in page
    text = assign(ada, scim.connection, "Group", object=editors.pk)
    assert "Editors has permissions" in text and not GroupLink.objects.exists()
    assign(ada, scim.connection, "Group", object=editors.pk, privileged="on")
    assert GroupLink.objects.get().target == editors
    event = Event.objects.get(action="administration")
    assert event.detail == (
        "Editors, with its permissions, assigned to the connection by admin ada"
    )


def test_confirmation_needs_permission_to_change_groups(scim, staff, editors, readers):
    access = ("view_connection", "change_connection", "manage_connection_access")
    pages = staff(*access)
    assert "You need the permission to change groups" in pages.read(
        of(scim.connection, "assign", "Group")
    )
    text = assign(pages, scim.connection, "Group", object=editors.pk, privileged="on")
    assert "has permissions" in text and not GroupLink.objects.exists()
    assert "Assigned" in assign(pages, scim.connection, "Group", object=readers.pk)
    other = staff(*access, "change_group", name="tom")
    assign(other, scim.connection, "Group", object=editors.pk, privileged="on")
    assert GroupLink.objects.filter(target=editors).exists()


def test_taken_group_name(scim, ada, readers):
    scim.make_group("Readers")
    text = assign(ada, scim.connection, "Group", object=readers.pk)
    assert "already has a group named “Readers”" in text
    assert GroupLink.objects.count() == 1


def test_unknown_resource_type(scim, ada):
    assert ada.get(of(scim.connection, "assign", "Spoon")).status_code == 404
    assert ada.post(of(scim.connection, "assign", "Spoon"), objects="1").status_code == 404


# Unconfirmed adoptions


@pytest.fixture
def adopted(connect, amy):
    """Return a client whose connection has adopted two accounts of the site."""
    User.objects.create_user("<b>bob</b>")
    scim = connect(adoption="username")
    for name in ("amy", "<b>bob</b>"):
        scim.post("/Users", {"schemas": [USER], "userName": name, "externalId": f"id of {name}"})
    assert UserLink.objects.filter(unconfirmed=True).count() == 2
    return scim


def test_unconfirmed_adoptions_are_shown(adopted, ada, amy):
    answer = ada.get(of(adopted.connection))
    page = text_of(answer)
    assert "Unconfirmed accounts" in page
    for text in ("amy", "amy@example.com", "id of amy", "<b>bob</b>"):
        assert text in page
    content = answer.content.decode()
    assert f"/admin/auth/user/{amy.pk}/change/" in content and "<b>bob</b>" not in content


def test_selected_adoptions_are_confirmed(adopted, ada, amy):
    link = UserLink.objects.get(target=amy)
    assert "1 account was confirmed" in ada.do(of(adopted.connection, "confirm"), link=[link.pk])
    assert list(UserLink.objects.filter(unconfirmed=False)) == [link]
    rename = {"op": "replace", "path": "userName", "value": "amy.new"}
    assert adopted.patch(f"/Users/{link.scim_id}", rename).status_code == 200
    event = Event.objects.get(action="administration")
    assert event.detail == "link of amy confirmed by admin ada"
    assert (event.scim_id, event.external_id) == (link.scim_id, "id of amy")
    assert "amy@example.com" not in ada.read(of(adopted.connection))


@pytest.mark.parametrize("selected", [[], ["x"], ["99999"], [str(10**30)], ["-1"]])
def test_nothing_selected(adopted, ada, selected):
    assert "Select" in ada.do(of(adopted.connection, "confirm"), link=selected)
    assert UserLink.objects.filter(unconfirmed=True).count() == 2


def test_links_of_another_connection_are_not_confirmed(adopted, ada, scim):
    keys = list(UserLink.objects.values_list("pk", flat=True))
    assert "Select" in ada.do(of(scim.connection, "confirm"), link=keys)
    assert UserLink.objects.filter(unconfirmed=True).count() == 2


def test_page_limits_the_number_of_adoptions(db, ada):
    made = connections.create("Okta")
    users = User.objects.bulk_create(User(username=f"user{number:03}") for number in range(60))
    UserLink.objects.bulk_create(
        UserLink(connection=made, target=user, unconfirmed=True) for user in users
    )
    answer = ada.get(of(made))
    content = answer.content.decode()
    assert content.count('name="link"') == 50 and "Show all unconfirmed accounts" in text_of(answer)
    assert Connection.objects.count() == 1
    href = f"userlink/?connection__id__exact={made.pk}&amp;unconfirmed__exact=1"
    assert href in content
    assert "60 user links" in ada.read(href.partition("?")[0], unconfirmed__exact=1)

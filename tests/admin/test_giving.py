"""Accounts and groups that an admin gives to a connection, and adoptions that an admin confirms."""

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


def give(pages, connection, kind, **data):
    """Send the form; return the text of the page, or of the one that it leads to."""
    answer = pages.post(of(connection, "give", kind), follow=True, **data)
    assert answer.status_code == 200
    return " ".join(map(str, answer.context["messages"])) + text_of(answer)


def test_the_page_of_a_connection_leads_there(scim, ada):
    page = ada.get(of(scim.connection)).content.decode()
    for kind in ("User", "Group"):
        path = of(scim.connection, "give", kind)
        assert f'href="/admin/django_scim/{path}"' in page
        assert ada.get(path).status_code == 200


# Accounts


def test_accounts_are_given(scim, ada, amy):
    bob = User.objects.create_user("bob")
    text = give(ada, scim.connection, "User", objects=f"{amy.pk},{bob.pk}")
    assert f"Given to {scim.connection}: amy, bob." in text
    (found,) = scim.find('userName eq "amy"')
    assert found["emails"][0]["value"] == "amy@example.com"
    assert UserLink.objects.get(target=amy).preexisting
    first, second = Event.objects.filter(action="administration").order_by("pk")
    assert first.detail == "amy given to the connection by admin ada"
    assert (first.object_type, first.object_key) == ("auth.user", str(amy.pk))
    assert (first.object_name, first.resource_type) == ("amy", "User")
    assert first.scim_id == found["id"] and second.object_name == "bob"
    assert first.correlation_id == second.correlation_id
    assert LogEntry.objects.count() == 2


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
def test_the_protected_are_not_given_nor_whoever_is_named_beside(scim, ada, amy, privilege):
    boss = User.objects.create_user("boss", **{privilege: True})
    text = give(ada, scim.connection, "User", objects=f"{amy.pk},{boss.pk}")
    assert "boss is protected" in text and "Nothing was given" in text
    assert not UserLink.objects.exists()
    assert not Event.objects.exists() and not LogEntry.objects.exists()


@pytest.mark.parametrize("objects", ["", "x", "1,x", "99999", str(10**30), "-1", "0"])
def test_what_is_no_account(scim, ada, objects):
    text = give(ada, scim.connection, "User", objects=objects)
    assert "Nothing was given" in text
    assert not UserLink.objects.exists()


def test_an_account_that_it_has_already(scim, ada):
    made = scim.make_user("amy")
    user = User.objects.get(username="amy")
    assert "Given" in give(ada, scim.connection, "User", objects=str(user.pk))
    assert UserLink.objects.get().scim_id == made["id"]


# Groups


def test_a_group_is_shared(scim, ada, readers):
    assert "Given" in give(ada, scim.connection, "Group", object=readers.pk)
    (found,) = scim.get("/Groups").data["Resources"]
    assert found["displayName"] == "Readers"
    event = Event.objects.get(action="administration")
    assert event.detail == "Readers given to the connection by admin ada"
    assert (event.object_type, event.object_name) == ("auth.group", "Readers")
    # It is no choice any more.
    page = ada.get(of(scim.connection, "give", "Group")).content.decode()
    assert ">Readers<" not in page


def test_a_group_with_permissions_needs_a_tick(scim, ada, editors):
    page = ada.read(of(scim.connection, "give", "Group"))
    assert "Share it although it carries permissions" in page
    assert "gets the group's permissions on this site" in page
    text = give(ada, scim.connection, "Group", object=editors.pk)
    assert "Editors carries permissions" in text and not GroupLink.objects.exists()
    give(ada, scim.connection, "Group", object=editors.pk, privileged="on")
    assert GroupLink.objects.get().target == editors
    event = Event.objects.get(action="administration")
    assert event.detail == ("Editors, with its permissions, given to the connection by admin ada")


def test_the_tick_is_for_who_may_change_groups(scim, staff, editors, readers):
    pages = staff("view_connection", "change_connection")
    assert "by those only who may change groups" in pages.read(of(scim.connection, "give", "Group"))
    text = give(pages, scim.connection, "Group", object=editors.pk, privileged="on")
    assert "carries permissions" in text and not GroupLink.objects.exists()
    assert "Given" in give(pages, scim.connection, "Group", object=readers.pk)
    other = staff("view_connection", "change_connection", "change_group", name="tom")
    give(other, scim.connection, "Group", object=editors.pk, privileged="on")
    assert GroupLink.objects.filter(target=editors).exists()


def test_a_name_that_the_connection_has_already(scim, ada, readers):
    scim.make_group("Readers")
    text = give(ada, scim.connection, "Group", object=readers.pk)
    assert "already has a group named “Readers”" in text
    assert GroupLink.objects.count() == 1


def test_a_type_that_is_none(scim, ada):
    assert ada.get(of(scim.connection, "give", "Spoon")).status_code == 404
    assert ada.post(of(scim.connection, "give", "Spoon"), objects="1").status_code == 404


# Adoptions that wait


@pytest.fixture
def adopted(connect, amy):
    """A connection that has adopted two accounts of the site."""
    User.objects.create_user("<b>bob</b>")
    scim = connect(adoption="username")
    for name in ("amy", "<b>bob</b>"):
        scim.post("/Users", {"schemas": [USER], "userName": name, "externalId": f"id of {name}"})
    assert UserLink.objects.filter(unconfirmed=True).count() == 2
    return scim


def test_who_waits_is_shown(adopted, ada, amy):
    answer = ada.get(of(adopted.connection))
    page = text_of(answer)
    assert "Accounts that wait for confirmation" in page
    for text in ("amy", "amy@example.com", "id of amy", "<b>bob</b>"):
        assert text in page
    content = answer.content.decode()
    assert f"/admin/auth/user/{amy.pk}/change/" in content and "<b>bob</b>" not in content


def test_the_selected_are_confirmed(adopted, ada, amy):
    link = UserLink.objects.get(target=amy)
    assert "Confirmed 1 accounts" in ada.do(of(adopted.connection, "confirm"), link=[link.pk])
    assert list(UserLink.objects.filter(unconfirmed=False)) == [link]
    rename = {"op": "replace", "path": "userName", "value": "amy.new"}
    assert adopted.patch(f"/Users/{link.scim_id}", rename).status_code == 200
    event = Event.objects.get(action="administration")
    assert event.detail == "link of amy confirmed by admin ada"
    assert (event.scim_id, event.external_id) == (link.scim_id, "id of amy")
    assert "amy@example.com" not in ada.read(of(adopted.connection))


@pytest.mark.parametrize("selected", [[], ["x"], ["99999"], [str(10**30)], ["-1"]])
def test_nobody_is_selected(adopted, ada, selected):
    assert "Select" in ada.do(of(adopted.connection, "confirm"), link=selected)
    assert UserLink.objects.filter(unconfirmed=True).count() == 2


def test_links_of_another_connection_are_not_confirmed(adopted, ada, scim):
    keys = list(UserLink.objects.values_list("pk", flat=True))
    assert "Select" in ada.do(of(scim.connection, "confirm"), link=keys)
    assert UserLink.objects.filter(unconfirmed=True).count() == 2


def test_many_who_wait_are_not_all_on_the_page(db, ada):
    made = connections.create("Okta")
    users = User.objects.bulk_create(User(username=f"user{number:03}") for number in range(60))
    UserLink.objects.bulk_create(
        UserLink(connection=made, target=user, unconfirmed=True) for user in users
    )
    answer = ada.get(of(made))
    content = answer.content.decode()
    assert content.count('name="link"') == 50 and "All of them" in text_of(answer)
    assert Connection.objects.count() == 1
    href = f"userlink/?connection__id__exact={made.pk}&amp;unconfirmed__exact=1"
    assert href in content
    assert "60 user links" in ada.read(href.partition("?")[0], unconfirmed__exact=1)

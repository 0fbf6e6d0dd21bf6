"""Assigning accounts and groups to a connection."""

from django.contrib.auth.models import Group, User

from django_scim.models import UserLink

from .api import make_user


def test_assign_an_account_from_the_lookup(ada, connect):
    scim = connect()
    amy = User.objects.create_user("amy")
    ada.open(f"connection/{scim.connection.pk}/change/")
    ada.press("Assign accounts…")
    ada.find(".related-lookup").click()
    with ada.popup():
        ada.button("amy").click()
    assert ada.field("Accounts").get_attribute("value") == str(amy.pk)
    assert f"Assigned to {scim.connection}: amy." in ada.press("Assign")
    assert [found["userName"] for found in scim.find('userName eq "amy"')] == ["amy"]


def test_protected_account_is_rejected(ada, connect):
    scim = connect()
    ada.open(f"connection/{scim.connection.pk}/assign/User/")
    ada.fill("Accounts", str(User.objects.get(username="ada").pk))
    shown = ada.press("Assign")
    assert "Nothing was assigned" in shown and "ada is protected" in shown
    assert not UserLink.objects.exists()


def test_assign_from_the_list_of_users(ada, connect):
    scim = connect()
    amy = User.objects.create_user("amy")
    page = f"/admin/auth/user/{amy.pk}/change/"
    assert "No connection has it" in ada.open("", root=page)
    assert "MANAGED BY" in ada.open("", root="/admin/auth/user/").upper()
    ada.find(f"input[name=_selected_action][value='{amy.pk}']").click()
    ada.find("select[name=action] option[value=assign_to_connection]").click()
    with ada.wait_for_next_page():
        ada.find("button[name=index]").click()
    assert "Which connection shall manage them?" in ada.text
    ada.find("input[name=scim_connection]").click()
    ada.press("Continue")
    assert f"Assigned to {scim.connection}: amy." in ada.press("Assign")
    shown = ada.open("", root=page)
    assert f"{scim.connection} assigned" in shown and "History" in shown
    assert not ada.console_errors()


def test_share_a_group(ada, connect):
    scim = connect()
    Group.objects.create(name="Readers")
    ada.open(f"connection/{scim.connection.pk}/change/")
    ada.press("Share a group…")
    ada.choose("Group", "Readers")
    assert f"Assigned to {scim.connection}: Readers." in ada.press("Assign")
    (found,) = scim.get("/Groups").data["Resources"]
    assert found["displayName"] == "Readers"


def test_confirm_an_adopted_account(ada, connect, live_server):
    scim = connect(adoption="username")
    User.objects.create_user("amy")
    assert make_user(f"{live_server.url}/scim/v2", scim.secret, "amy")[0] == 201
    assert UserLink.objects.get().unconfirmed
    assert "Unconfirmed accounts" in ada.open(f"connection/{scim.connection.pk}/change/")
    (box,) = ada.find_all("#scim-unconfirmed input[type=checkbox]")
    assert box.accessible_name == "amy"
    box.click()
    shown = ada.press("Confirm the selected accounts")
    assert "1 account was confirmed" in shown and "Unconfirmed accounts" not in shown
    assert not UserLink.objects.get().unconfirmed

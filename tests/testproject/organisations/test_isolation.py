"""Two customers of one site, each with its own identity provider."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.core.management import call_command

from company.models import Membership
from django_scim import connections
from django_scim.models import Connection
from tests.client import GROUP, SEARCH, USER, assert_error

from .client import browser_of

RENAME = {"op": "replace", "path": "displayName", "value": "Taken over"}


def names(people):
    return sorted(user.username for user in people)


@pytest.fixture
def ours(both):
    return both[0]


@pytest.fixture
def theirs(both):
    return both[1]


@pytest.fixture
def ada(ours):
    return ours.make_user("ada", externalId="E-1", displayName="Ada")


@pytest.fixture
def bob(theirs):
    return theirs.make_user("bob", externalId="E-1", displayName="Bob")


# Membership in an organisation


def test_users_join_their_organisation(ada, bob, northwind, contoso):
    assert names(northwind.members.all()) == ["ada"]
    assert names(contoso.members.all()) == ["bob"]
    assert not Membership.objects.filter(is_admin=True).exists()


def test_only_creation_adds_a_membership(ours, ada, northwind):
    Membership.objects.all().delete()
    ours.patch(f"/Users/{ada['id']}", RENAME)
    ours.put(f"/Users/{ada['id']}", {"schemas": [USER], "userName": "ada.abe"})
    assert not Membership.objects.exists()


def test_connection_without_tenant_adds_no_membership(scim, northwind):
    scim.make_user("ada")
    assert not Membership.objects.exists()


def test_recreated_user_is_a_member_once(ours, ada, northwind):
    assert ours.delete(f"/Users/{ada['id']}").status_code == 204
    ours.make_user("ada", externalId="E-1")
    assert names(northwind.members.all()) == ["ada"]
    assert User.objects.get(username="ada").is_active


def test_only_own_users_are_adopted(connect, northwind, contoso):
    carl = User.objects.create(username="carl")
    scim = connect(tenant=northwind, adoption="username")
    body = {"schemas": [USER], "userName": "carl"}
    for organisations in ([], [contoso], [contoso, northwind]):
        carl.organisations.set(organisations)
        assert_error(scim.post("/Users", body), 409, "uniqueness")
        assert not carl.scim_links.exists()
    carl.organisations.set([northwind])
    assert scim.post("/Users", body).status_code == 201
    assert carl.scim_links.get().connection == scim.connection
    assert names(northwind.members.all()) == ["carl"]


def test_scim_link_assigns_only_own_users(ours, northwind, contoso):
    for name, organisation in (("carl", northwind), ("dora", contoso)):
        User.objects.create(username=name).organisations.add(organisation)
    User.objects.create(username="emil")
    output = StringIO()
    call_command("scim_link", connection="Northwind", by="username", stdout=output)
    assert "       1  to be assigned" in output.getvalue()
    assert "       2  outside of the connection's tenant" in output.getvalue()
    assert [user["userName"] for user in ours.get("/Users").data["Resources"]] == ["carl"]


def test_rejected_request_adds_no_membership(ours, bob, northwind):
    answer = ours.post("/Users", {"schemas": [USER], "userName": "BOB"})
    assert_error(answer, 409, "uniqueness")
    assert not northwind.members.exists()


def test_deleting_an_organisation_disconnects_it(ours, theirs, northwind):
    northwind.delete()
    assert_error(ours.get("/Users"), 401)
    assert theirs.get("/Users").status_code == 200
    assert Connection.objects.get() == theirs.connection


# Isolation


def test_resources_of_another_organisation_are_not_found(ours, theirs, ada, bob):
    group = ours.make_group("Everyone", ada)
    for resource in (f"/Users/{ada['id']}", f"/Groups/{group['id']}"):
        body = ours.get(resource).data
        for answer in (
            theirs.get(resource),
            theirs.put(resource, body),
            theirs.patch(resource, RENAME),
            theirs.delete(resource),
        ):
            assert_error(answer, 404)
        assert ours.get(resource).data == body


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "ada"',
        'displayName eq "Ada"',
        'userName sw "a"',
        'id eq "{id}"',
        'not (userName eq "bob")',
    ],
)
def test_filters_do_not_find_them(text, theirs, ada, bob):
    wanted = text.replace("{id}", ada["id"])
    assert theirs.find(wanted) == []
    query = {"schemas": [SEARCH], "filter": wanted}
    assert theirs.post("/Users/.search", query).data["totalResults"] == 0


def test_counts_do_not_include_them(ours, theirs, ada, bob):
    ours.make_user("anna")
    ours.make_group("Everyone", ada)
    theirs.make_group("Everyone", bob)
    assert ours.get("/Users").data["totalResults"] == 2
    assert theirs.get("/Users").data["totalResults"] == 1
    assert theirs.get("/Users", {"count": 0}).data["totalResults"] == 1
    assert theirs.get("/Groups").data["totalResults"] == 1
    assert theirs.post("/.search", {"schemas": [SEARCH]}).data["totalResults"] == 2
    assert [user["id"] for user in theirs.find('externalId eq "E-1"')] == [bob["id"]]


def test_both_may_use_one_group_name(ours, theirs, ada, bob):
    made = [ours.make_group("Everyone", ada), theirs.make_group("Everyone", bob)]
    for client, group, user in zip((ours, theirs), made, (ada, bob), strict=True):
        found = client.find('displayName eq "Everyone"', "/Groups")
        assert [each["id"] for each in found] == [group["id"]]
        assert [each["value"] for each in found[0]["members"]] == [user["id"]]
        (shown,) = client.get(f"/Users/{user['id']}").data["groups"]
        assert (shown["value"], shown["display"]) == (group["id"], "Everyone")
    assert sorted(names(group.user_set.all()) for group in Group.objects.all()) == [
        ["ada"],
        ["bob"],
    ]


def test_member_of_another_organisation_is_unknown(ours, theirs, ada, bob):
    body = {"schemas": [GROUP], "displayName": "G", "members": [{"value": ada["id"]}]}
    assert_error(theirs.post("/Groups", body), 400, "invalidValue", "members")
    assert not Group.objects.exists()


def test_taken_username_does_not_reveal_its_owner(ours, theirs, ada):
    User.objects.create(username="carl")  # an account of the site
    details = []
    for name in ("ada", "carl"):
        answer = theirs.post("/Users", {"schemas": [USER], "userName": name})
        assert_error(answer, 409, "uniqueness")
        detail, _, request_id = answer.data["detail"].partition(" [request ")
        assert request_id
        details.append(detail.replace(name, "x"))
    assert details[0] == details[1]


# Assigned accounts and groups


def test_assigned_account_is_accessible(ours, theirs, northwind):
    carl = User.objects.create(username="carl")
    connections.assign(ours.connection, carl)
    assert [user["userName"] for user in ours.find('userName eq "carl"')] == ["carl"]
    assert theirs.find('userName eq "carl"') == []
    assert not northwind.members.exists()
    connections.unassign(ours.connection, carl)
    assert ours.find('userName eq "carl"') == []


def test_staff_cannot_be_assigned(ours):
    staff = User.objects.create(username="staff", is_staff=True)
    with pytest.raises(ValidationError):
        connections.assign(ours.connection, staff)
    assert ours.get("/Users").data["totalResults"] == 0


def test_shared_group(ours, theirs, ada, bob):
    group = Group.objects.create(name="Beta testers")
    for client, user in ((ours, ada), (theirs, bob)):
        connections.assign(client.connection, group)
        (found,) = client.find('displayName eq "Beta testers"', "/Groups")
        add = {"op": "add", "path": "members", "value": [{"value": user["id"]}]}
        assert client.patch(f"/Groups/{found['id']}", add).status_code in (200, 204)
        (found,) = client.find('displayName eq "Beta testers"', "/Groups")
        assert [each["value"] for each in found["members"]] == [user["id"]]
    assert names(group.user_set.all()) == ["ada", "bob"]


# The directory page


def test_directory_shows_own_organisation(ada, bob, scim, northwind, admin_client):
    scim.make_user("carl", displayName="Carl")
    member = browser_of(northwind, "member", is_admin=False)
    shown = member.get("/").content.decode()
    assert "<td>ada</td>" in shown
    assert "<td>bob</td>" not in shown and "<td>carl</td>" not in shown
    everybody = admin_client.get("/").content.decode()
    assert all(f"<td>{name}</td>" in everybody for name in ("ada", "bob", "carl"))


def test_directory_without_organisation(ada, bob, scim, client):
    scim.make_user("carl")
    client.force_login(User.objects.get(username="carl"))
    shown = client.get("/").content.decode()
    assert "<td>carl</td>" in shown
    assert "<td>ada</td>" not in shown and "<td>bob</td>" not in shown

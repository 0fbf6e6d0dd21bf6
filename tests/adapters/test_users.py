"""Users: create, read, replace, delete (RFC 7644 sections 3.3 to 3.6)."""

import copy
import uuid

import pytest
from django.contrib.auth.models import User

from django_scim.models import UserLink

from ..client import ENTERPRISE, USER, assert_error

MAXIMAL = {
    "schemas": [USER, ENTERPRISE],
    "externalId": "701984",
    "userName": "bjensen@example.com",
    "name": {
        "formatted": "Ms. Barbara J Jensen, III",
        "familyName": "Jensen",
        "givenName": "Barbara",
        "middleName": "Jane",
        "honorificPrefix": "Ms.",
        "honorificSuffix": "III",
    },
    "displayName": "Babs Łódź 名",
    "nickName": "Babs",
    "profileUrl": "https://login.example.com/bjensen",
    "title": "Tour Guide",
    "userType": "Employee",
    "preferredLanguage": "en-US",
    "locale": "en-US",
    "timezone": "America/Los_Angeles",
    "active": True,
    "emails": [
        {"value": "bjensen@example.com", "type": "work", "primary": True, "display": "work"},
        {"value": "babs@jensen.org", "type": "home", "primary": False},
    ],
    "phoneNumbers": [
        {"value": "555-555-5555", "type": "work"},
        {"value": "555-555-4444", "type": "mobile", "display": "cell", "primary": True},
    ],
    "ims": [{"value": "someaimhandle", "type": "aim"}],
    "photos": [
        {"value": "https://photos.example.com/profilephoto/72930000000Ccne/F", "type": "photo"},
        {"value": "https://photos.example.com/profilephoto/72930000000Ccne/T", "type": "thumbnail"},
    ],
    "addresses": [
        {
            "type": "work",
            "streetAddress": "100 Universal City Plaza",
            "locality": "Hollywood",
            "region": "CA",
            "postalCode": "91608",
            "country": "US",
            "formatted": "100 Universal City Plaza\nHollywood, CA 91608 USA",
            "primary": True,
        },
        {"type": "home", "streetAddress": "456 Hollywood Blvd"},
    ],
    "entitlements": [{"value": "e1", "display": "First", "type": "x", "primary": True}],
    "roles": [{"value": "Admin", "display": "Administrator", "type": "app", "primary": False}],
    "x509Certificates": [{"value": "TUlJRFF6Q0NBcXlnQXdJQkFnSUNFQUF3" * 40, "display": "one"}],
    ENTERPRISE: {
        "employeeNumber": "701984",
        "costCenter": "4130",
        "organization": "Universal Studios",
        "division": "Theme Park",
        "department": "Tour Operations",
        "manager": {"value": "not-here-yet"},
    },
}


def without_server_attributes(resource):
    return {key: value for key, value in resource.items() if key not in ("id", "meta", "groups")}


def test_post_keeps_every_attribute(scim):
    created = scim.post("/Users", MAXIMAL)
    assert created.status_code == 201
    assert without_server_attributes(created.data) == MAXIMAL
    assert without_server_attributes(scim.get(f"/Users/{created.data['id']}").data) == MAXIMAL


def test_put_keeps_every_attribute(scim):
    user = scim.make_user("someone@example.com")
    body = copy.deepcopy(MAXIMAL)
    replaced = scim.put(f"/Users/{user['id']}", body)
    assert replaced.status_code == 200
    assert without_server_attributes(scim.get(f"/Users/{user['id']}").data) == MAXIMAL
    body["emails"].reverse()
    del body["phoneNumbers"], body["nickName"], body[ENTERPRISE]["division"]
    scim.put(f"/Users/{user['id']}", body)
    kept = scim.get(f"/Users/{user['id']}").data
    assert "phoneNumbers" not in kept and "nickName" not in kept
    assert "division" not in kept[ENTERPRISE]
    assert sorted(kept["emails"], key=str) == sorted(MAXIMAL["emails"], key=str)


def test_create_response(scim):
    response = scim.post("/Users", {"schemas": [USER], "userName": "bjensen"})
    data = response.data
    assert response.status_code == 201
    assert response.headers["Location"] == data["meta"]["location"]
    assert data["meta"]["location"] == f"http://testserver/scim/v2/Users/{data['id']}"
    assert response.headers["ETag"] == data["meta"]["version"]
    assert data["meta"]["version"].startswith('W/"')
    assert data["meta"]["created"] == data["meta"]["lastModified"]
    assert data["meta"]["created"].endswith("Z")
    assert data["meta"]["resourceType"] == "User"
    assert uuid.UUID(data["id"]).version == 4
    assert data["active"] is True
    assert "externalId" not in data and "groups" not in data


def test_create_makes_the_account(scim):
    scim.post("/Users", MAXIMAL)
    user = User.objects.get()
    assert (user.username, user.email) == ("bjensen@example.com", "bjensen@example.com")
    assert (user.first_name, user.last_name) == ("Barbara", "Jensen")
    assert user.scim_profile.department == "Tour Operations"
    assert not user.has_usable_password()
    assert not user.is_staff and not user.is_superuser


@pytest.mark.parametrize(
    "other", ["bjensen", "BJensen", "ＢＪＥＮＳＥＮ"]
)  # fmt: skip
def test_duplicate_username_in_any_spelling(other, scim):
    scim.make_user("bjensen")
    response = scim.post("/Users", {"schemas": [USER], "userName": other})
    assert_error(response, 409, "uniqueness", "userName")
    assert User.objects.count() == 1


def test_composed_and_decomposed_usernames_are_equal(scim):
    scim.make_user("zo\u00eb")
    response = scim.post("/Users", {"schemas": [USER], "userName": "Zoe\u0308"})
    assert_error(response, 409, "uniqueness")


def test_patch_to_a_taken_username(scim):
    scim.make_user("one")
    other = scim.make_user("two")
    path = f"/Users/{other['id']}"
    assert_error(
        scim.patch(path, {"op": "replace", "path": "userName", "value": "ONE"}), 409, "uniqueness"
    )
    renamed = scim.patch(path, {"op": "replace", "path": "userName", "value": "TWO"})
    assert renamed.data["userName"] == "TWO"
    assert scim.find('userName eq "two"')[0]["id"] == other["id"]


def test_read_only_values_are_ignored(scim):
    user = scim.make_user(
        id="bulkId:1",
        meta={"created": "1999-01-01T00:00:00Z", "resourceType": "Group"},
        groups=[{"value": "x"}],
        is_staff=True,
        isSuperuser=True,
    )
    assert user["id"] != "bulkId:1"
    assert not user["meta"]["created"].startswith("1999")
    assert user["meta"]["resourceType"] == "User"
    assert "groups" not in user
    assert not User.objects.filter(is_staff=True).exists()


def test_put_clears_missing_attributes_but_never_reactivates(scim):
    user = scim.make_user(externalId="x", title="Guide", name={"givenName": "B", "familyName": "J"})
    path = f"/Users/{user['id']}"
    scim.patch(path, {"op": "replace", "path": "active", "value": False})
    body = {"schemas": [USER], "userName": "bjensen", "name": {"givenName": "Babs"}, "id": "other"}
    data = scim.put(path, body).data
    assert data["id"] == user["id"]
    assert "title" not in data
    assert data["name"] == {"givenName": "Babs"}
    assert data["active"] is False
    assert data["externalId"] == "x"
    data = scim.put(path, body | {"active": None}).data
    assert data["active"] is False
    assert scim.put(path, body | {"active": True}).data["active"] is True


def test_put_of_the_same_resource_changes_nothing(scim):
    user = scim.post("/Users", MAXIMAL).data
    same = scim.put(f"/Users/{user['id']}", user)
    assert same.data == user
    user["emails"].reverse()
    assert scim.put(f"/Users/{user['id']}", user).data["meta"] == user["meta"]


def test_put_creates_nothing(scim):
    body = {"schemas": [USER], "userName": "bjensen"}
    assert_error(scim.put(f"/Users/{uuid.uuid4()}", body), 404)
    assert not User.objects.exists()


def test_removing_active_keeps_the_account_state(scim):
    user = scim.make_user(active=False)
    data = scim.patch(f"/Users/{user['id']}", {"op": "remove", "path": "active"}).data
    assert data["active"] is False
    assert not User.objects.get().is_active
    assert scim.find("active pr") and scim.find("active eq false")
    back = scim.patch(f"/Users/{user['id']}", {"op": "add", "path": "active", "value": False})
    assert back.data["active"] is False


def test_deleted_user_is_not_found(scim):
    user = scim.make_user()
    group = scim.make_group("G", user)
    path = f"/Users/{user['id']}"
    response = scim.delete(path)
    assert response.status_code == 204 and response.content == b""
    assert "Content-Type" not in response.headers
    assert_error(scim.get(path), 404)
    assert_error(scim.delete(path), 404)
    assert_error(scim.patch(path, {"op": "replace", "path": "title", "value": "x"}), 404)
    assert_error(scim.put(path, {"schemas": [USER], "userName": "bjensen"}), 404)
    assert scim.get("/Users").data["totalResults"] == 0
    assert scim.get(f"/Groups/{group['id']}").data["members"] == []
    assert scim.get(f"/Groups/{group['id']}").headers["ETag"] != group["meta"]["version"]
    account = User.objects.get()
    assert not account.is_active and not account.has_usable_password()


def test_recreated_user_gets_the_same_account(scim):
    user = scim.make_user(externalId="7", title="Guide", nickName="Babs")
    scim.delete(f"/Users/{user['id']}")
    again = scim.make_user(externalId="7", title="Chief")
    assert again["id"] != user["id"]
    assert again["title"] == "Chief" and "nickName" not in again
    assert again["active"] is True
    assert User.objects.get().is_active
    assert UserLink.objects.filter(target=None).count() == 1


def test_recreated_inactive_user_stays_inactive(scim):
    user = scim.make_user(externalId="7")
    scim.delete(f"/Users/{user['id']}")
    assert scim.make_user(externalId="7", active=False)["active"] is False
    assert not User.objects.get().is_active


@pytest.mark.parametrize("external_id", ["8", None])
def test_another_user_of_that_name_gets_another_account(external_id, scim):
    user = scim.make_user(externalId="7")
    scim.delete(f"/Users/{user['id']}")
    scim.make_user(**({"externalId": external_id} if external_id else {}))
    old, new = User.objects.order_by("pk")
    assert new.username == "bjensen" and new.is_active
    assert old.username.startswith("bjensen.") and not old.is_active


def test_reused_deleted_account_is_not_restored(scim):
    user = scim.make_user(externalId="7")
    scim.delete(f"/Users/{user['id']}")
    User.objects.update(is_active=True)
    response = scim.post("/Users", {"schemas": [USER], "userName": "bjensen", "externalId": "7"})
    assert_error(response, 409, "uniqueness")


def test_connection_may_hard_delete(connect):
    scim = connect(deletion="delete")
    user = scim.make_user()
    scim.delete(f"/Users/{user['id']}")
    assert not User.objects.exists()
    assert_error(scim.get(f"/Users/{user['id']}"), 404)
    assert scim.make_user()["id"] != user["id"]


@pytest.mark.parametrize("form", ["post", "put", "patch"])
def test_manager_is_found_by_external_id(scim, form):
    """Entra ID names the manager by its own id; the id of a resource comes first."""
    boss = scim.make_user("boss", externalId="boss-id")
    other = scim.make_user("other", externalId=boss["id"])
    for name, value in (("one", "boss-id"), ("two", boss["id"])):
        work = {ENTERPRISE: {"manager": {"value": value}}}
        if form == "post":
            user = scim.make_user(name, **work)
        else:
            path = f"/Users/{scim.make_user(name)['id']}"
            change = {"op": "add", "path": f"{ENTERPRISE}:manager", "value": value}
            body = {"schemas": [USER, ENTERPRISE], "userName": name, **work}
            answer = scim.patch(path, change) if form == "patch" else scim.put(path, body)
            user = answer.data
        assert user[ENTERPRISE]["manager"]["value"] == boss["id"] != other["id"]


def test_manager_created_later(scim):
    report = scim.make_user("report", **{ENTERPRISE: {"manager": {"value": "boss-id"}}})
    assert report[ENTERPRISE]["manager"] == {"value": "boss-id"}
    boss = scim.make_user("boss", externalId="boss-id", displayName="The Boss")
    manager = scim.get(f"/Users/{report['id']}").data[ENTERPRISE]["manager"]
    assert manager == {
        "value": boss["id"],
        "$ref": f"http://testserver/scim/v2/Users/{boss['id']}",
        "displayName": "The Boss",
    }
    assert scim.find(f'manager eq "{boss["id"]}"')[0]["id"] == report["id"]
    scim.delete(f"/Users/{boss['id']}")
    assert ENTERPRISE not in scim.get(f"/Users/{report['id']}").data


def test_changes_by_the_site_are_returned(scim):
    user = scim.make_user(emails=[{"value": "old@x.com", "type": "work"}])
    account = User.objects.get()
    account.email = "new@x.com"
    account.save()
    fresh = scim.get(f"/Users/{user['id']}")
    assert fresh.data["emails"] == [{"value": "new@x.com", "type": "work"}]
    assert fresh.headers["ETag"] != user["meta"]["version"]
    assert scim.find('emails.value eq "NEW@x.com"')
    assert not scim.find('emails.value eq "old@x.com"')
    User.objects.update(username="renamed", email="newer@x.com")
    assert scim.get(f"/Users/{user['id']}").data["emails"][0]["value"] == "newer@x.com"
    assert scim.find('userName eq "renamed"')[0]["id"] == user["id"]

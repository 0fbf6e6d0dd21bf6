"""``django_scim.testing.payloads``: the bodies are as recorded and have the expected effect."""

import json

import pytest
from django.contrib.auth.models import Group, User

from django_scim.testing.payloads import (
    ATTRIBUTES,
    authentik,
    entra,
    entra_legacy,
    jumpcloud,
    keycloak,
    okta,
    onelogin,
    ping,
    rfc,
    sailpoint,
)
from tests.client import ENTERPRISE, GROUP, PATCH, SEARCH, USER

BARBARA = {"given_name": "Barbara", "family_name": "Jensen", "email": "bj@example.com"}


class Resource:
    """One user or group of a client: sends bodies to it and reads it from the database."""

    def __init__(self, client, endpoint, body):
        answer = client.post(endpoint, body)
        assert answer.status_code == 201, answer.data
        self.client, self.endpoint, self.data = client, endpoint, answer.data
        self.path = f"{endpoint}/{self.data['id']}"
        self.model = User if endpoint == "/Users" else Group
        self.pk = self.model.objects.latest("pk").pk

    def patch(self, body, method="PATCH"):
        answer = self.client.request(method, self.path, body)
        assert answer.status_code in (200, 204), answer.data
        return self.row

    def put(self, body):
        return self.patch(body, "PUT")

    def delete(self):
        assert self.client.delete(self.path).status_code == 204
        assert self.client.get(self.path).status_code == 404

    def get(self):
        return self.client.get(self.path).data

    def found(self, parameters):
        """Return whether a search finds only this resource."""
        answer = self.client.get(self.endpoint, parameters)
        assert answer.status_code == 200, answer.data
        return [each["id"] for each in answer.data["Resources"]] == [self.data["id"]]

    @property
    def row(self):
        return self.model.objects.get(pk=self.pk)

    @property
    def members(self):
        return set(self.row.user_set.values_list("username", flat=True))


def user(client, body):
    return Resource(client, "/Users", body)


def group(client, body):
    return Resource(client, "/Groups", body)


def switch(account, provider):
    """Deactivate the account and reactivate it."""
    assert not account.patch(provider.deactivate_user()).is_active
    assert account.patch(provider.reactivate_user()).is_active


def leave(account, team):
    """Delete both; by default, the account remains without access."""
    team.delete()
    account.delete()
    assert not Group.objects.exists() and not account.row.is_active


def test_rfc(connect):
    client = connect("strict")
    one = user(client, rfc.create_user("bjensen", department="Tours", **BARBARA))
    two = user(client, rfc.create_user("two", manager=one.data["id"], active=False))
    assert one.found(rfc.find_user("bjensen"))
    assert (one.row.first_name, one.row.email) == ("Barbara", "bj@example.com")
    assert two.row.scim_profile.manager == one.row and not two.row.is_active
    changed = one.patch(rfc.update_user(given_name="Babs", department="Sales", email="b@x.com"))
    assert (changed.first_name, changed.last_name, changed.email) == ("Babs", "Jensen", "b@x.com")
    assert changed.scim_profile.department == "Sales"
    changed = two.put(rfc.replace_user(two.get(), active=True, division="D"))
    assert changed.is_active and changed.scim_profile.division == "D"
    switch(one, rfc)
    guides = group(client, rfc.create_group("Tour Guides", external_id="g"))
    assert guides.found(rfc.find_group("Tour Guides"))
    guides.patch(rfc.add_members(one.data, two.data["id"]))
    assert guides.members == {"bjensen", "two"}
    guides.patch(rfc.remove_members(one.data))
    assert guides.members == {"two"}
    assert guides.patch(rfc.rename_group("Guides")).name == "Guides"
    leave(one, guides)


@pytest.mark.parametrize("provider", [entra, entra_legacy])
def test_entra(connect, provider):
    client = connect("entra")
    body = provider.create_user("bjensen@example.com", external_id="0a21", title="Guide", **BARBARA)
    one = user(client, body)
    two = user(client, provider.create_user("two", manager=one.data["id"]))
    assert one.found(provider.find_user("bjensen@example.com"))
    assert one.found(provider.find_user("0a21", by="externalId"))
    assert one.found(provider.find_user("bj@example.com", by='emails[type eq "work"].value'))
    assert not one.found(provider.find_user("nobody"))
    assert (one.row.first_name, one.row.last_name) == ("Barbara", "Jensen")
    assert one.row.scim_profile.title == "Guide"
    assert two.row.scim_profile.manager == one.row
    changes = {"email": "b@x.com", "given_name": "Babs", "employee_number": "7"}
    changed = one.patch(provider.update_user(manager=two.data["id"], **changes))
    assert (changed.first_name, changed.last_name, changed.email) == ("Babs", "Jensen", "b@x.com")
    assert changed.scim_profile.employee_number == "7"
    assert changed.scim_profile.manager == two.row
    assert one.patch(provider.update_user(manager="")).scim_profile.manager is None
    assert one.patch(provider.update_user(nick_name="Babs")).scim_profile.nick_name == "Babs"
    switch(one, provider)
    guides = group(client, provider.create_group("Tour Guides", external_id="8aa1"))
    assert guides.found(provider.find_group("Tour Guides"))
    guides.patch(provider.add_members(one.data["id"]))
    guides.patch(provider.add_members(two.data["id"]))
    assert guides.members == {"bjensen@example.com", "two"}
    assert guides.found(provider.find_member(guides.data, one.data))
    guides.patch(provider.remove_members(one.data["id"]))
    assert guides.members == {"two"}
    assert not guides.found(provider.find_member(guides.data, one.data))
    assert guides.patch(provider.rename_group("Guides")).name == "Guides"
    leave(one, guides)


def test_okta(connect):
    client = connect("okta")
    one = user(client, okta.create_user("bj@okta.local", external_id="00u1", **BARBARA))
    two = user(client, okta.create_user("two@okta.local"))
    assert one.found(okta.find_user("BJ@okta.local"))
    assert one.data["displayName"] == "Barbara Jensen"
    assert not one.row.has_usable_password()
    changed = one.put(okta.replace_user(one.get(), given_name="Babs", email="b@x.com"))
    assert (changed.first_name, changed.last_name, changed.email) == ("Babs", "Jensen", "b@x.com")
    assert one.get()["externalId"] == "00u1"
    switch(one, okta)
    assert not one.put(okta.replace_user(one.get(), active=False)).is_active
    guides = group(client, okta.create_group("Test SCIMv2"))
    assert guides.patch(okta.rename_group("Guides", guides.data)).name == "Guides"
    guides.patch(okta.add_members(one.data))
    assert guides.members == {"bj@okta.local"}
    guides.patch(okta.change_members(add=[two.data], remove=[one.data]))
    assert guides.members == {"two@okta.local"}
    guides.patch(okta.set_members(one.data, two.data))
    guides.patch(okta.remove_members(two.data["id"]))
    assert guides.members == {"bj@okta.local"}
    assert guides.patch(okta.set_group("Anew", guides.data, two.data)).name == "Anew"
    assert guides.members == {"two@okta.local"}
    guides.patch(okta.set_members())
    assert not guides.members
    guides.delete()


def test_authentik(connect):
    client = connect()
    one = user(client, authentik.create_user("bjensen", "uid1", **BARBARA))
    two = user(client, authentik.create_user("two", "uid2"))
    body = authentik.replace_user(one.data, "bjensen", "uid1", given_name="Babs", active=False)
    changed = one.put(body)
    assert (changed.first_name, changed.is_active) == ("Babs", False)
    guides = group(client, authentik.create_group("Tour Guides", "gid"))
    assert guides.found(authentik.find_group("Tour Guides"))
    guides.patch(authentik.add_members(one.data))
    guides.patch(authentik.change_members(add=[two.data], remove=[one.data]))
    assert guides.members == {"two"}
    guides.patch(authentik.add_members(one.data, two.data))
    guides.patch(authentik.remove_members(one.data, two.data))
    assert not guides.members
    assert guides.patch(authentik.rename_group("Guides", guides.data, "gid")).name == "Guides"
    assert guides.get()["externalId"] == "gid"
    leave(one, guides)


def test_onelogin(connect):
    client = connect()
    one = user(client, onelogin.create_user("bjensen", title=None, **BARBARA))
    assert (one.row.email, one.row.last_name) == ("bj@example.com", "Jensen")
    assert not user(client, onelogin.create_user("two", email=None)).row.email
    switch(one, rfc)
    guides = group(client, rfc.create_group("Tour Guides"))
    guides.patch(onelogin.add_members(one.data))
    assert guides.members == {"bjensen"}


def test_ping(connect):
    client = connect()
    one = user(client, rfc.create_user("bjensen", **BARBARA))
    assert one.found(ping.find_user("bjensen"))
    assert one.found(ping.find_user("bj@example.com", by="emails"))
    changed = one.put(ping.replace_user(one.get(), family_name="J", active=False))
    assert (changed.first_name, changed.last_name) == ("Barbara", "J")
    assert not changed.is_active


def test_jumpcloud(connect):
    client = connect()
    one, two = (user(client, rfc.create_user(name)) for name in ("one", "two"))
    guides = group(client, rfc.create_group("Tour Guides"))
    guides.patch(jumpcloud.add_members(one.data, two.data))
    guides.patch(jumpcloud.remove_members(one.data))
    assert guides.members == {"two"}
    leave(one, guides)


def test_keycloak(connect):
    client = connect()
    one = user(client, rfc.create_user("bjensen", **BARBARA))
    assert one.patch(keycloak.update_user(given_name="Babs")).first_name == "Babs"
    assert one.row.last_name == "Jensen"
    assert not one.patch(keycloak.update_user(active=False)).is_active
    answer = client.post("/Users/.search", keycloak.search_users('userName eq "bjensen"'))
    assert [each["id"] for each in answer.data["Resources"]] == [one.data["id"]]


def test_sailpoint(connect):
    one = user(connect(), rfc.create_user("bjensen"))
    assert not one.patch(sailpoint.deactivate_user()).is_active


def operations(*expected):
    return {"schemas": [PATCH], "Operations": list(expected)}


def test_entra_as_recorded():
    assert entra.create_user(
        "Test_User", given_name="g", family_name="f", email="a@b.com", external_id="0a21f0f2"
    ) == {
        "schemas": [USER, ENTERPRISE], "externalId": "0a21f0f2", "userName": "Test_User",
        "active": True, "emails": [{"primary": True, "type": "work", "value": "a@b.com"}],
        "meta": {"resourceType": "User"}, "roles": [],
        "name": {"formatted": "g f", "familyName": "f", "givenName": "g"},
    }  # fmt: skip
    assert entra.create_user("x", manager="123456")[ENTERPRISE] == {"manager": "123456"}
    adscim = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
    assert entra.create_group("d", external_id="8aa1a0c0") == {
        "schemas": [GROUP, adscim], "externalId": "8aa1a0c0", "displayName": "d",
        "meta": {"resourceType": "Group"},
    }  # fmt: skip


CHANGES = {
    "display_name": "Bjfe", "email": "T@x.com", "given_name": "Kkom", "family_name": "Unua",
    "employee_number": "Aklq",
}  # fmt: skip
EMAIL = 'emails[type eq "work"].value'


def test_both_dialects_of_entra_as_recorded():
    assert entra.update_user(**CHANGES) == operations(
        {"op": "replace", "path": EMAIL, "value": "T@x.com"},
        {"op": "replace", "value": {
            "displayName": "Bjfe", "name.givenName": "Kkom", "name.familyName": "Unua",
            f"{ENTERPRISE}:employeeNumber": "Aklq",
        }},
    )  # fmt: skip
    assert entra_legacy.update_user(**CHANGES) == operations(
        {"op": "Replace", "path": "displayName", "value": "Bjfe"},
        {"op": "Replace", "path": EMAIL, "value": "T@x.com"},
        {"op": "Replace", "path": "name.givenName", "value": "Kkom"},
        {"op": "Replace", "path": "name.familyName", "value": "Unua"},
        {"op": "Replace", "path": f"{ENTERPRISE}:employeeNumber", "value": "Aklq"},
    )
    off = {"op": "replace", "path": "active", "value": False}
    assert entra.deactivate_user() == entra.update_user(active=False) == operations(off)
    off = {"op": "Replace", "path": "active", "value": "False"}
    assert entra_legacy.deactivate_user() == operations(off)
    manager = {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": "7"}
    assert entra_legacy.update_user(manager="7") == operations(manager)
    removal = {"op": "remove", "path": 'members[value eq "7f4b"]'}
    assert entra.remove_members("7f4b") == operations(removal)
    removal = {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "f648"}]}
    assert entra_legacy.remove_members("f648") == operations(removal)
    assert entra_legacy.add_members("f648") == operations(removal | {"op": "Add"})


def test_okta_as_recorded():
    assert okta.create_user(
        "t@okta.local", given_name="Test", family_name="User", email="t@okta.local",
        external_id="00ujl29u0le5T6Aj10h7",
    ) == {
        "schemas": [USER], "userName": "t@okta.local",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": "t@okta.local", "type": "work"}],
        "displayName": "Test User", "locale": "en-US", "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [], "password": "1mz050nq", "active": True,
    }  # fmt: skip
    assert okta.deactivate_user() == operations({"op": "replace", "value": {"active": False}})
    value = {"id": "abf4dd94", "displayName": "Test SCIMv2"}
    expected = operations({"op": "replace", "value": value})
    assert okta.rename_group("Test SCIMv2", "abf4dd94") == expected
    member = {"id": "23a35c27", "userName": "t@okta.local"}
    assert okta.change_members(add=[member], remove=["89bb1940"]) == operations(
        {"op": "remove", "path": 'members[value eq "89bb1940"]'},
        {
            "op": "add",
            "path": "members",
            "value": [{"value": "23a35c27", "display": "t@okta.local"}],
        },
    )
    value = {"members": [], "id": "g", "displayName": "g"}
    assert okta.set_group("g", "g") == operations({"op": "replace", "value": value})


def test_others_as_recorded():
    assert authentik.change_members(add=["u"], remove=["u2"]) == operations(
        {"op": "add", "path": "members", "value": [{"value": "u"}]},
        {"op": "remove", "path": "members", "value": [{"value": "u2"}]},
    )
    value = {"schemas": [GROUP], "id": "g", "externalId": "e", "displayName": "d"}
    expected = operations({"op": "replace", "value": value})
    assert authentik.rename_group("d", "g", "e") == expected
    assert sailpoint.deactivate_user() == operations({"op": "add", "value": {"active": False}})
    (operation,) = keycloak.update_user(given_name="K")["Operations"]
    assert json.loads(operation["value"]) == {"schemas": [USER], "name": {"givenName": "K"}}
    assert keycloak.search_users("title pr", start=11, count=10) == {
        "schemas": [SEARCH], "filter": "title pr", "startIndex": "11", "count": "10",
        "sortBy": "userName", "sortOrder": "ascending",
    }  # fmt: skip


def test_attributes():
    with pytest.raises(TypeError, match="givenname"):
        entra.create_user("x", givenname="B")
    body = rfc.create_user("x", **dict.fromkeys(ATTRIBUTES, "x"))
    assert body["schemas"] == [USER, ENTERPRISE] and body["name"]["middleName"] == "x"
    assert rfc.find_user('a"b')["filter"] == r'userName eq "a\"b"'

"""Extensions of Keycloak: libre.sh and its forks, keycloak-scim-outbound, little-auth, suvera."""

import json
from urllib.parse import quote, quote_plus

import pytest

from tests.client import GROUP, PATCH, SEARCH, USER

from .life_cycle import Connector


class Libre(Connector):
    """libre.sh, mitodl and pelotech by PUT. They never look up; a 409 ends the synchronization."""

    profile = "keycloak"
    headers = {"Content-Type": "application/scim+json"}  # on GET as well

    def body(self, person):
        return {
            "schemas": [USER],
            "externalId": person.key,
            "userName": person.user_name,
            "displayName": person.full_name,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "emails": [{"type": "work", "primary": True, "value": person.email}],
            "active": person.active,
        }

    def create(self, person):
        self.created(person, self.send("POST", "/Users", self.body(person)))

    def update(self, person):
        more = {"id": self.ids[person.key], "roles": [{"value": "guide"}]}
        self.send("PUT", self.user(person), self.body(person) | more)

    def create_group(self, team):
        body = {"externalId": team.key, "displayName": team.name}
        self.created(team, self.send("POST", "/Groups", body))

    def rename_group(self, team):
        body = {"id": self.ids[team.key], "externalId": team.key, "displayName": team.name}
        if team.members:  # without members, the key is left out
            body["members"] = [
                {"value": member, "$ref": f"Users/{member}"} for member in self.member_ids(team)
            ]
        self.send("PUT", self.group(team), body)

    def change_members(self, team, added, removed):
        for person in added + removed:
            self.update(person)
        self.rename_group(team)

    def synchronize(self, people, teams):
        users = self.send("GET", "/Users")["Resources"]
        assert all(user["displayName"] for user in users)  # the import fails without
        assert {user["id"] for user in users} == {self.ids[person.key] for person in people}
        assert len(self.send("GET", "/Groups")["Resources"]) == len(teams)
        for person in people:
            self.update(person)
        for team in teams:
            self.rename_group(team)


class LibrePatch(Libre):
    """The same by PATCH, which changes neither the parts of a name nor the address."""

    changes = ()

    def patch(self, path, *operations):
        self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    def update(self, person):
        active = "true" if person.active else "false"
        self.patch(
            self.user(person),
            {"op": "replace", "path": "userName", "value": person.user_name},
            {"op": "replace", "path": "displayName", "value": person.full_name},
            {"op": "replace", "path": "active", "value": active},
        )

    def rename_group(self, team):
        members = [{"value": member} for member in self.member_ids(team)]
        change = {"op": "replace", "path": "members", "value": members}
        self.patch(
            self.group(team),
            change if members else {"path": "members", "op": "remove"},
            {"op": "replace", "path": "displayName", "value": team.name},
            {"op": "replace", "path": "externalId", "value": team.key},
        )


class Outbound(Connector):
    """keycloak-scim-outbound: a look-up before each write, no externalId."""

    profile = "keycloak"
    groups = renames = recognises = False

    def find(self, person):
        text = quote_plus(f'userName eq "{person.user_name}"')
        found = self.send("GET", f"/Users?filter={text}")["Resources"]
        return found[0]["id"] if found else None

    def create(self, person):
        assert self.find(person) is None
        body = {
            "schemas": [USER],
            "userName": person.user_name,
            "name": {"givenName": "", "familyName": ""},
            "emails": [{"value": person.email, "primary": True}],
            "active": True,
        }
        self.created(person, self.send("POST", "/Users", body))
        self.update(person)

    def patch(self, person, *operations):
        path = f"/Users/{self.find(person)}"
        self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    def update(self, person):
        path = "emails[primary eq true].value"
        self.patch(
            person,
            {"op": "replace", "path": "name.givenName", "value": person.given_name},
            {"op": "replace", "path": "name.familyName", "value": person.family_name},
            {"op": "replace", "path": path, "value": ""},
        )
        self.patch(person, {"op": "replace", "path": path, "value": person.email})

    def set_active(self, person):
        self.patch(person, {"op": "replace", "path": "active", "value": person.active})

    def delete(self, person):
        self.send("DELETE", f"/Users/{self.find(person)}")


class LittleAuth(Connector):
    """little-auth: deactivates by PATCH, and reconciles by PUT with the version."""

    profile = "keycloak"
    groups = False

    def begin(self):
        assert self.send("GET", "/ServiceProviderConfig")["patch"]["supported"]

    def find(self, person):
        text = quote(f'externalId eq "{person.key}"')
        found = self.send("GET", f"/Users?filter={text}")["Resources"]
        return found[0]["id"] if found else None

    def body(self, person):
        return {
            "schemas": [USER],
            "externalId": person.key,
            "userName": person.user_name,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "active": person.active,
            "emails": [{"value": person.email, "primary": True}],
        }

    def create(self, person):
        self.begin()
        self.created(person, self.send("POST", "/Users", self.body(person)))

    def update(self, person):
        self.begin()
        self.send("PUT", self.user(person), self.body(person))

    def set_active(self, person):
        self.begin()
        change = {"path": "active", "op": "replace", "value": [person.active]}
        body = {"schemas": [PATCH], "Operations": [change]}
        self.send("PATCH", self.user(person), body)

    def synchronize(self, people, teams):
        for person in people:
            assert self.find(person) == self.ids[person.key]
            version = self.send("GET", self.user(person))["meta"]["version"]
            self.send("PUT", self.user(person), self.body(person), If_Match=version)


class Suvera(Connector):
    """suvera: discovery without a token first; it refuses members that it does not know."""

    profile = "keycloak"
    KNOWN = frozenset(
        ("schemas", "documentationUri", "patch", "bulk", "filter", "changePassword", "sort",
         "etag", "authenticationSchemes", "meta", "id", "externalId")
    )  # fmt: skip

    def begin(self):
        for token in ({"Authorization": None}, {}):
            config = self.send("GET", "/ServiceProviderConfig", expected=(200, 401), **token)
            assert config.keys() <= self.KNOWN
        for path in ("/ResourceTypes", "/Schemas"):
            assert self.send("GET", path)["Resources"]

    def match(self, endpoint, name, value):
        text = quote(f'{name} eq "{value}"')
        found = self.send("GET", f"{endpoint}?filter={text}")["Resources"]
        return found[0]["id"] if found else None

    def find(self, person):
        return self.match("/Users", "userName", person.user_name)

    def body(self, person):
        return {
            "schemas": [USER],
            "externalId": f"f:8d2c:{person.key}",
            "userName": person.user_name,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "displayName": person.full_name,
            "active": person.active,
            "emails": [{"type": "work", "primary": True, "value": person.email}],
            "roles": [{"value": "6f0b", "display": "guide", "type": "direct", "primary": False}],
            "addresses": [], "phoneNumbers": [], "ims": [], "photos": [], "entitlements": [],
            "x509Certificates": [],
        }  # fmt: skip

    def create(self, person):
        self.created(person, self.send("POST", "/Users", self.body(person)))

    def update(self, person):
        user = self.send("GET", self.user(person))
        self.send("PUT", self.user(person), self.body(person) | {"id": user["id"]})

    def find_group(self, team):
        return self.match("/Groups", "displayName", team.name)

    def create_group(self, team):
        body = {"schemas": [GROUP], "displayName": team.name}
        self.created(team, self.send("POST", "/Groups", body))

    def rename_group(self, team):
        body = self.send("GET", self.group(team))
        self.send("PUT", self.group(team), body | {"displayName": team.name})

    def change_members(self, team, added, removed):
        changes = [
            {"op": "add", "path": "members",
             "value": [{"value": self.ids[person.key], "display": person.user_name}]}
            for person in added
        ]  # fmt: skip
        changes += [
            {"op": "remove", "path": f'members[value eq "{self.ids[person.key]}"]', "value": None}
            for person in removed
        ]
        for change in changes:
            body = {"schemas": [PATCH], "Operations": [change]}
            self.send("PATCH", self.group(team), body)


class JsonText(Libre):
    """Extensions that send JSON inside a string, and numbers as strings in a search."""

    def find(self, person):
        body = {
            "schemas": [SEARCH],
            "filter": f'userName EQ "{person.user_name}"',
            "startIndex": "1",
            "count": "50",
            "sortBy": "userName",
            "sortOrder": "ascending",
        }
        found = self.send("POST", "/Users/.search", body)["Resources"]
        return found[0]["id"] if found else None

    def update(self, person):
        change = {"op": "replace", "value": json.dumps(self.body(person))}
        body = {"schemas": [PATCH], "Operations": [change]}
        self.send("PATCH", self.user(person), body)


CONNECTORS = [Libre, LibrePatch, Outbound, LittleAuth, Suvera, JsonText]


@pytest.mark.parametrize("connector", CONNECTORS)
def test_life_cycle(lives, connector):
    lives(connector)

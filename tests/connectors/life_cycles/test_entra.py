"""Microsoft Entra ID, in both of its dialects."""

from urllib.parse import quote_plus

import pytest

from tests.client import ENTERPRISE, GROUP, PATCH, USER

from .life_cycle import Connector

ADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
NOBODY = "bdd7f0a5-d5ec-4a0e-8b6f-f1b3e4d8a7c2"


class Entra(Connector):
    """The default dialect: capital letters, booleans as text, members removed by a list."""

    profile = "entra"
    query = ""

    def begin(self):
        found = self.send("GET", f"/Users?filter=userName+eq+%22{NOBODY}%22")
        assert found["totalResults"] == 0 and found["Resources"] == []

    def match(self, path, text):
        (*_, found) = [None, *self.send("GET", f"{path}filter={quote_plus(text)}")["Resources"]]
        return found and found["id"]

    def find(self, person):
        return self.match("/Users?", f'userName eq "{person.user_name}"')

    def patch(self, path, *operations):
        body = {"schemas": [PATCH], "Operations": list(operations)}
        self.send("PATCH", path + self.query, body)

    def create(self, person):
        body = {
            "schemas": [USER, ENTERPRISE],
            "externalId": person.key,
            "userName": person.user_name,
            "active": True,
            "emails": [{"primary": True, "type": "work", "value": person.email}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": person.full_name, "familyName": person.family_name,
                     "givenName": person.given_name},
            "roles": [],
        }  # fmt: skip
        self.created(person, self.send("POST", "/Users", body))

    def update(self, person):
        self.patch(
            self.user(person),
            {"op": "Replace", "path": "displayName", "value": person.full_name},
            {"op": "Replace", "path": 'emails[type eq "work"].value', "value": person.email},
            {"op": "Replace", "path": "name.givenName", "value": person.given_name},
            {"op": "Replace", "path": "name.familyName", "value": person.family_name},
            {"op": "Replace", "path": f"{ENTERPRISE}:employeeNumber", "value": "7"},
        )

    def rename(self, person):
        value = person.user_name
        self.patch(self.user(person), {"op": "Replace", "path": "userName", "value": value})

    def set_active(self, person):
        value = "True" if person.active else "False"
        self.patch(self.user(person), {"op": "Replace", "path": "active", "value": value})

    def delete(self, person):
        person.active = False
        self.set_active(person)
        super().delete(person)

    def find_group(self, team):
        return self.match("/Groups?excludedAttributes=members&", f'displayName eq "{team.name}"')

    def create_group(self, team):
        body = {"schemas": [GROUP, ADSCIM], "externalId": team.key, "displayName": team.name,
                "meta": {"resourceType": "Group"}}  # fmt: skip
        self.created(team, self.send("POST", "/Groups", body))

    def rename_group(self, team):
        change = {"op": "Replace", "path": "displayName", "value": team.name}
        self.patch(self.group(team), change)
        assert self.response.status_code == 204

    def change_members(self, team, added, removed):
        for op, people in (("Add", added), ("Remove", removed)):
            for person in people:
                value = [{"$ref": None, "value": self.ids[person.key]}]
                self.patch(self.group(team), {"op": op, "path": "members", "value": value})
                assert self.response.status_code == 204
                text = f'id eq "{self.ids[team.key]}" and members eq "{self.ids[person.key]}"'
                assert bool(self.match("/Groups?", text)) is (op == "Add")


class EntraCorrected(Entra):
    """The dialect of a tenant URL with ``aadOptscim062020``."""

    query = "?aadOptscim062020"

    def update(self, person):
        value = {
            "displayName": person.full_name,
            "name.givenName": person.given_name,
            "name.familyName": person.family_name,
            f"{ENTERPRISE}:employeeNumber": "7",
        }
        email = {"op": "replace", "path": 'emails[type eq "work"].value', "value": person.email}
        self.patch(self.user(person), email, {"op": "replace", "value": value})

    def rename(self, person):
        value = {"userName": person.user_name}
        self.patch(self.user(person), {"op": "replace", "value": value})

    def set_active(self, person):
        change = {"op": "replace", "path": "active", "value": person.active}
        self.patch(self.user(person), change)

    def change_members(self, team, added, removed):
        for person in added:
            value = [{"$ref": None, "value": self.ids[person.key]}]
            self.patch(self.group(team), {"op": "add", "path": "members", "value": value})
        for person in removed:
            path = f'members[value eq "{self.ids[person.key]}"]'
            self.patch(self.group(team), {"op": "remove", "path": path})


@pytest.mark.parametrize("connector", [Entra, EntraCorrected])
def test_life_cycle(lives, connector):
    lives(connector)

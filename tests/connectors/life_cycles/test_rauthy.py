"""rauthy: the address is the name; memberships are compared with the groups of a PUT's answer."""

import json
from urllib.parse import quote

from tests.client import GROUP, PATCH, USER

from .life_cycle import Connector

SCIM = {"Accept": "application/scim+json"}


class Rauthy(Connector):
    named_by_address = True

    def match(self, endpoint, text):
        found = self.send("GET", f"{endpoint}?filter={quote(text)}")["Resources"]
        return found[0]["id"] if found else None

    def find(self, person):
        found = self.match("/Users", f'externalId eq "{person.key}"')
        return found or self.match("/Users", f'userName eq "{person.user_name}"')

    def body(self, person):
        return {
            "schemas": [USER],
            "externalId": person.key,
            "userName": person.user_name,
            "name": {"familyName": person.family_name, "givenName": person.given_name},
            "displayName": person.user_name,
            "preferredLanguage": "en",
            "locale": "en",
            "active": person.active,
            "emails": [{"value": person.email, "primary": True}],
            "roles": [{"value": "guide"}],
        }

    def read(self, user):
        """Read a user as its structs do: each value of a list has a ``value``."""
        for name in ("emails", "phoneNumbers", "photos", "roles", "groups"):
            assert all(each["value"] for each in user.get(name, []))
        return user

    def create(self, person):
        assert self.find(person) is None
        answer = self.send("POST", "/Users", self.body(person), **SCIM)
        self.created(person, self.read(answer))

    def update(self, person):
        body = self.body(person) | {"id": self.find(person)}
        return self.read(self.send("PUT", self.user(person), body, **SCIM))

    def delete(self, person):
        self.send("DELETE", f"/Users/{self.find(person)}")

    def find_group(self, team):
        found = self.match("/Groups", f'externalId eq "{team.key}"')
        return found or self.match("/Groups", f'displayName eq "{team.name}"')

    def create_group(self, team):
        body = {"schemas": [GROUP], "externalId": team.key, "displayName": team.name}
        answer = self.send("POST", "/Groups", body, **SCIM)
        assert answer["externalId"] == team.key  # "has not respected our group id"
        self.created(team, answer)

    def patch(self, path, *operations):
        body = json.dumps({"schemas": [PATCH], "Operations": list(operations)})
        self.send("PATCH", path, body.encode(), **SCIM)

    def rename_group(self, team):
        value = {"displayName": team.name, "externalId": team.key}
        self.patch(self.group(team), {"op": "replace", "value": value})

    def change_members(self, team, added, removed):
        for person in added + removed:
            groups = {
                each["display"]: each["value"] for each in self.update(person).get("groups", ())
            }
            assert (team.name in groups) is (person in removed)
            value = {"value": self.ids[person.key]}
            if person in added:
                value["display"] = person.user_name
                change = {"op": "add", "path": "members", "value": [value]}
                self.patch(self.group(team), change)
            else:
                change = {"op": "remove", "path": "members", "value": [value]}
                self.patch(f"/Groups/{groups[team.name]}", change)

    def synchronize(self, people, teams):
        listed = self.send("GET", "/Groups?startIndex=1&count=100", **SCIM)["Resources"]
        assert {each["externalId"] for each in listed} == {team.key for team in teams}
        for team in teams:
            self.rename_group(team)
        for person in people:
            groups = {each["display"] for each in self.update(person).get("groups", ())}
            assert groups == {team.name for team in teams if person in team.members}


def test_life_cycle(lives):
    lives(Rauthy)

"""SCIM-SDK: each value of a PATCH in a list, objects as JSON text, searches without a body."""

import json

from tests.client import GROUP, PATCH, SEARCH, USER

from .life_cycle import Connector


class ScimSdk(Connector):
    def begin(self):
        for path in ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas"):
            self.send("GET", path)

    def match(self, endpoint, text):
        body = {"schemas": [SEARCH], "startIndex": 1, "count": 50, "filter": text}
        found = self.send("POST", f"{endpoint}/.search", body)["Resources"]
        return found[0]["id"] if found else None

    def find(self, person):
        return self.match("/Users", f'externalId eq "{person.key}"')

    def patch(self, path, *operations):
        self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})
        assert self.response.headers["Content-Type"] == "application/scim+json"

    def replace(self, path, value):
        return {"path": path, "op": "replace", "value": [value]}

    def create(self, person):
        body = {
            "schemas": [USER],
            "externalId": person.key,
            "userName": person.user_name,
            "name": {"familyName": person.family_name, "givenName": person.given_name},
            "active": True,
            "emails": [{"type": "work", "primary": True, "value": person.email}],
        }
        self.created(person, self.send("POST", "/Users", body))

    def update(self, person):
        email = {"type": "work", "primary": True, "value": person.email}
        self.patch(
            self.user(person),
            self.replace("name.givenName", person.given_name),
            self.replace("name.familyName", person.family_name),
            self.replace("emails", json.dumps(email)),
        )

    def rename(self, person):
        self.patch(self.user(person), self.replace("userName", person.user_name))

    def set_active(self, person):
        self.patch(self.user(person), self.replace("active", person.active))

    def find_group(self, team):
        return self.match("/Groups", f'displayName eq "{team.name}"')

    def create_group(self, team):
        body = {"schemas": [GROUP], "displayName": team.name}
        self.created(team, self.send("POST", "/Groups", body))

    def rename_group(self, team):
        self.patch(self.group(team), self.replace("displayName", team.name))

    def change_members(self, team, added, removed):
        if added:
            members = [{"value": self.ids[person.key], "type": "User"} for person in added]
            value = [json.dumps(member) for member in members]
            self.patch(self.group(team), {"path": "members", "op": "add", "value": value})
        for person in removed:
            path = f'members[value eq "{self.ids[person.key]}"]'
            self.patch(self.group(team), {"path": path, "op": "remove"})

    def synchronize(self, people, teams):
        listed = self.send("POST", "/Users/.search", Content_Length="0")
        assert listed["totalResults"] == len(people)
        super().synchronize(people, teams)


def test_life_cycle(lives):
    lives(ScimSdk)

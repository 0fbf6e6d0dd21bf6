"""Okta: apps of its catalogue, and apps made with the wizard, which send PUT for everything."""

from urllib.parse import quote

import pytest

from tests.client import GROUP, PATCH, USER

from .life_cycle import Connector


class Okta(Connector):
    profile = "okta"
    headers = {"User-Agent": "Okta SCIM Client 1.0.0"}
    deletes = False

    def begin(self):
        for path in ("/Users?startIndex=1&count=2", "/Groups?startIndex=1&count=100"):
            page = self.send("GET", path)
            assert all(type(page[name]) is int for name in ("totalResults", "startIndex"))

    def match(self, path, text):
        page = self.send("GET", f"{path}?filter={quote(text)}&startIndex=1&count=100")
        return page["Resources"][0]["id"] if page["totalResults"] else None

    def find(self, person):
        return self.match("/Users", f'userName eq "{person.user_name}"')

    def patch(self, path, *operations):
        self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    def create(self, person):
        body = {
            "schemas": [USER],
            "userName": person.user_name,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "emails": [{"primary": True, "value": person.email, "type": "work"}],
            "displayName": person.full_name,
            "locale": "en-US",
            "externalId": person.key,
            "groups": [],
            "password": "1mz050nq",
            "active": True,
        }
        self.created(person, self.send("POST", "/Users", body))

    def update(self, person):
        """Send back what the server answers, changed."""
        body = self.send("GET", self.user(person))
        body["userName"], body["active"] = person.user_name, person.active
        body["name"] |= {"givenName": person.given_name, "familyName": person.family_name}
        body["emails"][0] |= {"value": person.email, "display": person.email}
        self.send("PUT", self.user(person), body)

    def set_active(self, person):
        self.patch(self.user(person), {"op": "replace", "value": {"active": person.active}})

    def come_back(self, person):
        assert self.find(person) == self.ids[person.key]
        self.set_active(person)
        self.update(person)

    def find_group(self, team):
        return self.match("/Groups", f'displayName eq "{team.name}"')

    def create_group(self, team):
        body = {"schemas": [GROUP], "displayName": team.name, "members": []}
        self.created(team, self.send("POST", "/Groups", body))

    def rename_group(self, team):
        value = {"id": self.ids[team.key], "displayName": team.name}
        self.patch(self.group(team), {"op": "replace", "value": value})

    def change_members(self, team, added, removed):
        self.rename_group(team)  # before every change
        operations = [
            {"op": "remove", "path": f'members[value eq "{self.ids[person.key]}"]'}
            for person in removed
        ]
        if added:
            value = [{"value": self.ids[each.key], "display": each.user_name} for each in added]
            operations.append({"op": "add", "path": "members", "value": value})
        self.patch(self.group(team), *operations)

    def synchronize(self, people, teams):
        for person in people:
            assert self.find(person) == self.ids[person.key]
            self.update(person)
        for team in teams:
            people = [{"value": self.ids[p.key], "display": p.user_name} for p in team.members]
            value = {"members": people, "id": self.ids[team.key], "displayName": team.name}
            self.patch(self.group(team), {"op": "replace", "value": value})


class OktaWizard(Okta):
    def set_active(self, person):
        self.update(person)

    def put_group(self, team):
        body = self.send("GET", self.group(team))
        body["displayName"] = team.name
        body["members"] = [
            {"value": self.ids[person.key], "display": person.user_name} for person in team.members
        ]
        self.send("PUT", self.group(team), body)

    def rename_group(self, team):
        self.put_group(team)

    def change_members(self, team, added, removed):
        self.put_group(team)

    def synchronize(self, people, teams):
        for person in people:
            self.update(person)
        for team in teams:
            self.put_group(team)


@pytest.mark.parametrize("connector", [Okta, OktaWizard])
def test_life_cycle(lives, connector):
    lives(connector)

"""PingOne and PingFederate: PUT for users, PATCH for memberships, which it merges or overwrites."""

from urllib.parse import quote

import pytest

from tests.client import ENTERPRISE, GROUP, PATCH, USER

from .life_cycle import Connector


class PingOverwrites(Connector):
    profile = "ping"
    filter = 'userName eq "{0.user_name}"'

    def find(self, person):
        text = quote(self.filter.format(person))
        found = self.send("GET", f"/Users?filter={text}")["Resources"]
        return found[0]["id"] if found else None

    def body(self, person):
        return {
            "schemas": [USER, ENTERPRISE],
            "userName": person.user_name,
            "externalId": person.key,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "emails": [{"value": person.email, "type": "work"}],
            "phoneNumbers": [{"value": "+1 202 456 1111", "type": "mobile"}],
            "active": person.active,
            ENTERPRISE: {"department": "Engines"},
        }

    def create(self, person):
        self.created(person, self.send("POST", "/Users", self.body(person)))

    def update(self, person):
        body = self.body(person) | {"id": self.ids[person.key]}
        self.send("PUT", self.user(person), body)

    def find_group(self, team):
        for group in self.send("GET", "/Groups")["Resources"]:
            if group["displayName"] == team.name:
                return group["id"]

    def create_group(self, team):
        body = {"schemas": [GROUP], "displayName": team.name}
        self.created(team, self.send("POST", "/Groups", body))

    def patch(self, team, *operations):
        body = {"schemas": [PATCH], "Operations": list(operations)}
        assert self.send("PATCH", self.group(team), body)["id"] == self.ids[team.key]

    def rename_group(self, team):
        self.patch(team, {"op": "replace", "path": "displayName", "value": team.name})

    def change_members(self, team, added, removed):
        value = [{"value": member} for member in self.member_ids(team)]
        self.patch(team, {"op": "replace", "path": "members", "value": value})


class PingMerges(PingOverwrites):
    filter = 'emails[type eq "work"].value eq "{0.email}"'

    def change_members(self, team, added, removed):
        if added:
            value = [{"value": self.ids[person.key]} for person in added]
            self.patch(team, {"op": "add", "path": "members", "value": value})
        for person in removed:
            path = f'members[value eq "{self.ids[person.key]}"]'
            self.patch(team, {"op": "remove", "path": path})


class PingFindsByAddress(PingOverwrites):
    filter = 'emails eq "{0.email}"'


@pytest.mark.parametrize("connector", [PingOverwrites, PingMerges, PingFindsByAddress])
def test_life_cycle(lives, connector):
    lives(connector)

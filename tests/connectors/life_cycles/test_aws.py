"""The programs that synchronize Google's directory: ssosync and idp-scim-sync."""

from urllib.parse import quote_plus

import pytest

from tests.client import GROUP, PATCH, USER

from .life_cycle import Connector


class SsoSync(Connector):
    """ssosync: people are named by their address; without an externalId."""

    renames = renames_groups = recognises = False
    named_by_address = True

    def match(self, endpoint, text):
        answer = self.send("GET", f"{endpoint}?filter={quote_plus(text)}")
        return answer["Resources"][0]["id"] if answer["totalResults"] == 1 else None

    def find(self, person):
        return self.match("/Users", f'userName eq "{person.user_name}"')

    def body(self, person):
        return {
            "schemas": [USER],
            "userName": person.user_name,
            "name": {"familyName": person.family_name, "givenName": person.given_name},
            "displayName": person.full_name,
            "active": person.active,
            "emails": [{"value": person.email, "type": "work", "primary": True}],
            "addresses": [{"type": "work"}],
        }

    def create(self, person):
        self.created(person, self.send("POST", "/Users", self.body(person)))

    def update(self, person):
        self.send("PUT", self.user(person), {"id": self.ids[person.key]} | self.body(person))

    def find_group(self, team):
        return self.match("/Groups", f'displayName eq "{team.name}"')

    def create_group(self, team):
        body = {"schemas": [GROUP], "displayName": team.name, "members": []}
        self.created(team, self.send("POST", "/Groups", body))

    def is_member(self, team, person):
        text = f'id eq "{self.ids[team.key]}" and members eq "{self.ids[person.key]}"'
        return self.match("/Groups", text) is not None

    def change_members(self, team, added, removed):
        for op, people in (("add", added), ("remove", removed)):
            for person in people:
                value = [{"value": self.ids[person.key]}]
                change = {"op": op, "path": "members", "value": value}
                body = {"schemas": [PATCH], "Operations": [change]}
                self.send("PATCH", self.group(team), body)
                assert self.is_member(team, person) is (op == "add")


class IdpScimSync(Connector):
    """idp-scim-sync: sends no schemas and no false ``active``, so it cannot deactivate."""

    headers = {"Accept": "application/json", "User-Agent": "idp-scim-sync/0.0.1"}
    deactivates = renames_groups = False

    def find(self, person):
        text = quote_plus(f'userName eq "{person.user_name}"')
        found = self.send("GET", f"/Users?filter={text}")["Resources"]
        return found[0]["id"] if found else None

    def body(self, person):
        return {
            "externalId": person.key,
            "userName": person.user_name,
            "displayName": person.full_name,
            "name": {"familyName": person.family_name, "givenName": person.given_name},
            "emails": [{"value": person.email, "type": "work", "primary": True}],
            "active": True,
        }

    def create(self, person):
        self.created(person, self.send("POST", "/Users", self.body(person)))

    def update(self, person):
        self.send("PUT", self.user(person), {"id": self.ids[person.key]} | self.body(person))

    def create_group(self, team):
        body = {"id": "", "meta": {}, "displayName": team.name, "externalId": team.key}
        self.created(team, self.send("POST", "/Groups", body))

    def patch(self, team, op, path, value):
        change = {"op": op, "path": path, "value": value}
        self.send("PATCH", self.group(team), {"schemas": [PATCH], "Operations": [change]})

    def change_members(self, team, added, removed):
        for op, people in (("add", added), ("remove", removed)):
            if people:
                value = [{"value": self.ids[person.key]} for person in people]
                self.patch(team, op, "members", value)

    def synchronize(self, people, teams):
        """Create everything again, and read and update what exists already."""
        for person in people:
            self.send("POST", "/Users", self.body(person), expected=(409,))
            assert self.find(person) == self.ids[person.key]
            self.update(person)
        for team in teams:
            value = {"id": self.ids[team.key], "externalId": team.key}
            self.patch(team, "replace", "", value)
            for person in people:
                one, other = self.ids[team.key], self.ids[person.key]
                text = quote_plus(f'id eq "{one}" and members eq "{other}"')
                answer = self.send("GET", f"/Groups?filter={text}")
                assert answer["totalResults"] == (person in team.members)
            self.change_members(team, team.members, [])


@pytest.mark.parametrize("connector", [SsoSync, IdpScimSync])
def test_life_cycle(lives, connector):
    lives(connector)

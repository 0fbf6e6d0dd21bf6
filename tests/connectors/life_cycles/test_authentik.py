"""authentik: PUT for users, PATCH for groups, adoption of what exists after a 409."""

from urllib.parse import quote

from tests.client import GROUP, PATCH, USER

from .life_cycle import Connector


class Authentik(Connector):
    def begin(self):
        config = self.send("GET", "/ServiceProviderConfig")
        self.size = config["bulk"]["maxOperations"]
        assert config["filter"]["maxResults"] and config["patch"]["supported"]

    def body(self, person):
        return {
            "schemas": [USER],
            "externalId": person.key,
            "userName": person.user_name,
            "name": {"formatted": person.full_name, "givenName": person.given_name,
                     "familyName": person.family_name},
            "displayName": person.full_name,
            "active": person.active,
            "emails": [{"value": person.email, "type": "other", "primary": True}],
            "photos": [{"value": "https://auth.example.com/b.png", "type": "photo",
                        "primary": True}],
        }  # fmt: skip

    def create(self, person):
        self.created(person, self.send("POST", "/Users", self.body(person)))

    def update(self, person):
        self.send("PUT", self.user(person), self.body(person) | {"id": self.ids[person.key]})

    def group_body(self, team):
        return {"schemas": [GROUP], "externalId": team.key, "displayName": team.name}

    def create_group(self, team):
        self.created(team, self.send("POST", "/Groups", self.group_body(team)))

    def patch(self, team, *operations):
        step = self.size or len(operations)
        for start in range(0, len(operations), step):
            body = {"schemas": [PATCH], "Operations": operations[start : start + step]}
            self.send("PATCH", self.group(team), body)

    def rename_group(self, team):
        value = self.group_body(team) | {"id": self.ids[team.key]}
        self.patch(team, {"op": "replace", "value": value})

    def change_members(self, team, added, removed):
        """Compare the members that the server has with those that it should have."""
        there = {each["value"] for each in self.send("GET", self.group(team))["members"]}
        wanted = set(self.member_ids(team))
        operations = [
            {"op": op, "path": "members", "value": [{"value": member}]}
            for op, members in (("add", wanted - there), ("remove", there - wanted))
            for member in members
        ]
        self.patch(team, *operations)

    def synchronize(self, people, teams):
        for person in people:
            self.update(person)
        listed = self.send("GET", "/Groups?startIndex=1")
        assert listed["totalResults"] == len(teams)
        for team in teams:
            self.send("POST", "/Groups", self.group_body(team), expected=(409,))
            text = quote(f'displayName eq "{team.name}"')
            (found,) = self.send("GET", f"/Groups?filter={text}")["Resources"]
            assert found["id"] == self.ids[team.key]
            self.rename_group(team)
            self.change_members(team, [], [])


def test_life_cycle(lives):
    lives(Authentik)

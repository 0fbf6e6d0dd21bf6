"""JumpCloud: a test of the connection that creates and deletes, no externalId, lists of members."""

from urllib.parse import quote

from tests.client import GROUP, PATCH, USER

from .life_cycle import Connector, Person, Team


class JumpCloud(Connector):
    recognises = False

    def begin(self):
        person = Person("test", "test.user@example.com", "Test", "User", "test.user@example.com")
        team = Team("test", "JumpCloud Test Group")
        for _ in range(2):
            assert self.find(person) is None
            self.create(person)
            self.update(person)
            user = self.user(person)
            self.create_group(team)
            self.ids["member"] = user.rpartition("/")[2]
            self.patch(team, "add", [self.ids["member"]])
            self.delete_group(team)
            self.send("DELETE", user)

    def match(self, path, text):
        found = self.send("GET", f"{path}?filter={quote(text)}")["Resources"]
        return found[0]["id"] if found else None

    def find(self, person):
        return self.match("/Users", f'userName eq "{person.user_name}"')

    def body(self, person):
        return {
            "schemas": [USER],
            "userName": person.user_name,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "displayName": person.full_name,
            "emails": [{"value": person.email, "type": "work", "primary": True}],
            "active": person.active,
        }

    def create(self, person):
        self.ids[person.key] = self.send("POST", "/Users", self.body(person))["id"]

    def update(self, person):
        self.send("PUT", f"/Users/{self.ids[person.key]}", self.body(person))

    def find_group(self, team):
        return self.match("/Groups", f'displayName eq "{team.name}"')

    def create_group(self, team):
        body = {"schemas": [GROUP], "displayName": team.name, "members": []}
        self.created(team, self.send("POST", "/Groups", body))

    def patch(self, team, op, members):
        value = [{"value": member} for member in members]
        change = {"op": op, "path": "members", "value": value}
        self.send("PATCH", self.group(team), {"schemas": [PATCH], "Operations": [change]})

    def rename_group(self, team):
        members = [{"value": member} for member in self.member_ids(team)]
        body = {"schemas": [GROUP], "displayName": team.name, "members": members}
        self.send("PUT", self.group(team), body)

    def change_members(self, team, added, removed):
        for op, people in (("add", added), ("remove", removed)):
            if people:
                self.patch(team, op, [self.ids[person.key] for person in people])


def test_life_cycle(lives):
    lives(JumpCloud)

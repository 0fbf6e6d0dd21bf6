"""databricks-sdk-go: no schemas, empty parameters, ``active`` left out when it is false."""

from urllib.parse import quote_plus

from .life_cycle import Connector


class Databricks(Connector):
    headers = {"User-Agent": "databricks-sdk-go/0.50.0 go/1.23 os/linux"}
    body_headers = {"Content-Type": "application/json"}

    def match(self, endpoint, text, names):
        names = "&".join(f"attributes={name}" for name in names)
        query = f"filter={quote_plus(text)}&{names}&sortBy=&sortOrder=&startIndex=1"
        found = self.send("GET", f"{endpoint}?{query}")["Resources"]
        return found[0]["id"] if found else None

    def find(self, person):
        return self.match("/Users", f'userName eq "{person.user_name}"', ("id", "userName"))

    def body(self, person):
        body = {
            "displayName": person.full_name,
            "emails": [{"primary": True, "type": "work", "value": person.email}],
            "externalId": person.key,
            "name": {"familyName": person.family_name, "givenName": person.given_name},
            "userName": person.user_name,
        }
        return body | ({"active": True} if person.active else {})

    def patch(self, path, *operations):
        self.send("PATCH", path, {"Operations": list(operations)})

    def create(self, person):
        self.created(person, self.send("POST", "/Users", self.body(person)))

    def update(self, person):
        self.send("PUT", self.user(person), {"id": self.ids[person.key]} | self.body(person))

    def set_active(self, person):
        """PUT would leave a false out, so that only PATCH deactivates."""
        self.patch(self.user(person), {"op": "replace", "path": "active", "value": person.active})

    def find_group(self, team):
        return self.match("/Groups", f'displayName eq "{team.name}"', ("id", "displayName"))

    def create_group(self, team):
        self.created(team, self.send("POST", "/Groups", {"displayName": team.name}))

    def rename_group(self, team):
        change = {"op": "replace", "path": "displayName", "value": team.name}
        self.patch(self.group(team), change)

    def change_members(self, team, added, removed):
        for person in added:
            value = [{"value": self.ids[person.key]}]
            self.patch(self.group(team), {"op": "add", "path": "members", "value": value})
        for person in removed:
            path = f'members[value eq "{self.ids[person.key]}"]'
            self.patch(self.group(team), {"op": "remove", "path": path})


def test_life_cycle(lives):
    lives(Databricks)

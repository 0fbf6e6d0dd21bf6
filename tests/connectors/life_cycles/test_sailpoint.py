"""SailPoint: discovery, aggregation page by page, PATCH without a path."""

from tests.client import ENTERPRISE, GROUP, PATCH, USER

from .life_cycle import Connector


class SailPoint(Connector):
    def begin(self):
        for path in ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas"):
            self.send("GET", path)

    def aggregate(self, endpoint):
        found, start = [], 1
        while True:
            page = self.send("GET", f"{endpoint}?startIndex={start}&count=1")
            found += page["Resources"]
            start += 1
            if len(found) >= page["totalResults"]:
                return found

    def find(self, person):
        names = {each["userName"]: each["id"] for each in self.aggregate("/Users")}
        return names.get(person.user_name)

    def patch(self, path, *operations):
        self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    def create(self, person):
        body = {
            "schemas": [USER, ENTERPRISE],
            "externalId": person.key,
            "userName": person.user_name,
            "name": {"familyName": person.family_name, "givenName": person.given_name},
            "emails": [{"value": person.email, "type": "work", "primary": True}],
            ENTERPRISE: {"department": "Tours"},
        }
        self.created(person, self.send("POST", "/Users", body))

    def update(self, person):
        value = {
            "userName": person.user_name,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            ENTERPRISE: {"department": "Sales"},
        }
        self.patch(self.user(person), {"op": "add", "value": value})
        email = {"value": person.email, "type": "work", "primary": True}
        self.patch(self.user(person), {"op": "replace", "path": "emails", "value": [email]})

    def set_active(self, person):
        self.patch(self.user(person), {"op": "add", "value": {"active": person.active}})

    def find_group(self, team):
        names = {each["displayName"]: each["id"] for each in self.aggregate("/Groups")}
        return names.get(team.name)

    def create_group(self, team):
        body = {"schemas": [GROUP], "displayName": team.name}
        self.created(team, self.send("POST", "/Groups", body))

    def rename_group(self, team):
        self.patch(self.group(team), {"op": "replace", "value": {"displayName": team.name}})

    def change_members(self, team, added, removed):
        for person in added:
            value = {"members": [{"value": self.ids[person.key]}]}
            self.patch(self.group(team), {"op": "add", "value": value})
        for person in removed:
            path = f'members[value eq "{self.ids[person.key]}"]'
            self.patch(self.group(team), {"op": "remove", "path": path})


def test_life_cycle(lives):
    lives(SailPoint)

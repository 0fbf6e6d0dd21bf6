"""Apache Syncope, through the ConnId bundle for SCIM 2.0."""

from urllib.parse import quote_plus

from tests.client import ENTERPRISE, GROUP, PATCH, USER

from .life_cycle import Connector

NAMES = "userName,name.givenName,name.familyName,userName,active,__NAME__,emails.work.value"


class Syncope(Connector):
    def find(self, person):
        text = quote_plus(f'username eq "{person.user_name}"')
        found = self.send("GET", f"/Users?filter={text}&attributes={NAMES}")["Resources"]
        return found[0]["id"] if found else None

    def patch(self, path, *operations):
        body = {"schemas": [PATCH]}
        if operations:
            body["Operations"] = list(operations)
        self.send("PATCH", path, body)

    def create(self, person):
        body = {
            "schemas": [USER],
            "externalId": person.key,
            "meta": {"resourceType": "User"},
            "userName": person.user_name,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "emails": [{"value": person.email, "type": "work"}],
            "active": True,
        }
        self.created(person, self.send("POST", "/Users", body))

    def update(self, person):
        old = "other@example.org"
        self.patch(
            self.user(person),
            {"op": "replace", "path": "name.givenName", "value": person.given_name},
            {"op": "replace", "path": "name.familyName", "value": person.family_name},
            {"op": "replace", "path": "emails", "value": [{"value": person.email, "type": "work"}]},
        )
        self.patch(
            self.user(person),
            {"op": "add", "path": "emails", "value": [{"value": old, "type": "home"}]},
        )
        path = f'emails[value eq "{old}"]'
        self.patch(
            self.user(person),
            {"op": "remove", "path": path, "value": [{"value": old, "type": "home"}]},
        )

    def rename(self, person):
        change = {"op": "replace", "path": "userName", "value": person.user_name}
        self.patch(self.user(person), change)
        manager = {"value": self.ids["5c8f-bob"]}
        change = {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": manager}
        self.patch(self.user(person), change)

    def set_active(self, person):
        value = "true" if person.active else "false"
        self.patch(self.user(person), {"op": "replace", "path": "__ENABLE__", "value": value})

    def find_group(self, team):
        text = quote_plus(f'displayName eq "{team.name}"')
        found = self.send("GET", f"/Groups?filter={text}")["Resources"]
        return found[0]["id"] if found else None

    def create_group(self, team):
        body = {"schemas": [GROUP], "meta": {"resourceType": "Group"}, "displayName": team.name}
        self.created(team, self.send("POST", "/Groups", body))

    def rename_group(self, team):
        change = {"op": "replace", "path": "displayName", "value": team.name}
        self.patch(self.group(team), change)

    def change_members(self, team, added, removed):
        for person in added + removed:
            self.patch(self.user(person))  # without operations: only groups changed
        for person in added:
            value = [{"value": self.ids[person.key]}]
            self.patch(self.group(team), {"op": "add", "path": "members", "value": value})
        if len(removed) == 2:  # the connector then names the first one twice
            one = self.ids[removed[0].key]
            path = f'members[value eq "{one}" or value eq "{one}"]'
            self.patch(self.group(team), {"op": "remove", "path": path})
        for person in removed:
            path = f'members[value eq "{self.ids[person.key]}"]'
            self.patch(self.group(team), {"op": "remove", "path": path})


def test_life_cycle(lives):
    lives(Syncope)

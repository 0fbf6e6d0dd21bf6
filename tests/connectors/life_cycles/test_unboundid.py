"""The UnboundID SDK: bodies in chunks, whole extensions, PATCH inside Bulk without schemas."""

from urllib.parse import quote

from tests.client import ENTERPRISE, GROUP, PATCH, SEARCH, USER

from .life_cycle import Connector

BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


class UnboundID(Connector):
    profile = "ping"
    chunked = True
    headers = {"Accept": "application/scim+json, application/json"}

    def begin(self):
        config = self.send("GET", "/ServiceProviderConfig")
        assert "pagination" not in config  # the SDK refuses a document with unknown members
        for schema in self.send("GET", "/Schemas")["Resources"]:
            for attribute in schema["attributes"]:
                for each in (attribute, *attribute.get("subAttributes", [])):
                    assert "caseExact" in each
        self.send("GET", "/ResourceTypes")

    def find(self, person):
        body = {"schemas": [SEARCH], "filter": f'userName eq "{person.user_name}"'}
        found = self.send("POST", "/Users/.search", body)["Resources"]
        return found[0]["id"] if found else None

    def body(self, person):
        return {
            "schemas": [USER, ENTERPRISE],
            "externalId": person.key,
            "userName": person.user_name,
            "name": {"familyName": person.family_name, "givenName": person.given_name},
            "active": person.active,
            "emails": [{"value": person.email, "type": "work", "primary": True}],
            ENTERPRISE: {"department": "Engines"},
        }

    def patch(self, path, *operations):
        return self.send("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})

    def create(self, person):
        self.created(person, self.send("POST", "/Users", self.body(person)))

    def update(self, person):
        user = self.send("GET", self.user(person))
        body = self.body(person) | {"id": user["id"], "meta": user["meta"]}
        self.send("PUT", self.user(person), body, If_Match=user["meta"]["version"])

    def rename(self, person):
        rename = {"op": "replace", "path": "userName", "value": person.user_name}
        change = {"op": "replace", "path": f"{ENTERPRISE}:", "value": {"division": "North"}}
        self.patch(self.user(person), rename, change)
        assert self.send("GET", f"/Users?filter={quote(f'{ENTERPRISE}: pr')}")["Resources"]
        self.patch(self.user(person), {"op": "remove", "path": f"{ENTERPRISE}:"})

    def set_active(self, person):
        self.patch(self.user(person), {"op": "replace", "path": "active", "value": person.active})

    def find_group(self, team):
        text = quote(f'displayName eq "{team.name}"')
        found = self.send("GET", f"/Groups?filter={text}")["Resources"]
        return found[0]["id"] if found else None

    def create_group(self, team):
        body = {"schemas": [GROUP], "externalId": team.key, "displayName": team.name}
        self.created(team, self.send("POST", "/Groups", body))

    def patch_group(self, team, *operations):
        group = self.patch(self.group(team), *operations)
        assert group["displayName"] == team.name  # invoke() promises an object

    def rename_group(self, team):
        self.patch_group(team, {"op": "replace", "path": "displayName", "value": team.name})

    def change_members(self, team, added, removed):
        for person in added:
            value = [{"value": self.ids[person.key], "type": "User"}]
            self.patch_group(team, {"op": "add", "path": "members", "value": value})
        for person in removed:
            path = f'members[value eq "{self.ids[person.key]}"]'
            self.patch_group(team, {"op": "remove", "path": path})

    def synchronize(self, people, teams):
        operations = []
        for person in people:
            change = {"op": "replace", "path": "active", "value": person.active}
            data = {"Operations": [change]}
            operations.append({"method": "PATCH", "path": self.user(person), "data": data})
        for team in teams:
            value = [{"value": member} for member in self.member_ids(team)]
            change = {"op": "replace", "path": "members", "value": value}
            data = {"Operations": [change]}
            operations.append({"method": "PATCH", "path": self.group(team), "data": data})
        body = {"schemas": [BULK], "Operations": operations}
        results = self.send("POST", "/Bulk", body)["Operations"]
        assert {result["status"] for result in results} == {"200"}


def test_life_cycle(lives):
    lives(UnboundID)

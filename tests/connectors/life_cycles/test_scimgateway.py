"""scimgateway as a client: no schemas, nulls, PATCH without a path, no externalId."""

from urllib.parse import quote

from .life_cycle import Connector

NAMES = "userName,active,name.givenName,name.familyName,name.formatted,title,emails,phoneNumbers"


class ScimGateway(Connector):
    body_headers = {"Content-Type": "application/json"}
    renames = renames_groups = recognises = False

    def match(self, endpoint, text, names):
        path = f"{endpoint}?filter={quote(text)}&attributes={names}"
        found = self.send("GET", path)["Resources"]
        return found[0]["id"] if found else None

    def find(self, person):
        return self.match("/Users", f'userName eq "{person.user_name}"', NAMES)

    def create(self, person):
        body = {
            "userName": person.user_name,
            "active": True,
            "password": None,
            "name": {"givenName": person.given_name, "familyName": person.family_name,
                     "formatted": None},
            "title": "",
            "emails": [{"value": person.email, "type": "work"}],
            "phoneNumbers": None,
            "entitlements": None,
        }  # fmt: skip
        self.send("POST", "/Users", body)
        self.ids[person.key] = self.find(person)  # it does not read the response

    def modify(self, person, **value):
        body = {"Operations": [{"op": "replace", "value": value}]}
        self.send("PATCH", self.user(person), body)

    def update(self, person):
        self.modify(
            person,
            name={"givenName": person.given_name, "familyName": person.family_name},
            emails=[{"value": person.email, "type": "work"}],
            phoneNumbers=[{"value": "", "type": "work", "operation": "delete"}],
        )

    def set_active(self, person):
        self.modify(person, active=person.active)

    def find_group(self, team):
        return self.match("/Groups", f'displayName eq "{team.name}"', "id,displayName")

    def create_group(self, team):
        self.send("POST", "/Groups", {"displayName": team.name})
        self.ids[team.key] = self.find_group(team)

    def change_members(self, team, added, removed):
        operations = [
            {"op": op, "path": "members", "value": [{"value": self.ids[p.key]} for p in people]}
            for op, people in (("add", added), ("remove", removed))
            if people
        ]
        self.send("PATCH", self.group(team), {"Operations": operations})
        for person in added:  # it reads the groups of a person in this way
            text = quote(f'members.value eq "{self.ids[person.key]}"')
            path = f"/Groups?filter={text}&attributes=id,displayName,members.value"
            found = self.send("GET", path)["Resources"]
            assert self.ids[team.key] in [group["id"] for group in found]


def test_life_cycle(lives):
    lives(ScimGateway)

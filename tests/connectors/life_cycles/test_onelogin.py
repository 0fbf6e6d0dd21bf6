"""OneLogin: a JSON template that the customer's admin edits, with nulls and one e-mail address."""

from urllib.parse import quote

from tests.client import ENTERPRISE, GROUP, PATCH, USER

from .life_cycle import Connector


class OneLogin(Connector):
    headers = {"User-Agent": ""}

    def match(self, path, text):
        found = self.send("GET", f"{path}?filter={quote(text)}")["Resources"]
        return found[0]["id"] if found else None

    def find(self, person):
        return self.match("/Users", f'userName eq "{person.user_name}"')

    def template(self, person):
        return {
            "schemas": [USER, ENTERPRISE],
            "id": None,
            "userName": person.user_name,
            "externalId": person.key,
            "name": {"familyName": person.family_name, "givenName": person.given_name,
                     "formatted": None},
            "title": None,
            "phoneNumbers": None,
            "addresses": [{"locality": None, "region": "", "country": None}],
            "emails": {"value": person.email, "type": "work", "primary": True},
            "active": "true" if person.active else "false",
            ENTERPRISE: {"organization": "", "department": "Engines",
                         "manager": {"value": "", "displayName": " "}},
        }  # fmt: skip

    def create(self, person):
        self.created(person, self.send("POST", "/Users", self.template(person)))

    def update(self, person):
        self.send("PUT", self.user(person), self.template(person))

    def find_group(self, team):
        return self.match("/Groups", f'displayName eq "{team.name}"')

    def create_group(self, team):
        body = {"schemas": [GROUP], "displayName": team.name}
        self.created(team, self.send("POST", "/Groups", body))

    def rename_group(self, team):
        change = {"op": "replace", "path": "displayName", "value": team.name}
        self.send("PATCH", self.group(team), {"schemas": [PATCH], "Operations": [change]})

    def change_members(self, team, added, removed):
        for op, people in (("add", added), ("remove", removed)):
            for person in people:
                path = f'members[value eq "{self.ids[person.key]}"]'
                change = {"op": op, "path": path}
                if op == "add":
                    change["value"] = [{"value": self.ids[person.key]}]
                body = {"schemas": [PATCH], "Operations": [change]}
                self.send("PATCH", self.group(team), body)


class OneLoginMembers(OneLogin):
    """The form of most reports: ``add`` on ``members``."""

    def change_members(self, team, added, removed):
        if added:
            value = [{"value": self.ids[person.key]} for person in added]
            change = {"op": "add", "path": "members", "value": value}
            self.send("PATCH", self.group(team), {"schemas": [PATCH], "Operations": [change]})
        super().change_members(team, [], removed)


def test_life_cycle_with_an_id_in_brackets(lives):
    lives(OneLogin)


def test_life_cycle_with_a_list_of_members(lives):
    lives(OneLoginMembers)

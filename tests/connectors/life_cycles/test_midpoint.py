"""midPoint, through Exclamation's connector: a foreign URN, PUT with parts of a resource."""

from urllib.parse import quote

from django.contrib.auth.models import User

from tests.client import GROUP, PATCH, USER

from .life_cycle import Connector, Person

SLACK = "urn:scim:schemas:extension:slack:profile:1.0"


class MidPoint(Connector):
    def match(self, endpoint, text):
        found = self.send("GET", f"{endpoint}?filter={quote(text)}")["Resources"]
        return found[0]["id"] if found else None

    def find(self, person):
        return self.match("/Users", f'userName eq "{person.user_name}"')

    def body(self, person):
        return {
            "schemas": [USER, SLACK],
            "externalId": person.key,
            "userName": person.user_name,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "emails": [{"value": person.email, "type": "work", "primary": True}],
            "active": person.active,
        }

    def create(self, person):
        self.created(person, self.send("POST", "/Users", self.body(person)))

    def update(self, person):
        self.send("PUT", self.user(person), self.body(person))

    def change_names(self, person):
        """Send a delta of names, which has no ``emails``."""
        body = {name: value for name, value in self.body(person).items() if name != "emails"}
        self.send("PUT", self.user(person), body)

    def find_group(self, team):
        return self.match("/Groups", f'displayName eq "{team.name}"')

    def create_group(self, team):
        body = {"schemas": [GROUP], "displayName": team.name}
        self.created(team, self.send("POST", "/Groups", body))

    def rename_group(self, team):
        body = {"schemas": [GROUP], "displayName": team.name}
        self.send("PUT", self.group(team), body)

    def change_members(self, team, added, removed):
        self.rename_group(team)
        operations = [
            {"op": "add", "path": "members", "value": [{"value": self.ids[person.key]}]}
            for person in added
        ]
        operations += [
            {"op": "remove", "path": f'members[value eq "{self.ids[person.key]}"]'}
            for person in removed
        ]
        if operations:
            body = {"schemas": [PATCH], "Operations": operations}
            self.send("PATCH", self.group(team), body)


def test_life_cycle(lives):
    lives(MidPoint)


def test_delta_of_names_takes_the_address_away(connect):
    """A PUT replaces the resource, so the address is missing until the next PUT with it."""
    client = MidPoint(connect())
    ann = Person("5c8f-ann", "ann@example.com", "Ann", "Lee", "ann@example.com")
    client.create(ann)
    ann.family_name = "Li"
    client.change_names(ann)
    assert User.objects.values_list("last_name", "email").get() == ("Li", "")
    client.update(ann)
    assert User.objects.values_list("last_name", "email").get() == ("Li", "ann@example.com")

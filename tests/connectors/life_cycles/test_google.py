"""Google Workspace: users only; they are suspended, and then deleted."""

from urllib.parse import quote

from tests.client import PATCH, USER

from .life_cycle import Connector


class Google(Connector):
    groups = False

    def begin(self):
        assert self.send("GET", "/Users?count=1")["totalResults"] == 0

    def find(self, person):
        text = quote(f'userName eq "{person.user_name}"')
        found = self.send("GET", f"/Users?filter={text}")["Resources"]
        return found[0]["id"] if found else None

    def body(self, person):
        return {
            "schemas": [USER],
            "userName": person.user_name,
            "externalId": person.key,
            "name": {"givenName": person.given_name, "familyName": person.family_name},
            "emails": [{"value": person.email, "type": "work", "primary": True}],
            "active": person.active,
        }

    def create(self, person):
        self.created(person, self.send("POST", "/Users", self.body(person)))

    def update(self, person):
        self.send("PUT", self.user(person), self.body(person))

    def set_active(self, person):
        change = {"op": "replace", "path": "active", "value": person.active}
        self.send("PATCH", self.user(person), {"schemas": [PATCH], "Operations": [change]})


class GoogleSuspends(Google):
    """An admin of the customer chose to suspend people who leave."""

    deletes = False

    def come_back(self, person):
        self.set_active(person)


def test_life_cycle_with_deletion(lives):
    lives(Google)


def test_life_cycle_with_suspension(lives):
    lives(GoogleSuspends)


def test_person_who_is_suspended_from_the_start(lives):
    """Everybody is created suspended, and restored by PATCH."""

    class Suspended(Google):
        def create(self, person):
            body = self.body(person) | {"active": False}
            self.created(person, self.send("POST", "/Users", body))
            self.set_active(person)

    lives(Suspended)

"""Run the life cycle of accounts and groups with the requests of one client.

A subclass of ``Connector`` has the recorded requests of a client. ``live`` runs the same steps with
each client. After each step it compares all users, groups and memberships in the database.
"""

import io
import json
from dataclasses import dataclass, field
from typing import ClassVar

from django.contrib.auth.models import Group, User
from django.test import RequestFactory
from django.test.client import ClientHandler


@dataclass(eq=False)
class Person:
    key: str  # the client's own id of the person, which never changes
    user_name: str
    given_name: str
    family_name: str
    email: str
    active: bool = True

    @property
    def full_name(self):
        return f"{self.given_name} {self.family_name}"


@dataclass(eq=False)
class Team:
    key: str
    name: str
    members: list = field(default_factory=list)


class Connector:
    """The requests of a client: each method sends those of one change, and adds nothing."""

    profile = "default"
    #: The headers of every request, and of those with a body.
    headers: ClassVar = {}
    body_headers: ClassVar = {"Content-Type": "application/scim+json"}
    #: True if the client sends bodies in chunks, without a Content-Length.
    chunked = False
    #: False for each thing that the client never does.
    groups = deletes = deactivates = renames = renames_groups = True
    #: The attributes of a person that an update changes.
    changes = ("given_name", "family_name", "email")
    #: False if the client sends no externalId; a person who comes back then gets a new account.
    recognises = True
    #: True if the client uses the e-mail address as userName.
    named_by_address = False

    def __init__(self, client):
        self.client = client
        self.ids = {}

    def send(self, method, path, body=None, expected=(200, 201, 204), **headers):
        """Send a request with the client's own headers; return the parsed response."""
        if not isinstance(body, bytes):
            body = b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.client.secret}"} | self.headers
        if body:
            sent |= self.body_headers
        sent |= {name.replace("_", "-"): text for name, text in headers.items()}
        sent = {name: text for name, text in sent.items() if text is not None}
        path = self.client.base + path
        environ = RequestFactory().generic(method, path, body, headers=sent).environ
        if body and self.chunked:
            del environ["CONTENT_LENGTH"]
            environ |= {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True,
                        "wsgi.input": io.BytesIO(body)}  # fmt: skip
        response = ClientHandler()(environ)
        assert response.status_code in expected, (method, path, body, response.content)
        self.response = response
        return json.loads(response.content) if response.content else None

    def created(self, thing, answer):
        """Keep the id of a person or a team from the response to its creation."""
        self.ids[thing.key] = answer["id"]

    def user(self, person):
        return f"/Users/{self.ids[person.key]}"

    def group(self, team):
        return f"/Groups/{self.ids[team.key]}"

    def member_ids(self, team):
        return [self.ids[person.key] for person in team.members]

    # The requests of each step

    def begin(self):
        """Send what the client sends first: its test of the connection, or discovery."""

    def find(self, person):
        """Look a person up; return the id, or None. By default clients do not look up."""
        return self.ids.get(person.key)

    def create(self, person):
        raise NotImplementedError

    def update(self, person):
        raise NotImplementedError

    def rename(self, person):
        self.update(person)

    def set_active(self, person):
        self.update(person)

    def delete(self, person):
        self.send("DELETE", self.user(person))

    def come_back(self, person):
        self.create(person)

    def find_group(self, team):
        return self.ids.get(team.key)

    def create_group(self, team):
        raise NotImplementedError

    def rename_group(self, team):
        raise NotImplementedError

    def change_members(self, team, added, removed):
        raise NotImplementedError

    def delete_group(self, team):
        self.send("DELETE", self.group(team))

    def synchronize(self, people, teams):
        """Send everything again."""
        for person in people:
            self.ids[person.key] = self.find(person)
            self.update(person)
        for team in teams:
            self.ids[team.key] = self.find_group(team)
            self.change_members(team, team.members, [])


class Site:
    """The expected rows of the database, among them an account and a group of the site's own."""

    def __init__(self):
        own = User.objects.create_user("local", "local@example.com", first_name="Lo")
        own.groups.add(Group.objects.create(name="Local"))
        self.own = {"local": ("Lo", "", "local@example.com", True, {"Local"})}
        self.people, self.teams, self.pks = [], [], {}

    def check(self):
        """Compare the rows of live accounts, groups and memberships; others must be inactive."""
        teams = {"Local": {"local"}}
        for team in self.teams:
            teams[team.name] = {person.user_name for person in team.members}
        wanted = self.own | {
            person.user_name: (
                person.given_name, person.family_name, person.email, person.active,
                {name for name, members in teams.items() if person.user_name in members},
            )
            for person in self.people
        }  # fmt: skip
        rows = {}
        for row in User.objects.all():
            groups = set(row.groups.values_list("name", flat=True))
            if row.is_active or row.username in wanted:
                rows[row.username] = (
                    row.first_name, row.last_name, row.email, row.is_active, groups,
                )  # fmt: skip
            else:
                assert not groups, f"{row.username} left, but is still in {groups}"
        assert rows == wanted
        assert {
            group.name: set(group.user_set.values_list("username", flat=True))
            for group in Group.objects.all()
        } == teams
        for person in self.people:
            pk = User.objects.get(username=person.user_name).pk
            assert self.pks.setdefault(person.key, pk) == pk, f"{person} has another row"

    def forget(self, person):
        """Expect that a person has no active account, and is in no group."""
        self.people.remove(person)
        del self.pks[person.key]
        for team in self.teams:
            team.members = [member for member in team.members if member is not person]

    def remember(self, person):
        if person not in self.people:
            self.people.append(person)


def live(client):
    """Run the steps with a client, and compare the rows after each of them."""
    site = Site()
    ann = Person("5c8f-ann", "ann@example.com", "Ann", "Lee", "ann@example.com")
    bob = Person("5c8f-bob", "bob@example.com", "Bob", "Roy", "bob@example.com")
    client.begin()
    site.check()

    for person in (ann, bob):
        assert client.find(person) is None
        client.create(person)
        site.remember(person)
        site.check()
        assert client.find(person) == client.ids[person.key]

    for name, value in (("given_name", "Anne"), ("family_name", "Li"), ("email", "a@example.org")):
        if name in client.changes and not (name == "email" and client.named_by_address):
            setattr(ann, name, value)
    client.update(ann)
    site.check()
    if client.renames:
        ann.user_name = "anne@example.com"
        if client.named_by_address:
            ann.email = ann.user_name
        client.rename(ann)
        site.check()
    if client.deactivates:
        for ann.active in (False, True):
            client.set_active(ann)
            site.check()
    if client.groups:
        live_in_groups(client, site, ann, bob)

    first = site.pks[ann.key]
    if client.deletes:
        client.delete(ann)
        site.forget(ann)
    else:
        ann.active = False
        client.set_active(ann)
    site.check()
    assert not User.objects.get(pk=first).is_active
    ann.active = True
    client.come_back(ann)
    site.remember(ann)
    site.check()
    assert (site.pks[ann.key] == first) is client.recognises

    count = User.objects.count()
    for _ in range(2):
        client.synchronize(site.people, site.teams)
        site.check()
        assert User.objects.count() == count


def live_in_groups(client, site, ann, bob):
    """Take people into two groups and out until the last; leave one of the groups with one."""
    sales, guides = Team("77a0-sales", "Sales"), Team("77a0-guides", "Tour Guides")
    for team in (sales, guides):
        assert client.find_group(team) is None
        client.create_group(team)
        site.teams.append(team)
        site.check()
        assert client.find_group(team) == client.ids[team.key]
    for members in ([ann], [ann, bob], [bob], [], [ann, bob], [], [ann]):
        added = [person for person in members if person not in sales.members]
        removed = [person for person in sales.members if person not in members]
        sales.members = members
        client.change_members(sales, added, removed)
        site.check()
    if client.renames_groups:
        sales.name = "Sales Europe"
        client.rename_group(sales)
        site.check()
    guides.members = [ann, bob]
    client.change_members(guides, guides.members, [])
    site.check()
    client.delete_group(guides)
    site.teams.remove(guides)
    site.check()

"""The identity provider of the demo. It calls the site over HTTP with a SCIM client library."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import (
    EnterpriseUser,
    Error,
    Group,
    PatchOp,
    PatchOperation,
    Resource,
    Schema,
    SearchRequest,
    User,
)

from .company import TEAMS, Asset, Person, assets, people

Employee = User[EnterpriseUser]
PEOPLE, JOINERS, MOVERS, RENAMED, LEAVERS, DELETED = 200, 5, 6, 4, 8, 5
DEVICES = 9


class Failed(Exception):
    """The site returned an unexpected response."""


@dataclass
class Outcome:
    """The data that the site must have afterwards, and what the identity provider did."""

    people: dict[str, Person] = field(default_factory=dict)
    inactive: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    teams: dict[str, set[str]] = field(default_factory=dict)
    assets: dict[str, Asset] = field(default_factory=dict)
    scrapped: dict[str, str] = field(default_factory=dict)
    rejections: list[tuple[str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


class Provider:
    """Provisions the company; then people join, move, leave and come back."""

    def __init__(self, base_url: str, token: str, step: Callable[[str], None]) -> None:
        self.http = Client(
            base_url=base_url + "/", headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        self.device = self._discover("Device")
        self.scim = SyncSCIMClient(self.http, resource_models=[Employee, Group, self.device])
        self.scim.discover()
        self.step = step
        self.ids: dict[int, str] = {}
        self.groups: dict[str, str] = {}
        self.device_ids: dict[str, str] = {}
        self.outcome = Outcome()

    def run(self) -> Outcome:
        company = people(PEOPLE + JOINERS)
        staff, joiners = company[:PEOPLE], company[PEOPLE:]
        self._empty()
        for person in staff:
            self._hire(person, "hired")
        self._form_teams(staff)
        for person in joiners:
            self._hire(person, "joined")
            self._add(person.team, person)
        self._move(staff[100 : 100 + MOVERS])
        self._rename(staff[120 : 120 + RENAMED])
        self._deactivate(staff[140 : 140 + LEAVERS])
        leavers = staff[160 : 160 + DELETED]
        self._delete(leavers)
        self._rehire(leavers[0])
        inventory = assets(staff)
        for asset in inventory:
            self._hand_out(asset)
        self._pass_on(inventory[1], joiners[0])
        self._scrap(inventory[-1])
        self._mistakes(staff)
        return self.outcome

    @staticmethod
    def steps() -> int:
        """Return how often ``run`` calls ``step`` if the site is empty."""
        people = PEOPLE + len(TEAMS) + 2 * JOINERS + MOVERS + RENAMED + LEAVERS + DELETED + 2
        return people + DEVICES + 2 + 3

    # Steps of the demo

    def _empty(self) -> None:
        """Delete everything that the connection has from a previous run."""
        for model in (self.device, Group, Employee):
            while found := self.scim.query(
                model, query_parameters=SearchRequest(attributes=["id"], count=500)
            ).resources:
                for resource in found:
                    self.scim.delete(model, resource.id)
                    self.step("Clearing the previous run")

    def _hire(self, person: Person, what: str) -> None:
        user = Employee(
            user_name=person.username,
            external_id=person.external_id,
            name={"givenName": person.given, "familyName": person.family},
            display_name=f"{person.given} {person.family}",
            title=person.title,
            active=True,
            emails=[{"value": person.username, "type": "work", "primary": True}],
            phone_numbers=[{"value": person.phone, "type": "work"}],
        )
        extension = EnterpriseUser(
            employee_number=str(person.number), department=person.department, organization="NW"
        )
        if person.manager is not None:
            extension.manager = {"value": self.ids[person.manager]}  # type: ignore[assignment]
        user[EnterpriseUser] = extension
        self.ids[person.number] = self.scim.create(user).id
        self.outcome.people[person.username] = person
        self._count(what, "Hiring people")

    def _form_teams(self, staff: list[Person]) -> None:
        for _, team in TEAMS:
            members = [person for person in staff if person.team == team]
            values = [{"value": self.ids[person.number]} for person in members]
            group = self.scim.create(Group(display_name=team, members=values))
            self.groups[team] = group.id
            self.outcome.teams[team] = {person.username for person in members}
            self._count("teams formed", "Forming teams")

    def _move(self, movers: list[Person]) -> None:
        for person in movers:
            old, new = person.team, next(team for _, team in TEAMS if team != person.team)
            self._patch_group(old, "remove", f'members[value eq "{self.ids[person.number]}"]', None)
            self.outcome.teams[old].discard(person.username)
            self._add(new, person, "moved to another team")

    def _rename(self, married: list[Person]) -> None:
        for person in married:
            person.family = f"{person.family}-Lind"
            self._patch_user(
                person,
                [
                    ("replace", "name.familyName", person.family),
                    ("replace", "displayName", f"{person.given} {person.family}"),
                ],
            )
            self._count("renamed", "Changing names")

    def _deactivate(self, leavers: list[Person]) -> None:
        for person in leavers:
            self._patch_user(person, [("replace", "active", False)])
            self.outcome.inactive.add(person.username)
            self._count("deactivated", "Removing leavers")

    def _delete(self, leavers: list[Person]) -> None:
        for person in leavers:
            self.scim.delete(Employee, self.ids.pop(person.number))
            self.outcome.gone.add(person.username)
            self.outcome.teams[person.team].discard(person.username)
            self._count("deleted", "Removing leavers")

    def _rehire(self, person: Person) -> None:
        self.outcome.gone.discard(person.username)
        self._hire(person, "hired again")
        self._add(person.team, person)

    def _hand_out(self, asset: Asset) -> None:
        device = self.device(
            serial_number=asset.serial,
            display_name=asset.label,
            kind=asset.kind,
            keeper={"value": self.ids[asset.keeper.number]},
            users=[{"value": self.ids[person.number]} for person in asset.users],
        )
        self.device_ids[asset.serial] = self.scim.create(device).id
        self.outcome.assets[asset.serial] = asset
        self._count("devices handed out", "Handing out devices")

    def _pass_on(self, asset: Asset, keeper: Person) -> None:
        value = {"value": self.ids[keeper.number]}
        operation = PatchOperation[self.device](op="replace", path="keeper", value=value)
        patch = PatchOp[self.device](operations=[operation])
        self.scim.modify(self.device, self.device_ids[asset.serial], patch)
        asset.keeper = keeper
        self._count("devices passed on", "Handing out devices")

    def _scrap(self, asset: Asset) -> None:
        scim_id = self.device_ids.pop(asset.serial)
        self.scim.delete(self.device, scim_id)
        del self.outcome.assets[asset.serial]
        self.outcome.scrapped[asset.serial] = scim_id
        self._count("devices scrapped", "Handing out devices")

    def _mistakes(self, staff: list[Person]) -> None:
        duplicate = self.scim.create(
            Employee(user_name=staff[0].username.upper()), raise_scim_errors=False
        )
        self._expect_rejection("a duplicate", duplicate, 409, "uniqueness")
        answer = self.http.get("Users", params={"filter": 'userName equals "x"'})
        wrong = Error.model_validate(answer.json())
        self._expect_rejection("a bad filter", wrong, 400, "invalidFilter")
        answer = self.http.patch(
            f"Users/{self.ids[1]}",
            headers={"If-Match": 'W/"0-stale"', "Content-Type": "application/scim+json"},
            json={
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{"op": "replace", "path": "title", "value": "Owner"}],
            },
        )
        self._expect_rejection("a stale ETag", Error.model_validate(answer.json()), 412, None)

    # Helpers

    def _discover(self, resource_type: str) -> type[Resource[Any]]:
        """Return a client model of a resource type, made from its schema."""
        urn = self.http.get(f"ResourceTypes/{resource_type}").json()["schema"]
        schema = Schema.model_validate(self.http.get(f"Schemas/{urn}").json())
        return Resource.from_schema(schema)

    def _add(self, team: str, person: Person, what: str = "") -> None:
        self._patch_group(team, "add", "members", [{"value": self.ids[person.number]}])
        self.outcome.teams[team].add(person.username)
        self._count(what, "Moving people")

    def _patch_group(self, team: str, op: str, path: str, value: Any) -> None:
        operation = PatchOperation[Group](op=op, path=path, value=value)
        self.scim.modify(Group, self.groups[team], PatchOp[Group](operations=[operation]))

    def _patch_user(self, person: Person, changes: list[tuple[str, str, Any]]) -> None:
        operations = [
            PatchOperation[Employee](op=op, path=path, value=value) for op, path, value in changes
        ]
        patch = PatchOp[Employee](operations=operations)
        self.scim.modify(Employee, self.ids[person.number], patch)

    def _expect_rejection(self, what: str, answer: Any, status: int, scim_type: str | None) -> None:
        if not isinstance(answer, Error) or (int(answer.status), answer.scim_type) != (
            status,
            scim_type,
        ):
            raise Failed(f"{what} should get {status} {scim_type or ''}, not {answer!r}")
        self.outcome.rejections.append((what, f"{status} {scim_type or ''}".strip()))
        self.step("Making mistakes")

    def _count(self, what: str, doing: str) -> None:
        if what:
            self.outcome.counts[what] = self.outcome.counts.get(what, 0) + 1
        self.step(doing)

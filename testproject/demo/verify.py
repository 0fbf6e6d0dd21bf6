"""Check the result of the demo in the database, independently of the API."""

from collections.abc import Iterator
from datetime import datetime

from django.contrib.auth.models import Group, User
from django.db.models import QuerySet

from company.models import Device, Membership
from django_scim.models import Connection, Event, UserLink

from .company import Asset, Person
from .provision import Outcome


def verify(outcome: Outcome, connection_name: str, since: datetime) -> list[tuple[str, bool]]:
    """Return statements about the database, each with whether it is true."""
    connection = Connection.objects.get(name=connection_name)
    return list(_statements(outcome, connection, since))


def _statements(
    outcome: Outcome, connection: Connection, since: datetime
) -> Iterator[tuple[str, bool]]:
    users = {
        user.username: user
        for user in User.objects.filter(username__in=outcome.people).select_related(
            "scim_profile__manager"
        )
    }
    yield f"{len(outcome.people)} accounts exist", set(users) == set(outcome.people)
    present = {name: user for name, user in users.items() if name not in outcome.gone}
    yield (
        "names, departments and managers are correct",
        all(_is_correct(user, outcome.people[name], outcome) for name, user in present.items()),
    )
    yield (
        "phone numbers are stored",
        all(
            [row.value for row in user.scim_values.filter(attribute="phoneNumbers")]
            == [outcome.people[name].phone]
            for name, user in present.items()
        ),
    )
    inactive = {name for name, user in users.items() if not user.is_active}
    yield "only the leavers are inactive", inactive == outcome.inactive | outcome.gone
    yield (
        "no account has a usable password",
        not any(u.has_usable_password() for u in users.values()),
    )
    memberships = Membership.objects.filter(user__username__in=outcome.people)
    yield (
        "all accounts are members of the connection's organisation and of no other",
        connection.tenant is None  # created by an older version of the demo
        or sorted(memberships.values_list("user__username", "organisation"))
        == sorted((name, connection.tenant.pk) for name in outcome.people),
    )
    yield (
        "no account is a staff member or superuser",
        not any(u.is_staff or u.is_superuser for u in users.values()),
    )
    for team, names in outcome.teams.items():
        group = Group.objects.filter(scim_links__connection=connection, name=team).first()
        found = set(group.user_set.values_list("username", flat=True)) if group else None
        yield f"{team} has its {len(names)} members", found == names
    links = UserLink.objects.filter(connection=connection, target__isnull=False)
    yield (
        "deleted accounts are not linked",
        not links.filter(target__username__in=outcome.gone).exists(),
    )
    events = Event.objects.filter(connection=connection, created__gte=since)
    hired = outcome.counts["hired"] + outcome.counts["joined"] + outcome.counts["hired again"]
    created = events.filter(action="create", resource_type="User", outcome="success").count()
    yield "each new account has an event", created == hired
    yield (
        "each deactivation has an event",
        events.filter(action="deactivate", outcome="success").count() == len(outcome.inactive),
    )
    rejected = events.filter(outcome="failure").values_list("status", flat=True)
    yield "each rejected request has an event", sorted(rejected) == [400, 409, 412]
    yield from _device_statements(outcome, connection, events.filter(resource_type="Device"))


def _device_statements(
    outcome: Outcome, connection: Connection, events: QuerySet[Event]
) -> Iterator[tuple[str, bool]]:
    linked = Device.objects.filter(scim_links__connection=connection)
    devices = {
        device.serial_number: device
        for device in linked.select_related("keeper").prefetch_related("users")
    }
    yield f"{len(outcome.assets)} devices exist", set(devices) == set(outcome.assets)
    yield (
        "devices, keepers and users are correct",
        all(
            _is_correct_device(device, outcome.assets.get(serial))
            for serial, device in devices.items()
        ),
    )
    yield (
        "the scrapped device is deleted",
        not Device.objects.filter(serial_number__in=outcome.scrapped).exists(),
    )
    done = events.filter(outcome="success")
    for what, found in (
        ("devices handed out", done.filter(action="create")),
        ("devices passed on", done.filter(action="update")),
        ("devices scrapped", done.filter(action="delete", scim_id__in=outcome.scrapped.values())),
    ):
        yield f"{what} have events", found.count() == outcome.counts[what]


def _is_correct(user: User, person: Person, outcome: Outcome) -> bool:
    profile = user.scim_profile
    manager = profile.manager.username if profile.manager else None
    expected = next(
        (p.username for p in outcome.people.values() if p.number == person.manager), None
    )
    return (user.first_name, user.last_name, user.email, profile.department, manager) == (
        person.given,
        person.family,
        person.username,
        person.department,
        expected,
    )


def _is_correct_device(device: Device, asset: Asset | None) -> bool:
    if asset is None:
        return False
    users = {user.username for user in device.users.all()}
    keeper = device.keeper.username if device.keeper else None
    return (device.label, device.kind, keeper, users) == (
        asset.label,
        asset.kind,
        asset.keeper.username,
        {person.username for person in asset.users},
    )

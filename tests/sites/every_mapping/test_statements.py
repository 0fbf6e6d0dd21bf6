"""SQL of each kind of mapping: one statement per write, and filters that use an index."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_scim import connections
from django_scim.adapters import Registry
from django_scim.models import fold_key
from django_scim.protocol.projection import FULL, Projection
from django_scim.protocol.tolerances import PROFILES, Tolerances
from tests.databases import analyze, first_on, scans
from tests.sites.every_mapping.models import Device, Employee, Office, Phone, Skill
from tests.sites.every_mapping.schemas import ACME

WRITES = ("INSERT", "UPDATE", "DELETE")
COUNT = 2_000

# the attribute of a mapping, two values, and the table that is written to
EMPLOYEE, PHONE, SKILL = (f"every_mapping_{name}" for name in ("employee", "phone", "skill"))
PATCHES = {
    "Field of the object": ("name.familyName", "Jensen", "Johnson", "auth_user"),
    "Field behind a relation": (f"{ACME}:level", 3, 4, EMPLOYEE),
    "Json": (f"{ACME}:colour", "red", "blue", EMPLOYEE),
    "Json, a list": (f"{ACME}:labels", ["a", "b"], ["b", "c"], EMPLOYEE),
    "Json, complex": (f"{ACME}:desk", {"room": "A"}, {"room": "B"}, EMPLOYEE),
    "Custom": (f"{ACME}:office", "Bern", "Chur", EMPLOYEE),
    "Reference": (f"{ACME}:mentor", {"value": "one"}, {"value": "other"}, EMPLOYEE),
    "Rows": (f"{ACME}:phones", [{"value": "1"}], [{"value": "1"}, {"value": "2"}], PHONE),
    "Rows, simple": (f"{ACME}:skills", ["sail"], ["sail", "row"], SKILL),
    "Values": ("phoneNumbers", [{"value": "1"}], [{"value": "1"}, {"value": "2"}],
               "django_scim_uservalue"),
}  # fmt: skip
OURS = (
    *(f"django_scim_{name}" for name in ("userlink", "grouplink", "event", "token", "guard")),
    *(f"every_mapping_{name}" for name in ("squadlink", "acommon")),
)


@pytest.fixture
def offices(db):
    for name in ("Bern", "Chur"):
        Office.objects.create(name=name)


def writes(call):
    """Return the statements that write to tables other than links and events."""
    with CaptureQueriesContext(connection) as captured:
        answer = call()
    assert answer.status_code in (200, 204), answer.data
    return [
        query["sql"]
        for query in captured
        if query["sql"].startswith(WRITES) and not any(table in query["sql"] for table in OURS)
        and "scim_connection" not in query["sql"]  # a transaction on SQLite begins with a write
    ]  # fmt: skip


@pytest.mark.parametrize("kind", PATCHES)
def test_change_is_one_statement(scim, offices, kind):
    path, first, second, table = PATCHES[kind]
    ids = {name: scim.make_user(name)["id"] for name in ("one", "other", "subject")}
    if kind == "Reference":
        first, second = ({"value": ids[value["value"]]} for value in (first, second))
    at = f"/Users/{ids['subject']}"
    for value, expected in ((first, 1), (second, 1), (second, 0)):
        operation = {"op": "replace", "path": path, "value": value}
        found = writes(lambda: scim.patch(at, operation))  # noqa: B023 - called at once
        assert len(found) == expected, found
        assert all(table in sql for sql in found)


def test_columns_of_one_row_are_one_statement(scim, offices):
    at = f"/Users/{scim.make_user('subject')['id']}"
    values = {"level": 5, "colour": "red", "office": "Bern", "remote": True}
    for number in range(2):
        values["level"] += number
        found = writes(lambda: scim.patch(at, {"op": "add", "value": {ACME: values}}))
        assert len(found) == 1 and "every_mapping_employee" in found[0], found


@pytest.mark.parametrize("size", [2, 40])
def test_members_of_a_through_model_are_one_statement(scim, size):
    users = [scim.make_user(f"user{number}") for number in range(size)]
    group = scim.make_group("Guides", *users[1:])
    add = {"op": "add", "path": "members", "value": [{"value": users[0]["id"]}]}
    remove = {"op": "remove", "path": f'members[value eq "{users[0]["id"]}"]'}
    for operation in (add, remove):
        found = writes(lambda: scim.patch(f"/Groups/{group['id']}", operation))  # noqa: B023
        assert len(found) == 1 and "every_mapping_membership" in found[0], found


@pytest.fixture
def crowd(scim):
    """Return a connection with some thousand employees."""
    User.objects.bulk_create([User(username=f"user{n}") for n in range(COUNT)])
    scim.connection.scope = "site"
    scim.connection.save()
    connections.prepare(scim.connection)
    users = list(User.objects.order_by("pk"))
    Employee.objects.bulk_create(
        Employee(
            user=user,
            badge=f"B{n}",
            nickname=f"Nick {n}",
            nickname_key=fold_key(f"Nick {n}"),
            mentor=users[n // 2],
        )
        for n, user in enumerate(users)
    )
    Phone.objects.bulk_create(
        Phone(user=user, number=f"N {n}", number_key=fold_key(f"N {n}"))
        for n, user in enumerate(users)
    )
    Skill.objects.bulk_create(Skill(user=user, name="row") for user in users)
    Device.objects.bulk_create(Device(serial=f"S{n}", keeper=user) for n, user in enumerate(users))
    analyze()
    scim.mentor = scim.find('userName eq "user7"')[0]["id"]
    return scim


def test_filters_use_an_index(crowd):
    for text, total in (
        (f'{ACME}:badge eq "B77"', 1),
        (f'{ACME}:nickname eq "NICK 77"', 1),
        (f'{ACME}:nickname sw "nick 199"', 11),
        (f'{ACME}:phones.value eq "n 77"', 1),
        (f'{ACME}:phones[value eq "n 77"]', 1),
        (f'{ACME}:mentor.value eq "{crowd.mentor}"', 2),
    ):
        with CaptureQueriesContext(connection) as captured:
            answer = crowd.get("/Users", {"filter": text, "attributes": "userName"})
        assert answer.data["totalResults"] == total, text
        found = scans(first_on(captured, "django_scim_userlink"), COUNT // 2)
        assert not found, (text, found)


def test_prepared_statement_reads_the_same_as_django(scim, offices):
    """Compare all attributes and each one alone, on the first and the second use."""
    boss, other = scim.make_user("boss"), scim.make_user("other")
    body = {name: value for name, value, _, _ in PATCHES.values() if isinstance(value, str | list)}
    for path, value in body.items():
        operation = {"op": "add", "path": path, "value": value}
        assert scim.patch(f"/Users/{boss['id']}", operation).status_code == 200
    mentor = {"op": "add", "path": f"{ACME}:mentor", "value": {"value": other["id"]}}
    assert scim.patch(f"/Users/{boss['id']}", mentor).status_code == 200
    adapter = Registry(scim.connection, Tolerances(PROFILES["default"]), "").adapter("User")
    paths = [str(mapping.path).lower() for mapping in adapter.declaration().mappings]
    for projection in (FULL, *(Projection(frozenset({path})) for path in paths)):
        plan = adapter._plan(projection)
        for user in (boss, other, boss):
            links = adapter.queryset().filter(scim_id=user["id"])
            kept = plan.by_id(adapter, user["id"])
            plain = list(links.values_list(*plan._selected(adapter), "pk"))
            assert [tuple(row) for row in kept] == plain
            assert len(plain) == 1
            assert plan.resources(kept, adapter) == plan.resources(plain, adapter)

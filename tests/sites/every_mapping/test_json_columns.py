"""JSON columns with any content: an unexpected value never breaks a response."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from django_scim import connections
from django_scim.adapters import Attribute, Json, Schema
from django_scim.protocol.filters.evaluation import matches
from django_scim.protocol.filters.parser import parse_filter
from django_scim.protocol.tolerances import PROFILES, Tolerances
from tests.sites.every_mapping.adapters import AcmeUserAdapter
from tests.sites.every_mapping.models import Employee
from tests.sites.every_mapping.schemas import ACME, PRIMARY, acme, complex_attribute

MORE = (
    Attribute(name="visits", type="dateTime", multi_valued=True),
    Attribute(name="scores", type="integer", multi_valued=True),
    Attribute(name="ratio", type="decimal"),
    Attribute(name="code", case_exact=True),
    complex_attribute(
        "stays",
        "value",
        "type",
        PRIMARY,
        Attribute(name="since", type="dateTime"),
        Attribute(name="nights", type="integer"),
        multi_valued=True,
    ),
)


class ArchiveAdapter(AcmeUserAdapter):
    """Map more attributes to JSON columns."""

    extensions = [
        *AcmeUserAdapter.extensions[:-1],
        Schema(ACME, acme.name, "", (*acme.attributes, *MORE)),
    ]
    attributes = AcmeUserAdapter.attributes | {
        f"{ACME}:{each.name}": Json("employee.extras", each.name) for each in MORE
    }


NOON = datetime(2011, 5, 13, 12, tzinfo=UTC)
MOMENTS = [
    "2011-05-13T12:00:00.000000Z", "2011-05-13T12:00:00Z", "2011-05-13T12:00:00.5Z",
    NOON.isoformat(), NOON.replace(microsecond=1).isoformat(), "2011-05-13T14:00:00+02:00",
    DjangoJSONEncoder().default(NOON.replace(microsecond=500999)), "2011-05-13T11:29:59.9-00:30",
    DjangoJSONEncoder().default(NOON.astimezone(timezone(timedelta(hours=-8)))),
    NOON.replace(tzinfo=None).isoformat(), "2012-02-29T00:00:00Z", "2000-02-29T23:59:59+14:00",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999+00:00",
]  # fmt: skip
NO_MOMENTS = [
    "junk", "2011-05-13", "2011-05-13 12:00:00Z", "2011-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
    "2011-04-31T00:00:00Z", "2011-05-13T24:00:00Z", "2011-05-13T12:00:60Z", "0000-01-01T00:00:00Z",
    "2011-05-13T12:00:00z", "2011-05-13T12:00:00Z\n", "2011-05-13T12:00:00+15:00", " ",
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "٢011-05-13T12:00:00Z",
    "2011-05-13T12:00:00.Z", "2011-05-13T12:00Z", "20110513T120000Z", "2011-05-13T12:00:00+0200",
]  # fmt: skip
UNUSUAL = [
    None, "", [], {}, True, False, 0, 1, -3, 7, 2.5, 3.0, 1e300, 5e-324, 2**53 - 1, 2**63 - 1,
    2**63, -(2**63), -(2**63) - 1, 10**20, 10**300, "a", "A", "3", "true", "Straße", "x" * 300,
    "%_\\'\"", "😀", ["a"], [1], [[]], [{}], {"value": "a"}, {"a": 1}, {"room": 5, "extra": 1},
]  # fmt: skip
ELEMENTS = [
    {}, [], None, 1, "a", {"value": None}, {"value": 7, "type": "w"}, {"note": "x"},
    {"value": "a", "type": "w", "primary": True}, {"value": "A", "primary": "maybe", "note": "x"},
    {"type": "W", "primary": False, "nights": 2}, {"value": "b", "primary": None, "since": 5},
    {"value": "c", "since": "2011-05-13T14:00:00+02:00", "nights": "2"},
    {"value": "d", "since": "junk", "nights": 2**70}, {"value": ["a"], "type": {}, "nights": 3},
    {"primary": True}, {"primary": False, "value": ""},
]  # fmt: skip
KEYS = ("colour", "remote", "reviewed", "links", "ratio", "code", "visits", "scores", "stays")
DOCUMENTS = [
    *([], "text", 5, 2.5, True, {"place": "nowhere"}, {"place": {"desk": "none"}}),
    *(dict.fromkeys(KEYS, value) | {"place": {"floor": value, "desk": value}} for value in UNUSUAL),
    *({"place": {"desk": {"room": value, "number": value}}} for value in UNUSUAL),
    *({"reviewed": each, "visits": [each]} for each in (*MOMENTS, *NO_MOMENTS)),
    *({"links": [each], "stays": [each]} for each in ELEMENTS),
    *({"links": ELEMENTS[n:], "stays": ELEMENTS[:n]} for n in (3, 6, 9)),
    {"visits": [*NO_MOMENTS, *MOMENTS], "scores": UNUSUAL},
    {"visits": NO_MOMENTS, "scores": ["a", None, 2.0, True]},
]
LABELS = [
    None,
    ["a", "b"],
    [1, 2],
    "a",
    5,
    {},
    [],
    [None, ""],
    ["B", ["x"]],
    [{"value": "a"}],
    UNUSUAL,
]
if connection.vendor != "postgresql":  # PostgreSQL accepts neither
    DOCUMENTS += [{"colour": "a\0b", "links": [{"value": "\0"}]}]
    LABELS += [["a\0b"]]
if connection.vendor == "sqlite":
    DOCUMENTS += [{"code": "\ud800", "links": [{"value": "\udc00"}]}]
    LABELS += [["\ud800"]]

TEXTS = ['"a"', '"RED"', '"w"', '"ss"', '"3"', '"%"', '""']
VALUES = {
    "string": (("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"), TEXTS),
    "boolean": (("eq", "ne"), ["true", "false"]),
    "integer": (
        ("eq", "ne", "gt", "ge", "lt", "le"),
        ["0", "2", "7", str(2**63 - 1), str(2**63), "9" * 30, "-" + "9" * 30, str(-(2**63))],
    ),
    "decimal": (("eq", "ne", "gt", "ge", "lt", "le"), ["0", "2.5", "3", "1e300", "9" * 30]),
    "dateTime": (
        ("eq", "ne", "gt", "ge", "lt", "le"),
        ['"2011-05-13T12:00:00Z"', '"2011-05-13T12:00:00.500Z"', '"9999-12-31T23:59:59.999999Z"',
         '"2000-02-29T10:59:59+01:00"', '"0001-01-01T00:00:00Z"'],
    ),
}  # fmt: skip
ATTRIBUTES = [
    each
    for each in (*acme.attributes, *MORE)
    if isinstance(ArchiveAdapter.attributes.get(f"{ACME}:{each.name}"), Json)
]
LEAVES = [
    (f"{each.name}.{sub.name}" if sub is not each else each.name, sub, each)
    for each in ATTRIBUTES
    for sub in (each.sub_attributes or (each,))
]


def terms(name, leaf):
    operators, values = VALUES[leaf.type]
    return [f"{name} pr", *(f"{name} {op} {value}" for op in operators for value in values)]


def filters(attribute):
    """Return every term that the grammar allows for an attribute, also in brackets."""
    name = attribute.name
    if not attribute.is_complex:
        return [f"{ACME}:{term}" for term in terms(name, attribute)]
    bare = terms(name, attribute.sub("value")) if attribute.sub("value") else [f"{name} pr"]
    found = [f"{ACME}:{term}" for term in bare]
    for sub in attribute.sub_attributes:
        inner = terms(sub.name, sub)
        found += [f"{ACME}:{name}.{term}" for term in inner]
        found += [f"{ACME}:{name}[{term}]" for term in inner]
        found += [f"{ACME}:{name}[not ({term})]" for term in inner]
        found += [f"{ACME}:{name}[{term} and not ({inner[0]})]" for term in inner[:3]]
    if attribute.sub("type"):
        found += [
            f'{ACME}:{name}[value eq "a" and type eq "w"]',
            f'{ACME}:{name}[not (value eq "a" or primary eq true)]',
            f'{ACME}:{name}[primary ne true and value pr] and not ({ACME}:{name}[type eq "w"])',
        ]
    return found


@pytest.fixture
def scim(scim, settings):
    adapters = settings.DJANGO_SCIM["ADAPTERS"]
    mine = {"User": f"{__name__}.ArchiveAdapter"}
    settings.DJANGO_SCIM = {"ADAPTERS": adapters | mine}
    return scim


def create_user(scim, **columns):
    """Create a user whose JSON columns were written by the site."""
    user = User.objects.create(username=f"user{User.objects.count():03}")
    Employee.objects.create(user=user, **columns)
    connections.assign(scim.connection, user)
    found = scim.find(f'userName eq "{user.username}"')
    return f"/Users/{found[0]['id']}"


@pytest.fixture
def archive(scim):
    """Return a connection with users for every document and label."""
    for document in DOCUMENTS:
        create_user(scim, extras=document)
    for labels in LABELS:
        create_user(scim, labels=labels)
    return scim


def listed(scim, **query):
    answer = scim.get("/Users", {"count": 500, **query})
    assert answer.status_code == 200, (query, answer.status_code, answer.data)
    assert answer.data["totalResults"] == len(answer.data["Resources"])
    return answer.data["Resources"]


def test_filters_match_the_returned_values(archive):
    resources = listed(archive)
    assert len(resources) == len(DOCUMENTS) + len(LABELS)
    schema = ArchiveAdapter.declaration().resource_schema
    wrong, hits = [], 0
    for text in (text for attribute in ATTRIBUTES for text in filters(attribute)):
        for whole in (text, f"not ({text})"):
            term = parse_filter(whole, schema, Tolerances(PROFILES["default"]))
            expected = {each["userName"] for each in resources if matches(term, each)}
            answer = listed(archive, filter=whole, attributes="userName")
            found = {each["userName"] for each in answer}
            hits += 0 < len(expected) < len(resources)
            if found != expected:
                wrong.append((whole, sorted(found - expected), sorted(expected - found)))
    assert not wrong, wrong[:20]
    assert hits > 800

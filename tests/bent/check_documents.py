"""JSON columns that the site has written as it liked: one odd row spoils no answer."""

import json

import pytest
from django.contrib.auth.models import User

from django_scim import connections
from django_scim.protocol.filters import parse_filter
from django_scim.protocol.matching import matches
from django_scim.protocol.tolerances import PROFILES, Tolerances
from tests.bent.adapters import AcmeUserAdapter
from tests.bent.models import Employee
from tests.bent.schemas import ACME

DOCUMENTS = [
    {},
    {"colour": "red", "remote": True, "reviewed": "2011-05-13T04:42:34.000000Z",
     "place": {"floor": 3, "desk": {"room": "A", "number": 7}},
     "links": [{"value": "a", "type": "w", "primary": True}, {"value": "b"}]},
    {"colour": 5, "remote": "yes", "reviewed": "junk", "place": "nowhere", "links": "none"},
    {"colour": None, "remote": None, "reviewed": None, "place": None, "links": None},
    {"colour": "", "remote": 1, "reviewed": "2011-05-13T04:42:34Z",
     "place": {"floor": "3", "desk": {"room": None, "number": "x"}}, "links": [1, "a", None]},
    {"colour": ["red"], "remote": 0, "reviewed": "2015-11-30T09:00:00.123Z",
     "place": {"floor": True, "desk": []}, "links": [{}, {"value": None}, {"note": "x"}]},
    {"colour": "Blue", "remote": False, "reviewed": "2015-11-30T09:00:00+00:00",
     "place": {"floor": 2.5, "desk": {"room": "b", "number": 8}},
     "links": [{"value": "a", "primary": "maybe", "note": "x"}, {"value": 7, "type": "w"}]},
    {"colour": {"a": 1}, "reviewed": 5, "place": {"floor": 10**20, "desk": {"extra": 1}},
     "links": [{"value": "A", "type": "h", "primary": False}, {"type": "w"}]},
    [],
    "text",
    5,
    None,
]  # fmt: skip
LABELS = [None, ["a", "b"], [1, 2], "a", {}, [None, ""], ["B", ["x"]], [{"value": "a"}]]

TEXTS = ["colour", "desk.room", "labels", "links.value", "links.type"]
FILTERS = [
    *(f'{a} {op} "{v}"' for a in TEXTS for op in ("eq", "ne", "co", "sw", "ew", "gt", "le")
      for v in ("a", "red", "A")),
    *(f"{a} {op} {v}" for a in ("floor", "desk.number")
      for op in ("eq", "ne", "gt", "ge", "lt", "le") for v in ("3", "7", "2.5", "1" * 30)
      if v.isdigit()),
    *(f"{a} {op} {v}" for a in ("remote", "links.primary")
      for op in ("eq", "ne") for v in ("true", "false")),
    *(f'reviewed {op} "{v}"' for op in ("eq", "ne", "gt", "ge", "lt", "le")
      for v in ("2011-05-13T04:42:34Z", "2015-11-30T09:00:00.123Z", "2015-11-30T10:00:00+01:00")),
    *(f"{a} pr" for a in (*TEXTS, "floor", "remote", "reviewed", "desk", "links", "desk.number",
                          "links.primary")),
    'links[value eq "a"]', 'links[value eq "a" and type eq "w"]', "links[primary eq true]",
    "links[primary eq false]", "links[not (primary eq true)]", 'links[not (value eq "a")]',
    'links[value ne "a"]', "links[type pr]", "links[not (type pr)]", 'desk[room eq "a"]',
]  # fmt: skip


def qualified(text):
    names = ("colour", "desk", "labels", "links", "floor", "remote", "reviewed")
    head = next(name for name in names if text.startswith(name))
    return f"{ACME}:{head}{text[len(head) :]}"


@pytest.fixture
def archive(scim):
    """A connection of a site whose documents are of every kind."""
    for number in range(max(len(DOCUMENTS), len(LABELS))):
        user = User.objects.create(username=f"user{number:02}")
        extras = DOCUMENTS[number % len(DOCUMENTS)]
        Employee.objects.create(
            user=user, extras={} if extras is None else extras, labels=LABELS[number % len(LABELS)]
        )
        connections.give(scim.connection, user)
    return scim


@pytest.mark.parametrize("negated", [False, True])
def test_what_is_found_is_what_is_shown(archive, negated):
    resources = archive.get("/Users").data["Resources"]
    assert len(resources) == len(DOCUMENTS)
    schema = AcmeUserAdapter.compiled().resource_schema
    wrong = []
    for each in FILTERS:
        text = qualified(each)
        text = f"not ({text})" if negated else text
        term = parse_filter(text, schema, Tolerances(PROFILES["default"]))
        expected = [r["userName"] for r in resources if matches(term, r)]
        answer = archive.get("/Users", {"filter": text})
        if answer.status_code == 400:
            assert answer.data["scimType"] == "invalidFilter"
            continue
        found = [r["userName"] for r in answer.data["Resources"]]
        if found != expected:
            wrong.append((text, found, expected))
    assert not wrong


@pytest.mark.parametrize("name", ["colour", "floor", "remote", "reviewed", "desk.room"])
@pytest.mark.parametrize("order", ["ascending", "descending"])
def test_sorting_goes_by_what_is_shown(archive, name, order):
    path = f"{ACME}:{name}"
    answer = archive.get("/Users", {"sortBy": path, "sortOrder": order})
    assert answer.status_code == 200, answer.data
    values = []
    for each in answer.data["Resources"]:
        value = each.get(ACME, {})
        for part in name.split("."):
            value = (value or {}).get(part) if isinstance(value, dict) else None
        values.append(value.lower() if isinstance(value, str) else value)
    present = [value for value in values if value is not None]
    absent = [None] * (len(values) - len(present))
    assert present == sorted(present, reverse=order == "descending")
    assert values == (present + absent if order == "ascending" else absent + present)


def test_a_put_of_what_was_read_changes_nothing(archive):
    before = list(Employee.objects.order_by("pk").values())
    for resource in archive.get("/Users").data["Resources"]:
        answer = archive.put(f"/Users/{resource['id']}", resource)
        assert answer.status_code == 200, (resource, answer.data)
        assert answer.data["meta"] == resource["meta"]
    assert list(Employee.objects.order_by("pk").values()) == before


def extras():
    return Employee.objects.get().extras


def patch(scim, user, op, path, value=None):
    operation = {"op": op, "path": f"{ACME}:{path}", "value": value}
    answer = scim.patch(f"/Users/{user['id']}", operation)
    assert answer.status_code == 200, answer.data
    return answer.data


def test_the_sites_own_keys_stay(scim):
    user = scim.make_user("one", **{ACME: {"colour": "red", "desk": {"room": "A", "number": 7},
                                           "links": [{"value": "a"}, {"value": "b"}]}})  # fmt: skip
    document = extras()
    document["secret"] = 1
    document["place"]["desk"]["plant"] = "fern"
    document["links"][0]["note"] = "keep"
    Employee.objects.update(extras=document)
    patch(scim, user, "replace", "desk", {"room": "B"})
    patch(scim, user, "add", "links", [{"value": "c"}])
    patch(scim, user, "replace", 'links[value eq "a"].type', "w")
    found = extras()
    assert found["secret"] == 1 and found["place"]["desk"]["plant"] == "fern"
    assert found["links"] == [
        {"value": "a", "type": "w", "note": "keep"},
        {"value": "b"},
        {"value": "c"},
    ]
    body = {"schemas": user["schemas"], "userName": "one", ACME: {"desk": {"number": 9}}}
    scim.put(f"/Users/{user['id']}", body)
    found = extras()
    assert found["place"]["desk"] == {"plant": "fern", "number": 9}  # RFC 7644 3.5.1: no room
    assert "colour" not in found and found["secret"] == 1


def test_a_value_of_another_type_gives_way(scim):
    user = scim.make_user("one", **{ACME: {"colour": "red"}})
    Employee.objects.update(extras={"colour": 5, "place": "nowhere", "links": {"a": 1}})
    patch(scim, user, "replace", "colour", "blue")
    patch(scim, user, "replace", "floor", 3)
    data = patch(scim, user, "add", "links", [{"value": "a"}])
    assert data[ACME]["links"] == [{"value": "a"}]
    assert json.loads(json.dumps(extras())) == {
        "colour": "blue",
        "place": {"floor": 3},
        "links": [{"value": "a"}],
    }

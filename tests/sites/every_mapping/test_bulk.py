"""Bulk requests with columns and related rows of the site."""

from tests.api.bulk import statuses, user
from tests.client import USER

from .models import Employee, Phone
from .schemas import acme

ACME = acme.id


def person(name, badge, **more):
    block = {
        "badge": badge,
        "nickname": "Babs",
        "level": 3,
        "hired": "2020-02-03T00:00:00Z",
        "contractor": False,
        "colour": "red",
        "floor": 2,
        "skills": ["Latin", "Greek"],
        "phones": [{"value": "1", "type": "work", "primary": True}, {"value": "2"}],
        **more,
    }
    return user(name, **{"schemas": [USER, ACME], ACME: block})


def shown(resource):
    return {k: v for k, v in resource.items() if k not in ("id", "meta", "userName")}


def test_batch_creates_the_same_users_as_single_requests(scim):
    alone = scim.make("/Users", person("x", "A1")["data"])
    response = scim.bulk(*(person(name, f"B{i}") for i, name in enumerate("abc")))
    assert statuses(response) == ["201"] * 3
    assert (Employee.objects.count(), Phone.objects.count()) == (4, 8)
    for i, result in enumerate(response.data["Operations"]):
        resource = scim.get("/Users/" + result["id"]).data
        assert resource["meta"]["version"] == result["version"]
        assert resource[ACME].pop("badge") == f"B{i}"
        resource[ACME]["badge"] = "A1"
        assert shown(resource) == shown(alone)
    assert len(scim.find(f'{ACME}:nickname eq "BABS"')) == 4


def test_badge_is_unique(scim):
    response = scim.bulk(person("a", "A1"), person("b", "A1"), person("c", "bad"), user("d"))
    assert statuses(response) == ["201", "409", "400", "201"]
    assert Employee.objects.count() == 1


def test_mentor_created_by_the_same_bulk(scim):
    mentored = person("b", "B1", mentor={"value": "bulkId:a"})
    response = scim.bulk(mentored, person("c", "C1"), person("a", "A1"))
    assert statuses(response) == ["201"] * 3
    mentor = scim.find('userName eq "b"')[0][ACME]["mentor"]
    assert mentor["value"] == scim.find('userName eq "a"')[0]["id"]

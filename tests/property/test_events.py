"""If all changes were made over SCIM, the changes in the events lead to the present state."""

import random

import pytest

from tests.client import ENTERPRISE, GROUP, USER
from tests.event_replay import differences, state_of_events, state_of_site

from . import operations
from .strategies import each_of, sample
from .test_patch import COUNT, LISTS, bodies


def body_of_a_user(number):
    body = {"schemas": [USER, ENTERPRISE]} | sample(bodies, 5, number)[-1]
    for name in LISTS:
        for each in [each for each in body.get(name, []) if each.get("primary")][1:]:
            del each["primary"]
    return body


@pytest.mark.django_db
def test_replayed_changes_give_the_present_state(connect):
    scim = connect(guard_percent=100)
    choices, tried = random.Random(7), []
    users, groups = [], []
    for number in range(max(COUNT // 12, 12)):
        for index in range(2):
            body = body_of_a_user(2 * number + index)
            if users and choices.random() < 0.5:
                body[ENTERPRISE] = body.get(ENTERPRISE, {}) | {
                    "manager": {"value": choices.choice(users)}
                }
            answer = scim.post("/Users", body | {"userName": f"user{number}.{index}"})
            assert answer.status_code == 201, answer.data
            users.append(answer.data["id"])
        members = choices.sample(users, min(2, len(users)))
        groups.append(scim.make_group(f"G{number}", *({"id": each} for each in members))["id"])
        user, group = choices.choice(users), choices.choice(groups)
        ids = choices.sample(users, min(4, len(users)))
        for path, sequences in (
            (f"/Users/{user}", operations.of_a_user(ids)),
            (f"/Groups/{group}", operations.of_a_group(ids)),
        ):
            each_of(
                sequences,
                4,
                number,
                lambda found, at=path: tried.append(
                    scim.patch(at, *(operation for operation, _ in found)).status_code
                ),
            )
        scim.put(f"/Users/{user}", body_of_a_user(number + 1) | {"userName": f"new{number}"})
        scim.put(
            f"/Groups/{group}",
            {
                "schemas": [GROUP],
                "displayName": f"N{number}",
                "members": [{"value": each} for each in ids],
            },
        )
        if number % 4 == 3:
            bulk(scim, number, users, groups)
            gone = users.pop(choices.randrange(len(users)))
            assert scim.delete(f"/Users/{gone}").status_code == 204
            gone = groups.pop(choices.randrange(len(groups)))
            assert scim.delete(f"/Groups/{gone}").status_code == 204
        if number % 5 == 0:
            assert not differences(state_of_events(scim.connection), state_of_site(scim))
    present = state_of_site(scim)
    assert not differences(state_of_events(scim.connection), present)
    assert len(present) > len(users) and {200, 400} <= set(tried) | {200 if 204 in tried else 0}


def bulk(scim, number, users, groups):
    """Create users and a group with them, rename one of the users, in one request."""
    new = {"schemas": [USER], "active": True}
    group = {"schemas": [GROUP], "displayName": f"B{number}"}
    answer = scim.bulk(
        {"method": "POST", "path": "/Users", "bulkId": "a",
         "data": new | {"userName": f"bulk{number}a", "title": "T"}},
        {"method": "POST", "path": "/Users", "bulkId": "b",
         "data": new | {"userName": f"bulk{number}b", "active": False}},
        {"method": "POST", "path": "/Groups", "bulkId": "g",
         "data": group | {"members": [{"value": "bulkId:a"}, {"value": "bulkId:b"}]}},
        {"method": "PATCH", "path": f"/Users/{users[0]}",
         "data": {"Operations": [{"op": "replace", "path": "title", "value": f"B{number}"}],
                  "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}},
    )  # fmt: skip
    results = answer.data["Operations"]
    assert [each["status"] for each in results] == ["201", "201", "201", "200"], results
    first, second, made, _ = (each["location"].rpartition("/")[2] for each in results)
    users += [first, second]
    groups.append(made)

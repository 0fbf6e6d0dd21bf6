"""No order of requests lets a connection read, change or get back what it does not own."""

import os

import pytest
from django.db import transaction
from hypothesis import strategies as st

from .ownership import World
from .strategies import each_of

COUNT = int(os.environ.get("SCIM_SEQUENCES", 2_000 if os.environ.get("SCIM_LONG") else 50))

who = st.sampled_from([0, 1])
number = st.integers(0, 4)
flag = st.booleans()
names = st.sampled_from(["amy", "AMY", "ben", "zoe"])
group_names = st.sampled_from(["staff", "editors"])
external_ids = st.sampled_from(["e1", "e2"])
people = st.sampled_from(
    [("amy", "e1"), ("amy", "e1"), ("AMY", "e1"), ("ben", "e2"), ("amy", "e2")]
)
changes = st.one_of(
    st.tuples(st.just("userName"), names),
    st.tuples(st.just("emails"), st.just([{"value": "new@example.org", "primary": True}])),
    st.tuples(st.just("password"), st.just("Battery-staple-8")),
    st.tuples(st.just("active"), flag),
    st.tuples(st.just("name.givenName"), st.sampled_from(["Amy", "Ben"])),
    st.tuples(st.just("externalId"), external_ids),
)


def step(kind, *arguments):
    return st.tuples(st.just(kind), *arguments)


def both_of(kind, *arguments):
    """Return a step whose last argument is a pair of arguments."""
    return step(kind, *arguments).map(lambda found: (*found[:-1], *found[-1]))


requests = st.one_of(
    *[step("create", who, people, flag)] * 5,
    step("put", who, number, people, flag),
    *[both_of("patch", who, number, changes)] * 3,
    step("get", who, number),
    *[step("delete", who, number)] * 4,
    *[step("come_back", who, number)] * 2,
    step("manager", who, number, number),
    step("create_group", who, group_names, number | st.none()),
    step("put_group", who, number, group_names),
    step("rename_group", who, number, group_names),
    *[step("members", who, number, st.sampled_from(["add", "remove", "replace"]), number)] * 2,
    step("delete_group", who, number),
    step("bulk", who, number, names, external_ids),
)
acts = st.one_of(
    step("site_account", names, flag, st.sampled_from([0, 1])),
    both_of(
        "site_change",
        number,
        st.one_of(
            st.tuples(st.just("is_active"), flag),
            st.tuples(st.just("is_staff"), flag),
            st.tuples(st.just("first_name"), st.sampled_from(["Amy", "Ben"])),
        ),
    ),
    step("site_password", number),
    step("site_delete", number),
    step("user_permission", number),
    step("group_permission", number, flag),
    step("site_member", number, number),
    *[step("assign", who, number)] * 2,
    *[step("unassign", who, number)] * 2,
    step("confirm", who, number),
    step("assign_group", who, number, flag),
    step("unassign_group", who, number),
    step("scope", who, st.sampled_from(["site", "own", "own"])),
    step("tenant", who, st.sampled_from([0, 1, None, None])),
    step("adoption", who, st.sampled_from(["none", "username"])),
)
CREATED, DELETED = ("create", 0, ("amy", "e1"), True), ("delete", 0, 0)
BACK = ("come_back", 0, 0)
ADOPTED = [("adoption", 0, "username"), ("site_account", "amy", False, 0), CREATED]
#: The first steps of some sequences, because random sequences rarely contain them: an account comes
#: back after a deletion, after it was adopted, after an admin unassigned it, or after the site
#: changed it; it becomes staff while a connection has it. Each is also run alone, since a small
#: number of sequences does not begin with all of them.
PRELUDES = [
    [],
    [CREATED, DELETED, BACK],
    [*ADOPTED, ("adoption", 0, "none"), DELETED, BACK],
    [CREATED, DELETED, ("unassign", 0, 0), BACK],
    [*ADOPTED, ("unassign", 0, 0), BACK],
    [CREATED, DELETED, ("site_change", 0, "first_name", "Amy"), BACK],
    [CREATED, DELETED, ("site_change", 0, "is_staff", True), BACK],
    [CREATED, ("site_change", 0, "is_staff", True), ("patch", 0, 0, "active", False)],
]
sequences = st.builds(
    lambda first, others: first + others,
    st.sampled_from(PRELUDES),
    st.lists(requests | requests | acts, min_size=8, max_size=18),
)


@pytest.mark.django_db
@pytest.mark.timeout(7_200)
def test_connections_change_only_their_own_resources(settings):
    settings.DJANGO_SCIM = {"ADAPTERS": {"User": "tests.property.ownership.TenantAdapter"}}
    for first in PRELUDES:
        run(first)
    done = []
    each_of(sequences, COUNT, 11, lambda steps: done.append(run(steps)))
    assert len(done) >= COUNT * 0.9
    for outcome in ("gained", "lost", "refused", "returned"):
        assert sum(outcome in each for each in done) > COUNT / 50, outcome


def run(steps):
    """Do the steps on an empty site. Return what happened in them."""
    with transaction.atomic():
        world = World()
        seen = set()
        for operation in steps:
            before, released = world.state, dict(world.model.released)
            world.step(operation)
            for old, new in zip(before.visible, world.state.visible, strict=True):
                seen |= {"gained"} if new - old else set()
                seen |= {"lost"} if old - new else set()
                seen |= {"returned"} if (new - old) & released.keys() else set()
            seen |= {"refused"} if world.status >= 400 else set()
        transaction.set_rollback(True)
    return seen

"""PATCH has the result that the RFC describes, as computed in memory by ``oracle``."""

import json
import os

import pytest
from django.db import transaction
from hypothesis import strategies as st
from scim2_models import Context, EnterpriseUser, Group, User

from tests.client import ENTERPRISE, USER

from . import operations
from .oracle import LISTS, Refused, patched
from .strategies import each_of, sample

COUNT = int(os.environ.get("SCIM_PATCHES", 10_000 if os.environ.get("SCIM_LONG") else 300))
PER_RESOURCE = 25 if COUNT <= 300 else 200
bodies = st.fixed_dictionaries(
    {},
    optional={
        "active": st.booleans(),
        "name": st.dictionaries(st.sampled_from(operations.NAMES), operations.words, min_size=1),
        **dict.fromkeys(operations.SINGULAR, operations.words),
        ENTERPRISE: st.dictionaries(st.sampled_from(operations.WORK), operations.words, min_size=1),
        **{name: operations.elements(name) for name in LISTS},
    },
)


@pytest.mark.django_db
def test_patch_has_the_result_of_the_rfc(scim, settings):
    # The oracle refuses what these tolerances ignore.
    ignoring = ["leaver", "read-only-path", "empty-value", "number-for-text"]
    profile = {"remove": ignoring, "shows_empty_members": False}
    settings.DJANGO_SCIM = {"PROFILES": {"default": profile}}
    ids = [scim.make_user(f"user{number}")["id"] for number in range(4)]
    tried = []
    for number in range(COUNT // PER_RESOURCE):
        is_group = number % 4 == 3
        path = group(scim, ids, number) if is_group else user(scim, number)
        sequences = operations.of_a_group(ids) if is_group else operations.of_a_user(ids)
        each_of(sequences, PER_RESOURCE, number, lambda found, at=path: tried.append(
            try_one(scim, at, found, ids)))  # fmt: skip
        scim.delete(path)
    assert len(tried) >= COUNT * 0.9
    for outcome in ("refused", "changed", "same"):
        assert tried.count(outcome) > len(tried) / 25, outcome


def user(scim, number):
    """Create a random user and return its path."""
    body = {"schemas": [USER, ENTERPRISE]} | sample(bodies, 5, number)[-1]
    for name in LISTS:
        primary = [each for each in body.get(name, []) if each.get("primary")]
        for each in primary[1:]:
            del each["primary"]
    answer = scim.post("/Users", body | {"userName": f"subject{number}"})
    assert answer.status_code == 201, answer.data
    return f"/Users/{answer.data['id']}"


def group(scim, ids, number):
    members = [{"id": each} for each in ids[: number % 3]]
    return f"/Groups/{scim.make_group(f'Group {number}', *members)['id']}"


def try_one(scim, path, sequence, ids):
    """Send one PATCH, compare the result, roll back, and return the outcome."""
    wire = [operation for operation, _ in sequence]
    changes = [change for _, each in sequence for change in each]
    with transaction.atomic():
        before = scim.get(path)
        answer = scim.patch(path, *wire)
        after = scim.get(path)
        transaction.set_rollback(True)
    assert_valid(after.data)
    assert after.headers["ETag"] == after.data["meta"]["version"]
    try:
        expected = patched(state(before.data), changes, ids)
    except Refused:
        assert 400 <= answer.status_code < 500, (wire, state(after.data))
        assert after.data == before.data, wire
        return "refused"
    assert answer.status_code in (200, 204), (wire, answer.data)
    assert comparable(state(after.data)) == comparable(expected), wire
    if answer.data is not None:
        assert answer.data == after.data
    if comparable(expected) == comparable(state(before.data)):
        assert after.data["meta"] == before.data["meta"], (wire, "a PATCH without effect")
        return "same"
    for name in ("version", "lastModified"):
        assert after.data["meta"][name] != before.data["meta"][name], wire
    return "changed"


def state(resource):
    """Return a resource as a state of the oracle, without the values that the server sets."""
    found = {"required": ("userName",) if "userName" in resource else ("displayName",)}
    work = resource.get(ENTERPRISE, {})
    assert (ENTERPRISE in resource["schemas"]) is bool(work)
    for name, value in resource.items():
        if name in ("schemas", "id", "meta", "groups", ENTERPRISE):
            continue
        if name == "name":
            found |= {f"name.{part}": text for part, text in value.items()}
        elif name == "members":
            found[name] = {each["value"] for each in value}
        else:
            found[name] = value
    for name, value in work.items():
        found[f"{ENTERPRISE}:{name}"] = value["value"] if name == "manager" else value
    return found


def comparable(state):
    """Sort multi-valued attributes, which have no order (RFC 7643 section 2.4)."""
    return {
        name: sorted(json.dumps(each, sort_keys=True) for each in value)
        if isinstance(value, list)
        else value
        for name, value in state.items()
    }


def assert_valid(resource):
    model = User[EnterpriseUser] if "userName" in resource else Group
    model.model_validate(resource, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)

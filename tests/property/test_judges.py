"""PATCH and filters have the results of scim-patch, scim2-parse-filter and scim2-models.

These programs of others differ where the RFCs leave a choice, or where they do not know the schema.
Every difference must have one of the listed causes, each with its section of the RFC. The packages
of npm are installed into a temporary folder.
"""

import json
import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import strategies as st
from scim2_models import EnterpriseUser, PatchOp, SCIMException, User

from tests.client import ENTERPRISE, PATCH, USER

from . import operations
from .oracle import LISTS, Change, holds
from .strategies import sample
from .test_patch import bodies, comparable, state

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not os.environ.get("SCIM_LONG"), reason="only in the long tests"),
]
COUNT = 300
PACKAGES = ("scim-patch@0.8.3", "scim2-parse-filter@0.2.10")
Person = User[EnterpriseUser]


@pytest.fixture(scope="session")
def judge(tmp_path_factory):
    """Return a function that sends tasks to the packages of npm, and returns their answers."""
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("judge")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
    installed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    if installed.returncode:
        pytest.skip(f"npm cannot install the packages: {installed.stderr.strip()[-200:]}")
    shutil.copy(Path(__file__).with_name("judge.js"), folder)

    def ask(tasks):
        lines = "\n".join(json.dumps(each) for each in tasks)
        done = subprocess.run(
            ["node", "judge.js"], cwd=folder, input=lines, capture_output=True, text=True,
            timeout=120, check=True,
        )  # fmt: skip
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == len(tasks)
        return answers

    return ask


def lowered(value):
    """Return a value in lower case, as the packages of npm know no schema and compare exactly."""
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, list | tuple):
        return type(value)(lowered(each) for each in value)
    return {k: lowered(v) for k, v in value.items()} if isinstance(value, dict) else value


def lowered_where(where):
    op, *rest = where
    if op in ("and", "or", "not"):
        return (op, *map(lowered_where, rest))
    return (op, rest[0], *map(lowered, rest[1:]))


def changes_of_a_user(ids):
    """Return a strategy for one change of each kind."""
    kinds = st.one_of(
        operations.singles(), operations.lists(), operations.lists(), operations.selected(),
        operations.selected(), operations.managers(ids), operations.names_and_states(),
    )  # fmt: skip
    return kinds.map(lambda found: found[1][0])


def wire_of(change):
    """Return a change as an operation with a path in the words of the schema."""
    path = change.attribute
    value = lowered(change.value)
    if change.where is not None:
        path += f"[{text_of(lowered_where(change.where), quoted)}]"
    if change.sub:
        path += f".{change.sub}"
    if path == f"{ENTERPRISE}:manager" and value is not None:
        value = {"value": change.value}
    operation = {"op": change.op, "path": path}
    return operation if value is None and change.op == "remove" else operation | {"value": value}


def trials(scim):
    """Yield random changes, each with the user before and the states before and after."""
    ids = [scim.make_user(f"user{number}")["id"] for number in range(4)]
    for number in range(COUNT // 25):
        body = lowered_body(sample(bodies, 5, number)[-1]) | {"userName": f"subject{number}"}
        path = f"/Users/{scim.make('/Users', body)['id']}"
        for change in sample(changes_of_a_user(ids), 25, number):
            with transaction.atomic():
                before = scim.get(path).data
                old = state(before)
                answer = scim.patch(path, wire_of(change))
                after = scim.get(path).data
                new = state(after) if answer.status_code in (200, 204) else None
                transaction.set_rollback(True)
            yield change, before, old, new


def lowered_body(body):
    body = {"schemas": [USER, ENTERPRISE]} | lowered(body)
    for name in LISTS:
        for each in [each for each in body.get(name, []) if each.get("primary")][1:]:
            del each["primary"]
    return body


def flat(resource):
    """Return the state of a resource that a judge has changed."""
    try:
        resource = {k: v for k, v in resource.items() if v not in (None, [], {})}
        found = {}
        for name, value in resource.items():
            if name in ("schemas", "id", "meta", "groups"):
                continue
            if name == "name":
                found |= {f"name.{part}": text for part, text in value.items()}
            elif name == ENTERPRISE:
                for part, each in value.items():
                    found[f"{name}:{part}"] = each["value"] if part == "manager" else each
            else:
                found[name] = value
    except (TypeError, KeyError, AttributeError):
        return {"not a resource": True}
    return found


def as_text(found):
    return {k: v for k, v in comparable(found or {}).items() if k != "required"}


def naive(where, element):
    """Return whether an element matches if every comparison with an absent value is false."""
    op, *rest = where
    if op in ("and", "or"):
        return (all if op == "and" else any)(naive(each, element) for each in rest)
    if op == "not":
        return not naive(rest[0], element)
    return rest[0] in element and holds(where, element, "photos")


def chosen(change, old, match):
    return [each for each in old.get(change.attribute, []) if match(change.where, each)]


def identities(change, old):
    """Return value and type of each element that a change leaves in a list or adds to it."""
    items = old.get(change.attribute, []) if change.op == "add" else []
    return [(each.get("value"), each.get("type")) for each in [*items, *change.value]]


def is_list_of(change):
    return change.attribute in LISTS and isinstance(change.value, list) and change.op != "remove"


#: Why a judge may differ: the section of the RFC that this server follows, and the changes for
#: which it matters.
CAUSES = {
    "7643 2.5: null and an empty text mean that an attribute is unassigned":
        lambda change, old: change.op != "remove" and change.value in (None, ""),
    "7643 4.1.1: the server decides what active is, so it always has a value":
        lambda change, old: change.attribute == "active" and change.op == "remove",
    "7644 3.5.2.2: a required attribute cannot be removed":
        lambda change, old: change.attribute == "userName" and change.op == "remove",
    "7643 2.4: two values with the same value and type are one":
        lambda change, old: (is_list_of(change)
                             and len(found := identities(change, old)) > len(set(found)))
        or (change.where is not None and change.op != "remove"
            and (change.sub in ("value", "type") or not change.sub)),
    "7644 3.5.2: a new primary value takes the place of the old one, and there cannot be two":
        lambda change, old: '"primary": true' in json.dumps(change.value)
        or (change.sub == "primary" and change.value is True),
    "7644 3.5.2.2: a remove has no value; connectors list the values all the same":
        lambda change, old: change.op == "remove" and change.value is not None,
    "7644 3.4.2.2 and 7643 2.4: an absent value is not equal, an absent primary is false":
        lambda change, old: change.where is not None and chosen(
            change, old, lambda where, each: holds(where, each, change.attribute)
        ) != chosen(change, old, naive),
    "7644 3.5.2: a path that selects nothing: a remove changes nothing, eq terms describe a value":
        lambda change, old: change.where is not None and not chosen(
            change, old, lambda where, each: holds(where, each, change.attribute)),
    "7644 3.5.2.3: a replace of selected values replaces them, with all their sub-attributes":
        lambda change, old: change.where is not None and change.op == "replace" and not change.sub,
}  # fmt: skip


def explain(change, old):
    """Return the causes for which another program may have another result of a change."""
    change = Change(
        change.op,
        change.attribute,
        lowered(change.value),
        change.where and lowered_where(change.where),
        change.sub,
    )
    return [cause for cause, applies in CAUSES.items() if applies(change, old)]


def judged(tried, results):
    """Compare the results of a judge; None is a refusal. Return the agreements and the causes."""
    same, causes = 0, Counter()
    for (change, _, old, new), theirs in zip(tried, results, strict=True):
        if (new is None) == (theirs is None) and as_text(new) == as_text(theirs):
            same += 1
            continue
        found = explain(change, old)
        assert found, (wire_of(change), old.get(change.attribute), new, theirs)
        causes.update(found[:1])
    assert len(tried) == same + sum(causes.values()) >= COUNT * 0.9
    return same, causes


def test_scim_patch_has_the_same_results(scim, judge):
    tried = list(trials(scim))
    tasks = [
        {"resource": before, "operations": [wire_of(change)]} for change, before, _, _ in tried
    ]
    answers = judge(tasks)
    results = [flat(each["result"]) if "result" in each else None for each in answers]
    same, _ = judged(tried, results)
    assert same > COUNT * 0.7


def test_scim2_models_has_the_same_results(scim):
    tried = list(trials(scim))
    results = [patched_by_models(before, change) for change, before, _, _ in tried]
    same, _ = judged(tried, results)
    assert same > COUNT * 0.7


def patched_by_models(before, change):
    """Return the state after a change by scim2-models, None if it refuses the change."""
    user = Person.model_validate(before)
    body = {"schemas": [PATCH], "Operations": [wire_of(change)]}
    try:
        PatchOp[Person].model_validate(body).patch(user)
    except (SCIMException, ValueError):
        return None
    return flat(json.loads(user.model_dump_json(by_alias=True, exclude_none=True)))


# Filters

SINGLE = ("userName", "title", "nickName", "displayName", "name.familyName", "name.formatted",
          f"{ENTERPRISE}:department", f"{ENTERPRISE}:costCenter")  # fmt: skip
TEXT_OPS = ("eq", "eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr")
TEXTS = ["guide", "lead", "gu", "de", "zoë", "ß", "100%", "subject", "subject3", "e"]


@st.composite
def single_terms(draw):
    """Return a strategy for terms on attributes with one value, as tuples."""
    if draw(st.integers(0, 5)) == 5:
        return (draw(st.sampled_from(["eq", "ne"])), "active", draw(st.booleans()))
    op, path = draw(st.sampled_from(TEXT_OPS)), draw(st.sampled_from(SINGLE))
    return (op, path) if op == "pr" else (op, path, draw(st.sampled_from(TEXTS)))


@st.composite
def list_terms(draw):
    """Return a strategy for terms on lists: a value path, or a comparison of a sub-attribute."""
    attribute = draw(st.sampled_from([each for each in LISTS if each != "photos"]))
    if draw(st.booleans()):
        return ("[]", attribute, lowered_where(draw(operations.wheres(attribute))))
    part = draw(st.sampled_from(operations.PARTS[attribute]))
    value = draw(operations.part_values(attribute, part))
    return ("eq", f"{attribute}.{part}", lowered(value))


@st.composite
def terms(draw, depth=2):
    if depth and (shape := draw(st.sampled_from(["", "and", "or", "not"]))):
        count = 1 if shape == "not" else 2
        return (shape, *(draw(terms(depth - 1)) for _ in range(count)))
    return draw(single_terms() | list_terms())


def text_of(term, quote, absent=False):
    """Return the text of a term. ``quote`` writes a value.

    With ``absent``, the text says what RFC 7644 section 3.4.2.2 and RFC 7643 section 2.4 say about
    absent values, for a program that finds no comparison with one true.
    """
    op, *rest = term
    if op in ("and", "or"):
        return f" {op} ".join(f"({text_of(each, quote, absent)})" for each in rest)
    if op == "not":
        return f"not ({text_of(rest[0], quote, absent)})"
    if op == "[]":
        return f"{rest[0]}[{text_of(rest[1], quote, absent)}]"
    path = rest[0]
    if op == "pr":
        return f"{path} pr"
    text = f"{path} {op} {quote(rest[1])}"
    if not absent:
        return text
    if path.rpartition(".")[2] != "primary":
        return f"({text} or not ({path} pr))" if op == "ne" else text
    if (op == "eq") is rest[1]:
        return text
    if path != "primary":
        return f"{path[:-8]}[{text_of((op, 'primary', rest[1]), quote, True)}]"
    return f"({text} or not (primary pr))"


def quoted(value):
    """Return a value as JSON without escapes of letters, which the packages do not decode."""
    return json.dumps(value, ensure_ascii=False)


def in_capitals(value):
    """Return a value as JSON, in capitals if that changes nothing but the case."""
    is_plain = isinstance(value, str) and value.isascii()
    return json.dumps(value.upper() if is_plain else value)


def test_scim2_parse_filter_finds_the_same(scim, judge):
    """The package finds the same, after a correction of what it leaves out of RFC 7644.

    It finds no comparison with an absent value true, and matches the terms in brackets with
    different values; see ``text_of`` and ``judge.js``. This server gets the texts in capitals, as
    caseExact is false (RFC 7643 section 2.2).
    """
    for number, body in enumerate(sample(bodies, 24, 3)):
        scim.make("/Users", lowered_body(body) | {"userName": f"subject{number}"})
    people = scim.find("userName pr")
    found, tasks = [], []
    # The package does not decode escapes, which a backslash needs.
    plain_terms = terms().filter(lambda term: "\\" not in text_of(term, quoted))
    for term in sample(plain_terms, COUNT, 1):
        ours = scim.find(text_of(term, in_capitals))
        found.append((term, {each["id"] for each in ours}))
        for absent in (False, True):
            text = text_of(term, quoted, absent)
            tasks.append({"filter": text, "resources": people, "corrected": absent})
    answers = iter(judge(tasks))
    same = differs = parts = 0
    for term, ours in found:
        plain, corrected = next(answers), next(answers)
        assert "error" not in plain and "error" not in corrected, (term, plain, corrected)
        differing = [each for each in people if each["id"] in set(corrected["result"]) ^ ours]
        assert not differing, text_of(term, in_capitals)
        is_same = set(plain["result"]) == ours
        same, differs = same + is_same, differs + (not is_same)
        parts += 0 < len(ours) < len(people)
    print(same, differs, parts)
    assert same + differs == COUNT and same > COUNT / 2 and parts > COUNT / 4

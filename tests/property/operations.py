"""Strategies for PATCH operations of every form, each with its meaning (``oracle.Change``)."""

import json

from hypothesis import strategies as st

from tests.client import ENTERPRISE, GROUP, USER

from .oracle import LISTS, Change

NAMES = ("familyName", "givenName", "middleName", "formatted")
SINGULAR = ("title", "nickName", "displayName", "userType", "locale", "externalId")
WORK = ("department", "division", "costCenter", "employeeNumber", "organization")
VALUES = {
    "emails": ["a@x.example", "b@x.example", "C@x.example"],
    "phoneNumbers": ["1", "+49 30 1", "x 2"],
    "roles": ["Guide", "lead", "%"],
    "ims": ["one", "Two"],
    "photos": ["https://x.example/a", "https://x.example/A"],
    "addresses": [],
}
PARTS = {
    **dict.fromkeys(VALUES, ("value", "display", "type", "primary")),
    "addresses": ("locality", "country", "formatted", "type", "primary"),
}
TYPES = ["work", "home", "Other"]
words = st.sampled_from(["Guide", "guide", "Lead", "zoë", "ß", "100%", "a\\b", "x" * 60])
ops = st.sampled_from(["add", "replace"])


def spelt(op):
    return st.sampled_from([op, op.capitalize(), op.upper()])


@st.composite
def elements(draw, attribute, least=1):
    """Return a strategy for lists of distinct values (RFC 7643 section 2.4)."""
    parts = {"type": st.sampled_from(TYPES), "primary": st.booleans()}
    if attribute == "addresses":
        parts |= dict.fromkeys(("country", "formatted"), words)
        return draw(st.lists(st.fixed_dictionaries({"locality": words}, optional=parts),
                             min_size=least, max_size=2, unique_by=str))  # fmt: skip
    item = st.fixed_dictionaries(
        {"value": st.sampled_from(VALUES[attribute])}, optional=parts | {"display": words}
    )
    by_value = lambda each: (each["value"], each.get("type"))  # noqa: E731
    return draw(st.lists(item, min_size=least, max_size=3, unique_by=by_value))


def part_values(attribute, sub):
    if sub == "primary":
        return st.booleans()
    if sub == "type":
        return st.sampled_from(TYPES)
    return st.sampled_from(VALUES[attribute]) if sub == "value" else words


@st.composite
def wheres(draw, attribute, parts=None, depth=2):
    """Return a strategy for filters in brackets, as tuples."""
    parts = parts or PARTS[attribute]
    if depth and (shape := draw(st.sampled_from(["", "", "and", "or", "not"]))):
        count = 1 if shape == "not" else 2
        return (shape, *(draw(wheres(attribute, parts, depth - 1)) for _ in range(count)))
    sub = draw(st.sampled_from(parts))
    choices = ["eq", "eq", "eq", "ne", "pr"] if sub == "primary" else [
        "eq", "eq", "eq", "ne", "co", "sw", "pr"
    ]  # fmt: skip
    op = draw(st.sampled_from(choices))
    return (op, sub) if op == "pr" else (op, sub, draw(part_values(attribute, sub)))


def written(where):
    """Return the text of a filter given as tuples."""
    op, *rest = where
    if op in ("and", "or"):
        return f" {op} ".join(f"({written(each)})" for each in rest)
    if op == "not":
        return f"not ({written(rest[0])})"
    return f"{rest[0]} pr" if op == "pr" else f"{rest[0]} {op} {json.dumps(rest[1])}"


def consistent(where):
    """Return whether a filter that creates a value names each sub-attribute once."""
    names = []

    def walk(term):
        if term[0] in ("and", "or", "not"):
            for each in term[1:]:
                walk(each)
        else:
            names.append(term[1])

    walk(where)
    return len(set(names)) == len(names)


@st.composite
def singles(draw):
    """Change a singular attribute: by path, by its URN, without a path, with null."""
    name = draw(st.sampled_from(
        [*SINGULAR, *(f"name.{n}" for n in NAMES), *(f"{ENTERPRISE}:{n}" for n in WORK)]
    ))  # fmt: skip
    op = draw(st.sampled_from(["add", "replace", "replace", "remove"]))
    path = name if name.startswith("urn:") else draw(st.sampled_from([name, f"{USER}:{name}"]))
    path = draw(st.sampled_from([path, path.upper()]))
    if op == "remove":
        return {"op": draw(spelt(op)), "path": path}, [Change(op, name)]
    value = draw(st.sampled_from([None, ""]) if op == "replace" and draw(
        st.integers(0, 5)) == 5 else words)  # fmt: skip
    return {"op": draw(spelt(op)), "path": path, "value": value}, [Change(op, name, value)]


@st.composite
def wholes(draw):
    """Change several attributes: a complex one, an extension, a value without a path."""
    op = draw(ops)
    names = draw(st.dictionaries(st.sampled_from(NAMES), st.none() | words, min_size=1))
    work = draw(st.dictionaries(st.sampled_from(WORK), words, min_size=1))
    plain = draw(st.dictionaries(st.sampled_from(SINGULAR), words, min_size=1))
    of_names = [Change(op, f"name.{key}", value) for key, value in names.items()]
    of_work = [Change(op, f"{ENTERPRISE}:{key}", value) for key, value in work.items()]
    of_plain = [Change(op, key, value) for key, value in plain.items()]
    dotted = {f"name.{key}": value for key, value in names.items()}
    by_urn = {f"{ENTERPRISE}:{key}": value for key, value in work.items()}
    attribute = draw(st.sampled_from(LISTS))
    items = draw(elements(attribute))
    of_items = [Change(op, attribute, items)]
    wire, changes = draw(st.sampled_from([
        ({"path": "name", "value": names}, of_names),
        ({"path": ENTERPRISE, "value": work}, of_work),
        ({"value": plain}, of_plain),
        ({"value": {**plain, "name": names}}, of_plain + of_names),
        ({"value": dotted | plain}, of_names + of_plain),
        ({"value": {ENTERPRISE: work, attribute: items}}, of_work + of_items),
        ({"value": by_urn | plain}, of_work + of_plain),
        ({"value": {"schemas": [USER], "nonsense": 1, **plain}}, of_plain),
    ]))  # fmt: skip
    return {"op": draw(spelt(op)), **wire}, changes


@st.composite
def lists(draw):
    """Add, replace or remove a complete list of values."""
    attribute = draw(st.sampled_from(LISTS))
    kind = draw(st.sampled_from(["add", "add", "replace", "one", "remove", "listed"]))
    items = draw(elements(attribute))
    path = draw(st.sampled_from([attribute, f"{USER}:{attribute}"]))
    if kind == "remove":
        return {"op": kind, "path": path}, [Change(kind, attribute)]
    if kind == "listed" and attribute != "addresses":
        listed = [{k: v for k, v in each.items() if k in ("value", "type")} for each in items]
        wire = {"op": "remove", "path": path, "value": listed}
        return wire, [Change("remove", attribute, listed)]
    op = "replace" if kind == "replace" else "add"
    items = items[:1] if kind == "one" else items
    value = items[0] if kind == "one" else items
    return {"op": draw(spelt(op)), "path": path, "value": value}, [Change(op, attribute, items)]


@st.composite
def selected(draw):
    """Change values that a filter in brackets selects, or a sub-attribute of them."""
    attribute = draw(st.sampled_from(LISTS))
    where = draw(wheres(attribute).filter(consistent))
    op = draw(st.sampled_from(["add", "replace", "replace", "remove"]))
    sub = draw(st.sampled_from(["", *PARTS[attribute]]))
    path = f"{attribute}[{written(where)}]" + (f".{sub}" if sub else "")
    if op == "remove":
        return {"op": op, "path": path}, [Change(op, attribute, None, where, sub)]
    if sub:
        value = draw(part_values(attribute, sub))
    else:
        parts = {each: part_values(attribute, each) for each in PARTS[attribute]}
        key = draw(st.sampled_from(PARTS[attribute]))
        value = draw(st.fixed_dictionaries({key: parts.pop(key)}, optional=parts))
    wire = {"op": draw(spelt(op)), "path": path, "value": value}
    return wire, [Change(op, attribute, value, where, sub)]


@st.composite
def managers(draw, ids):
    named = draw(st.sampled_from([*ids, "nobody yet"]))
    name = f"{ENTERPRISE}:manager"
    if draw(st.integers(0, 3)) == 3:
        nothing = draw(st.sampled_from([None, "", {"value": ""}]))
        wire = draw(st.sampled_from([{"op": "remove"}, {"op": "replace", "value": nothing}]))
        return {**wire, "path": name}, [Change("remove", name)]
    op = draw(ops)
    wire = draw(st.sampled_from([
        {"path": name, "value": {"value": named}},
        {"path": name, "value": named},
        {"path": f"{name}.value", "value": named},
        {"path": "manager", "value": {"value": named, "displayName": "Whoever"}},
        {"value": {ENTERPRISE: {"manager": {"value": named}}}},
        {"value": {f"{ENTERPRISE}:manager": named}},
    ]))  # fmt: skip
    return {"op": op, **wire}, [Change(op, name, named)]


@st.composite
def names_and_states(draw):
    """Change userName and active."""
    op = draw(ops)
    name = draw(st.sampled_from(["new", "NEW", "ﬁve"]))
    active = draw(st.booleans())
    return draw(st.sampled_from([
        ({"op": op, "path": "userName", "value": name}, [Change(op, "userName", name)]),
        ({"op": "remove", "path": "userName"}, [Change("remove", "userName")]),
        ({"op": op, "path": "active", "value": active}, [Change(op, "active", active)]),
        ({"op": op, "value": {"active": str(active)}}, [Change(op, "active", active)]),
        ({"op": "remove", "path": "active"}, [Change("remove", "active")]),
    ]))  # fmt: skip


#: Operations that must fail for every resource.
wrong = st.sampled_from([
    {"op": "replace", "path": "/nonsense", "value": "x"},
    {"op": "replace", "path": "id", "value": "x"},
    {"op": "replace", "path": "meta.created", "value": "2020-01-01T00:00:00Z"},
    {"op": "add", "path": "meta.location", "value": "x"},
    {"op": "replace", "path": "externalId", "value": 5},
    {"op": "replace", "path": "externalId", "value": "x" * 300},
    {"op": "replace", "value": {"id": "another"}},
    {"op": "remove"},
    {"op": "move", "path": "title", "value": "x"},
]).map(lambda each: (each, [None]))  # fmt: skip


#: Those that must fail for every user; a group does not have the attributes.
wrong_for_users = wrong | st.sampled_from([
    {"op": "add", "path": "emails[type eq", "value": {"value": "x"}},
    {"op": "add", "path": "emails[nonsense eq \"x\"]", "value": {"value": "x"}},
    {"op": "add", "path": "name[givenName eq \"x\"]familyName", "value": "x"},
    {"op": "replace", "path": "emails", "value": [{"value": "a", "primary": True},
                                                  {"value": "b", "primary": True}]},
]).map(lambda each: (each, [None]))  # fmt: skip


def of_a_user(ids):
    several = st.one_of(
        singles(), singles(), wholes(), lists(), lists(), selected(), selected(), selected(),
        managers(ids), names_and_states(),
    )  # fmt: skip
    return _sequence(several, wrong_for_users)


def _sequence(several, bad=wrong):
    return st.lists(st.integers(0, 14).flatmap(lambda n: bad if n == 14 else several),
                    min_size=1, max_size=4)  # fmt: skip


@st.composite
def memberships(draw, ids):
    chosen = draw(st.lists(st.sampled_from(ids), min_size=1, max_size=3, unique=True))
    if draw(st.integers(0, 9)) == 9:
        chosen = [*chosen, "00000000-0000-4000-8000-000000000000"]
    items = [{"value": each} for each in chosen]
    op = draw(ops)
    where = draw(st.sampled_from([
        ("eq", "value", chosen[0]),
        ("or", *(("eq", "value", each) for each in (chosen[0], chosen[-1]))),
        ("not", ("eq", "value", chosen[0])),
        ("and", ("eq", "type", "user"), ("ne", "value", chosen[0])),
        ("sw", "value", chosen[0][:2]),
        ("eq", "type", "Group"),
    ]))  # fmt: skip
    path = draw(st.sampled_from(["members", f"{GROUP}:members"]))
    return draw(st.sampled_from([
        ({"op": op, "path": path, "value": items}, [Change(op, "members", chosen)]),
        ({"op": op, "path": path, "value": chosen}, [Change(op, "members", chosen)]),
        ({"op": op, "value": {"members": items}}, [Change(op, "members", chosen)]),
        ({"op": op, "path": path, "value": items[0]}, [Change(op, "members", chosen[:1])]),
        ({"op": "remove", "path": path}, [Change("remove", "members")]),
        ({"op": "remove", "path": path, "value": items}, [Change("remove", "members", chosen)]),
        ({"op": "remove", "path": f"members[{written(where)}]"},
         [Change("remove", "members", None, where)]),
        ({"op": "replace", "path": "members.value", "value": chosen[0]}, [None]),
    ]))  # fmt: skip


@st.composite
def group_texts(draw):
    name, text = draw(st.sampled_from(["displayName", "externalId"])), draw(words)
    op = draw(ops)
    return draw(st.sampled_from([
        ({"op": op, "path": name, "value": text}, [Change(op, name, text)]),
        ({"op": op, "value": {name: text}}, [Change(op, name, text)]),
        ({"op": "remove", "path": name}, [Change("remove", name)]),
    ]))  # fmt: skip


def of_a_group(ids):
    return _sequence(st.one_of(memberships(ids), memberships(ids), group_texts()))

"""An independent implementation of PATCH in memory, from RFC 7644 section 3.5.2.

It shares no code with the package. A change describes an operation as ``op``, ``attribute``,
``where`` (a filter as tuples), ``sub`` and ``value``. A state maps each attribute to its value: a
text, a boolean, a list of objects, or a set of members' ids. Parts of a complex attribute have
separate entries, such as ``name.givenName``.
"""

from dataclasses import dataclass
from typing import Any

EXACT = {"photos.value", "members.value"}
LISTS = ("emails", "phoneNumbers", "roles", "ims", "photos", "addresses")
REQUIRED = ("userName", "displayName of a group")


class Refused(Exception):
    """The PATCH must fail and change nothing."""


@dataclass(frozen=True)
class Change:
    op: str
    attribute: str
    value: Any = None
    where: Any = None
    sub: str = ""


def patched(state, changes, known=()):
    """Return the state after a PATCH; ``known`` are the ids of users. Raise Refused."""
    state = {key: _copied(value) for key, value in state.items()}
    for change in changes:
        if change is None:
            raise Refused
        if change.attribute in LISTS:
            elements = _on_list(state.get(change.attribute, []), change)
            if change.where is not None or change.sub:
                elements = _merged(elements)
            state[change.attribute] = [each for each in elements if each]
        elif change.attribute == "members":
            state["members"] = _on_members(state.get("members", set()), change, known)
        elif change.op == "remove" or change.value in (None, ""):
            if change.attribute == "active":
                continue  # it always shows the state of the account
            if change.attribute in state.get("required", ()):
                raise Refused
            state.pop(change.attribute, None)
        else:
            state[change.attribute] = change.value
    return {key: value for key, value in state.items() if value != [] and value != set()}


def _copied(value):
    return [dict(each) for each in value] if isinstance(value, list) else value


def _on_list(elements, change):
    attribute, value = change.attribute, change.value
    if change.where is None and not change.sub:
        if change.op == "add":
            return _add(elements, value)
        if change.op == "replace":
            _refuse_two_primaries(value)
            return [dict(each) for each in value]
        if value is None:
            return []
        return [each for each in elements if not any(_is_listed(each, item) for item in value)]
    chosen = [
        each for each in elements if change.where is None or holds(change.where, each, attribute)
    ]
    removes = change.op == "remove" or value in (None, "")
    if removes and not change.sub:
        return [each for each in elements if each not in chosen]
    if removes:
        for each in chosen:
            each.pop(change.sub, None)
        return elements
    fixed = _fixed(change.where)
    if not chosen:
        # noTarget (section 3.5.2.3), except if eq terms describe the value to create
        if fixed is None:
            raise Refused
        chosen = [dict(fixed)]
        elements = [*elements, *chosen]
    given = {change.sub: value} if change.sub else value
    for each in chosen:
        if change.op == "replace" and not change.sub:
            each.clear()
            each.update(fixed or {})
        each.update({key: part for key, part in given.items() if part is not None})
        for key in [key for key, part in given.items() if part is None]:
            each.pop(key, None)
    _one_primary(elements, [each for each in chosen if each.get("primary") is True], given)
    return elements


def _merged(elements):
    """Merge values that are now equal (RFC 7643 section 2.4)."""
    result = []
    for each in elements:
        same = next(
            (e for e in result if "value" in each and _identity(e) == _identity(each)), None
        )
        if same is None:
            result.append(each)
            continue
        primary = True in (each.get("primary"), same.get("primary"))
        same.update(each | same | ({"primary": True} if primary else {}))
    return result


def _add(elements, items):
    """Add values; an equal value is not added again but updated (section 3.5.2.1)."""
    _refuse_two_primaries(items)
    for item in items:
        same = next((each for each in elements if _identity(each) == _identity(item)), None)
        if same is None:
            same = {}
            elements = [*elements, same]
        same.update(item)
        _one_primary(elements, [same] if item.get("primary") else [], item)
    return elements


def _identity(element):
    return (element["value"], element.get("type")) if "value" in element else element


def _is_listed(element, item):
    return item["value"] == element.get("value") and item.get("type") in (None, element.get("type"))


def _refuse_two_primaries(items):
    if sum(item.get("primary") is True for item in items) > 1:
        raise Refused


def _one_primary(elements, primary, given):
    """Let a new primary value replace the old one; two new ones are an error."""
    if not primary:
        return
    if given.get("primary") is True and len(primary) > 1:
        raise Refused
    for each in elements:
        if each.get("primary") is True and not any(each is one for one in primary):
            each["primary"] = False


def _fixed(where):
    """Return the sub-attributes of a filter of eq terms joined by ``and``, or None."""
    if where is None:
        return None
    if where[0] == "and":
        parts = [_fixed(each) for each in where[1:]]
        return None if None in parts else {k: v for part in parts for k, v in part.items()}
    return {where[1]: where[2]} if where[0] == "eq" else None


def _on_members(members, change, known):
    ids = set(change.value or ())
    if change.op == "remove":
        if change.where is not None:
            return {
                each
                for each in members
                if not holds(change.where, {"value": each, "type": "User"}, "members")
            }
        return set() if change.value is None else members - ids
    if ids - set(known):
        raise Refused  # section 3.5.2: invalidValue
    return members | ids if change.op == "add" else ids


def holds(where, element, attribute):
    """Return whether an element matches a filter (RFC 7644 table 3)."""
    op, *rest = where
    if op == "and":
        return all(holds(each, element, attribute) for each in rest)
    if op == "or":
        return any(holds(each, element, attribute) for each in rest)
    if op == "not":
        return not holds(rest[0], element, attribute)
    sub = rest[0]
    value = element.get(sub, False if sub == "primary" else None)
    if op == "pr":
        return sub in element
    wanted = rest[1]
    if isinstance(value, str) and f"{attribute}.{sub}" not in EXACT:
        value, wanted = value.lower(), wanted.lower()
    if op == "ne":
        return value != wanted
    if value is None:
        return False
    return {
        "eq": lambda: value == wanted,
        "co": lambda: wanted in value,
        "sw": lambda: value.startswith(wanted),
    }[op]()

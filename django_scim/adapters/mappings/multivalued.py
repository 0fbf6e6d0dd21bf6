"""The values of a multi-valued attribute in memory, and what PATCH does to them.

Pure functions on lists (RFC 7644 section 3.5.2): no mapping and no database in here.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Any

from ...protocol.attributes import Attribute
from ...protocol.errors import InvalidValue, Mutability, NoTarget
from ...protocol.filters import Filter
from ...protocol.filters.evaluation import element_matches
from ...protocol.messages.patch import Operation
from ...protocol.messages.selectors import created_value, kept_selectors
from ...protocol.tolerances import Tolerances
from ...protocol.values import check_one_primary


@dataclass(eq=False)
class MultiValue:
    """One value: its sub-attributes, and the key of the row that holds it, if there is one."""

    data: dict[str, Any]
    key: Any = None
    original: dict[str, Any] = field(default_factory=dict)


def apply(
    elements: list[MultiValue], operation: Operation, tolerances: Tolerances
) -> list[MultiValue]:
    """Return the values after one operation.

    Raises NoTarget where the filter in brackets selects nothing and nothing can be made of it,
    InvalidValue where two values would be primary.
    """
    if operation.path.sub is not None or operation.where is not None:
        result = _apply_selected(elements, operation, tolerances)
    elif operation.op == "remove":
        result = _remove(elements, operation.value)
    elif operation.op == "replace":
        result = _replace(elements, operation.value)
    else:
        result = _add(elements, operation.value)
    result = [element for element in result if element.data]
    for element in result:
        check_parts(operation.path.attribute, element.original, element.data)
    return result


def check_parts(attribute: Attribute, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Hold a complex value that changed against what its parts are (RFC 7643 section 7).

    Raises InvalidValue without a required part, Mutability for another immutable one.
    """
    if new == old:
        return
    for sub in attribute.sub_attributes:
        if sub.required and sub.mutability != "readOnly" and sub.name not in new:
            raise InvalidValue(f"{attribute.name}.{sub.name}: is required")
        if sub.mutability == "immutable" and old.get(sub.name, new.get(sub.name)) != new.get(
            sub.name
        ):
            raise Mutability(f"{attribute.name}.{sub.name}: is immutable and has a value already")


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Two elements are one when value and type agree (RFC 7643 2.4); without value, when all do."""
    return _identity(one) == _identity(other)


def _identity(data: dict[str, Any]) -> Hashable:
    parts = {"value": data["value"], "type": data.get("type")} if "value" in data else data
    return tuple(
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in sorted(parts.items())
    )


def _add(elements: list[MultiValue], items: list[dict[str, Any]]) -> list[MultiValue]:
    result = list(elements)
    held = {_identity(each.data): each for each in reversed(elements)}
    for item in items:
        known = held.get(_identity(item))
        if known is None:
            known = held[_identity(item)] = MultiValue(dict(item))
            result.append(known)
        else:
            known.data = known.data | item
        if item.get("primary") is True:
            _demote_others(result, [known])
    return result


def _replace(elements: list[MultiValue], items: list[dict[str, Any]]) -> list[MultiValue]:
    """Take the new list, but keep the row of every value that stays; none is taken twice."""
    rest: dict[Hashable, list[MultiValue]] = {}
    for element in elements:
        rest.setdefault(_identity(element.data), []).append(element)
    result: list[MultiValue] = []
    taken: dict[Hashable, MultiValue] = {}
    for item in items:
        identity = _identity(item)
        if rest.get(identity):
            known = rest[identity].pop(0)
            known.data = dict(item)
        elif identity in taken:
            taken[identity].data = taken[identity].data | item
            continue
        else:
            known = MultiValue(dict(item))
        taken[identity] = known
        result.append(known)
    return result


def _remove(elements: list[MultiValue], listed: list[dict[str, Any]] | None) -> list[MultiValue]:
    if listed is None:
        return []

    def is_listed(data: dict[str, Any]) -> bool:
        return any(
            item.get("value") == data.get("value") and item.get("type", data.get("type"))
            == data.get("type")
            for item in listed
        )  # fmt: skip

    return [element for element in elements if not is_listed(element.data)]


def _apply_selected(
    elements: list[MultiValue], operation: Operation, tolerances: Tolerances
) -> list[MultiValue]:
    where, path = operation.where, operation.path
    chosen = [each for each in elements if where is None or element_matches(where, each.data)]
    if not chosen and operation.op != "remove":
        made = _make_target(where, str(path), tolerances)
        elements, chosen = [*elements, made], [made]
        if made.data.get("primary") is True:
            _demote_others(elements, chosen)
    if path.sub is not None:
        for element in chosen:
            if operation.op == "remove":
                element.data = {k: v for k, v in element.data.items() if k != path.sub.name}
            else:
                element.data = element.data | {path.sub.name: operation.value}
        sets_primary = path.sub.name == "primary" and operation.value is True
    elif operation.op == "remove":
        return [each for each in elements if each not in chosen]
    else:
        for element in chosen:
            kept = element.data if operation.op == "add" else kept_selectors(where, tolerances)
            element.data = kept | operation.value
        sets_primary = operation.value.get("primary") is True
    if sets_primary:
        check_one_primary([each.data for each in chosen], str(path))
        _demote_others(elements, chosen)
    return elements


def _make_target(where: Filter | None, path: str, tolerances: Tolerances) -> MultiValue:
    terms = created_value(where, tolerances)
    if terms is None:
        raise NoTarget(f"{path}: no value is selected by the path")
    return MultiValue(terms)


def _demote_others(elements: list[MultiValue], chosen: list[MultiValue]) -> None:
    """One value is primary; a new one takes that from the old (RFC 7644 3.5.2, L1926)."""
    for element in elements:
        if element not in chosen and element.data.get("primary") is True:
            element.data = element.data | {"primary": False}


def wrapped(operation: Operation) -> Operation:
    """Return an operation on a list of simple values as one on elements with a ``value``."""
    value = operation.value
    if isinstance(value, list):
        value = [{"value": each} for each in value]
    return replace(operation, value=value)


def amended(
    attribute: Attribute, current: Any, operation: Operation, tolerances: Tolerances
) -> Any:
    """Return the whole value of an attribute after one operation; None when it is unassigned.

    For mappings that hold the value in one piece. Raises what ``apply`` raises.
    """
    if attribute.multi_valued:
        is_simple = not attribute.is_complex
        held = [_held({"value": each} if is_simple else each) for each in current or ()]
        elements = apply(held, wrapped(operation) if is_simple else operation, tolerances)
        return [each.data["value"] if is_simple else each.data for each in elements] or None
    value = None if operation.op == "remove" else operation.value
    if not attribute.is_complex:
        return value
    sub, kept = operation.path.sub, dict(current or {})
    if sub is not None:
        kept.pop(sub.name, None)
        changed = kept | ({} if value is None else {sub.name: value})
    else:
        changed = {} if value is None else kept | value
    if changed:
        check_parts(attribute, current or {}, changed)
    return changed or None


def _held(data: dict[str, Any]) -> MultiValue:
    return MultiValue(dict(data), original=dict(data))

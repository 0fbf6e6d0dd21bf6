"""Apply PATCH operations to the values of a multi-valued attribute (RFC 7644 section 3.5.2).

These are pure functions on lists in memory, independent of mappings and the database.
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
    """One value: its sub-attributes, and the primary key of its row, if it has one."""

    data: dict[str, Any]
    key: Any = None
    original: dict[str, Any] = field(default_factory=dict)


def apply(
    elements: list[MultiValue], operation: Operation, tolerances: Tolerances
) -> list[MultiValue]:
    """Return the values after one operation.

    Raise NoTarget if the filter in the path selects no value and none can be created from it,
    InvalidValue if two values would be primary, and the errors of ``check_parts``.
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
    """Check the sub-attributes of a changed complex value (RFC 7643 section 7).

    Raise InvalidValue if a required one is missing, Mutability if an immutable one has changed.
    """
    if new == old:
        return
    for sub in attribute.sub_attributes:
        if sub.required and sub.mutability != "readOnly" and sub.name not in new:
            raise InvalidValue(f"{attribute.name}.{sub.name}: is required")
        if sub.mutability == "immutable" and old.get(sub.name, new.get(sub.name)) != new.get(
            sub.name
        ):
            raise Mutability(
                f"{attribute.name}.{sub.name}: is immutable and already has another value"
            )


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether two values count as the same one (RFC 7643 section 2.4).

    They do if value and type are equal; without ``value``, if all sub-attributes are equal.
    """
    return _identity(one) == _identity(other)


def _identity(data: dict[str, Any]) -> Hashable:
    """Return the key by which ``same`` compares values."""
    parts = {"value": data["value"], "type": data.get("type")} if "value" in data else data
    return tuple(
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in sorted(parts.items())
    )


def _add(elements: list[MultiValue], items: list[dict[str, Any]]) -> list[MultiValue]:
    """Return the values with the items added. An item that is already there is updated."""
    result = list(elements)
    by_identity = {_identity(each.data): each for each in reversed(elements)}
    for item in items:
        element = by_identity.get(_identity(item))
        if element is None:
            element = by_identity[_identity(item)] = MultiValue(dict(item))
            result.append(element)
        else:
            element.data = element.data | item
        if item.get("primary") is True:
            _demote_others(result, [element])
    return result


def _replace(elements: list[MultiValue], items: list[dict[str, Any]]) -> list[MultiValue]:
    """Return the items as values. Those that were already there keep their rows.

    Items that count as the same value are merged.
    """
    rest: dict[Hashable, list[MultiValue]] = {}
    for element in elements:
        rest.setdefault(_identity(element.data), []).append(element)
    result: list[MultiValue] = []
    by_identity: dict[Hashable, MultiValue] = {}
    for item in items:
        identity = _identity(item)
        if rest.get(identity):
            element = rest[identity].pop(0)
            element.data = dict(item)
        elif identity in by_identity:
            by_identity[identity].data = by_identity[identity].data | item
            continue
        else:
            element = MultiValue(dict(item))
        by_identity[identity] = element
        result.append(element)
    return result


def _remove(elements: list[MultiValue], listed: list[dict[str, Any]] | None) -> list[MultiValue]:
    """Return the values without the listed ones; without a list, return no values."""
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
    """Return the values after an operation on those that the path's filter selects."""
    where, path = operation.where, operation.path
    chosen = [each for each in elements if where is None or element_matches(where, each.data)]
    if not chosen and operation.op != "remove":
        new = _make_target(where, str(path), tolerances)
        elements, chosen = [*elements, new], [new]
        if new.data.get("primary") is True:
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
    """Set ``primary`` to false in all values that are not chosen (RFC 7644 section 3.5.2)."""
    for element in elements:
        if element not in chosen and element.data.get("primary") is True:
            element.data = element.data | {"primary": False}


def wrapped(operation: Operation) -> Operation:
    """Return an operation on simple values as one on complex values with only a ``value``."""
    value = operation.value
    if isinstance(value, list):
        value = [{"value": each} for each in value]
    return replace(operation, value=value)


def amended(
    attribute: Attribute, current: Any, operation: Operation, tolerances: Tolerances
) -> Any:
    """Return the complete value of an attribute after one operation, None if it is unassigned.

    For mappings that store the complete value in one place. Raise the errors of ``apply``.
    """
    if attribute.multi_valued:
        is_simple = not attribute.is_complex
        stored = [_stored({"value": each} if is_simple else each) for each in current or ()]
        elements = apply(stored, wrapped(operation) if is_simple else operation, tolerances)
        return [each.data["value"] if is_simple else each.data for each in elements] or None
    value = None if operation.op == "remove" else operation.value
    if not attribute.is_complex:
        return value
    sub, old = operation.path.sub, dict(current or {})
    if sub is not None:
        old.pop(sub.name, None)
        changed = old | ({} if value is None else {sub.name: value})
    else:
        changed = {} if value is None else old | value
    if changed:
        check_parts(attribute, current or {}, changed)
    return changed or None


def _stored(data: dict[str, Any]) -> MultiValue:
    """Return a value that is already stored, without a row."""
    return MultiValue(dict(data), original=dict(data))

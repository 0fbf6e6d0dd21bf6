"""Evaluates a filter on a plain dict: value paths in PATCH, and the oracle of the query layer."""

from collections.abc import Callable
from typing import Any

from .attributes import Attribute
from .filters import And, Comparison, Filter, Not, Or, ValueFilter
from .values import fold, is_empty, parse_datetime


def matches(term: Filter, resource: dict[str, Any]) -> bool:
    """Whether a resource, as sent to a client, satisfies a filter."""
    match term:
        case And(terms):
            return all(matches(each, resource) for each in terms)
        case Or(terms):
            return any(matches(each, resource) for each in terms)
        case Not(inner):
            return not matches(inner, resource)
        case ValueFilter(path, inner):
            return any(element_matches(inner, each) for each in _elements(resource, path))
        case Comparison(path, op, value):
            return _compare_values(_values(resource, path), path.leaf, op, value)
    raise TypeError(term)


def element_matches(term: Filter, element: dict[str, Any]) -> bool:
    """Whether one value of a complex attribute satisfies the filter in its brackets."""
    match term:
        case And(terms):
            return all(element_matches(each, element) for each in terms)
        case Or(terms):
            return any(element_matches(each, element) for each in terms)
        case Not(inner):
            return not element_matches(inner, element)
        case Comparison(path, op, value):
            return _compare_values([element.get(path.leaf.name)], path.leaf, op, value)
    raise TypeError(term)


def _holder(resource: dict[str, Any], path: Any) -> dict[str, Any]:
    return resource.get(path.schema, {}) if path.is_extension else resource


def _elements(resource: dict[str, Any], path: Any) -> list[dict[str, Any]]:
    found: Any = _holder(resource, path).get(path.attribute.name)
    if is_empty(found):
        return []
    return found if isinstance(found, list) else [found]


def _values(resource: dict[str, Any], path: Any) -> list[Any]:
    found: Any = _holder(resource, path).get(path.attribute.name)
    if is_empty(found):
        return []
    each = found if isinstance(found, list) else [found]
    return [item.get(path.sub.name) for item in each] if path.sub else each


def _compare_values(values: list[Any], attribute: Attribute, op: str, wanted: Any) -> bool:
    if op == "pr":
        return any(not is_empty(value) for value in values)
    if op == "ne" and not values:
        return True  # what is absent is not equal (RFC 7644 table 3)
    return any(compare(attribute, op, value, wanted) for value in values)


def compare(attribute: Attribute, op: str, value: Any, wanted: Any) -> bool:
    """Compare one value with a filter's (RFC 7644 table 3); an absent boolean is false."""
    if attribute.name == "primary" and value is None:
        value = False  # RFC 7643 section 2.4
    if is_empty(value):
        return op == "ne"
    if attribute.type == "dateTime" and isinstance(value, str):
        value = parse_datetime(value)
    if isinstance(value, str) and not attribute.case_exact:
        value, wanted = fold(value), fold(wanted)
    return bool(_OPERATORS[op](value, wanted))


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda value, wanted: value == wanted,
    "ne": lambda value, wanted: value != wanted,
    "co": lambda value, wanted: wanted in value,
    "sw": lambda value, wanted: value.startswith(wanted),
    "ew": lambda value, wanted: value.endswith(wanted),
    "gt": lambda value, wanted: value > wanted,
    "ge": lambda value, wanted: value >= wanted,
    "lt": lambda value, wanted: value < wanted,
    "le": lambda value, wanted: value <= wanted,
}

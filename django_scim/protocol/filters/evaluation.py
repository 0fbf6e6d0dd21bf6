"""Evaluates a filter on a dict.

PATCH selects values with it, and the tests compare the query layer with it.
"""

from collections.abc import Callable
from typing import Any

from ..attributes import Attribute, AttributePath
from ..formats import parse_datetime
from ..values import fold, is_empty
from .terms import And, Comparison, Filter, Not, Or, ValueFilter


def matches(term: Filter, resource: dict[str, Any]) -> bool:
    """Return whether a filter matches a resource in the form that is sent to a client."""
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
            values = _elements(resource, path)
            if path.sub is not None:
                values = [each.get(path.sub.name) for each in values]
            return _compare_values(values, path.leaf, op, value)
    raise TypeError(term)


def element_matches(term: Filter, element: dict[str, Any]) -> bool:
    """Return whether the filter in brackets matches one value of a complex attribute."""
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


def _elements(resource: dict[str, Any], path: AttributePath) -> list[Any]:
    """Return the values of an attribute, none where it is absent."""
    owner = resource.get(path.schema, {}) if path.is_extension else resource
    found = owner.get(path.attribute.name)
    if is_empty(found):
        return []
    return found if isinstance(found, list) else [found]


def _compare_values(values: list[Any], attribute: Attribute, op: str, wanted: Any) -> bool:
    if op == "pr":
        return any(not is_empty(value) for value in values)
    if op == "ne" and not values:
        return True  # an absent value is not equal (RFC 7644 section 3.4.2.2, table 3)
    return any(compare(attribute, op, value, wanted) for value in values)


def compare(attribute: Attribute, op: str, value: Any, wanted: Any) -> bool:
    """Return whether ``value op wanted`` holds (RFC 7644 section 3.4.2.2, table 3)."""
    value = comparable(attribute, value)
    if value is None:
        return op == "ne"
    if isinstance(value, str) and not attribute.case_exact:
        wanted = fold(wanted)
    return bool(_OPERATORS[op](value, wanted))


def comparable(attribute: Attribute, value: Any) -> Any:
    """Return a value in the form in which it is compared, None if it is absent.

    Two values are ``eq`` if they are equal in this form.
    """
    if attribute.name == "primary" and value is None:
        return False  # the default (RFC 7643 section 2.4)
    if is_empty(value):
        return None
    if attribute.type == "dateTime" and isinstance(value, str):
        return parse_datetime(value)
    if isinstance(value, str) and not attribute.case_exact:
        return fold(value)
    return value


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

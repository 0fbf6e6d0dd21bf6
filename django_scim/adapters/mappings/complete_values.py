"""Apply an operation to a complete value, and to lists of simple values."""

from dataclasses import replace
from typing import Any

from ...protocol.attributes import Attribute
from ...protocol.messages.patch import Operation
from ...protocol.tolerances import Tolerances
from ..writing.effort import CHANGE, Effort
from .multivalued import MultiValue, ValueList, check_parts


def wrapped(operation: Operation) -> Operation:
    """Return an operation on simple values as one on complex values with only a ``value``."""
    value = operation.value
    if isinstance(value, list):
        value = [{"value": each} for each in value]
    return replace(operation, value=value)


def amended(
    attribute: Attribute, current: Any, operation: Operation, tolerances: Tolerances, effort: Effort
) -> Any:
    """Return the complete value of an attribute after one operation, None if it is unassigned.

    For mappings that store the complete value in one place. Raise the errors of
    ``ValueList.apply``.
    """
    if attribute.multi_valued:
        is_simple = not attribute.is_complex
        stored = [_stored({"value": each} if is_simple else each) for each in current or ()]
        path = operation.path.name
        values = ValueList(path, attribute, stored, effort)
        effort.spend(CHANGE * len(stored), path)  # the caller stores all of them again
        values.apply(wrapped(operation) if is_simple else operation, tolerances)
        return [each.data["value"] if is_simple else each.data for each in values] or None
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

"""References by ``bulkId`` in what the operations of a bulk send (RFC 7644 section 3.7.2).

They stand where an attribute refers to a resource, and nowhere else: a title of "bulkId:1" is
a title.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from ...adapters.interfaces import Adapter, Assigned
from ...protocol.attributes import Attribute, AttributePath
from ...protocol.errors import Conflict
from ...protocol.filters import And, Comparison, Filter, Not, Or
from ...protocol.messages.bulk import REFERENCE
from ...protocol.messages.patch import Operation
from ...protocol.values import split_location

Name = Callable[[str], str]
"""What becomes of the ``bulkId`` in a reference: the id of the resource."""


def rename(operation: Operation, adapter: Adapter, name: Name) -> Operation:
    """Return an operation with every reference in its value and in its brackets renamed."""
    path = operation.path
    value = _renamed(operation.value, path, adapter, name)
    where = operation.where
    if where is not None and _refers(path, adapter):
        where = _in_brackets(where, name)
    return replace(operation, value=value, where=where)


def rename_body(values: Assigned, adapter: Adapter, name: Name) -> Assigned:
    """Return what a body assigns with every reference renamed."""
    return {path: _renamed(value, path, adapter, name) for path, value in values.items()}


def rename_id(resource_id: str, name: Name) -> str:
    """Return the id in an operation's path, renamed where it is a reference."""
    is_reference = resource_id.startswith(REFERENCE)
    return name(resource_id.removeprefix(REFERENCE)) if is_reference else resource_id


def defer_references(
    values: Assigned, adapter: Adapter, bulk_ids: Collection[str]
) -> tuple[Assigned, list[Operation]]:
    """Take from a body what refers to resources that are not there yet.

    Return the rest, and the operations that add what was taken. Raises Conflict where a required
    attribute would be left without a value.
    """
    now: Assigned = {}
    later: list[Operation] = []
    for path, value in values.items():
        is_list = isinstance(value, list)
        waiting = [
            each for each in (value if is_list else [value])
            if _is_waiting(each, path, adapter, bulk_ids)
        ]  # fmt: skip
        rest = [each for each in value if each not in waiting] if is_list else None
        if not waiting:
            now[path] = value
            continue
        if rest:
            now[path] = rest
        elif path.attribute.required:
            raise Conflict(f"{path}: is required and refers to itself in a circle")
        later.append(Operation("add", path, None, waiting if is_list else value))
    return now, later


def _is_waiting(
    value: Any, path: AttributePath, adapter: Adapter, bulk_ids: Collection[str]
) -> bool:
    found = False

    def look(bulk_id: str) -> str:
        nonlocal found
        found = found or bulk_id in bulk_ids
        return bulk_id

    _renamed(value, path, adapter, look)
    return found


def _refers(path: AttributePath, adapter: Adapter) -> bool:
    return any(mapping.refers for mapping in adapter.declared.mappings_for(path))


def _renamed(value: Any, path: AttributePath, adapter: Adapter, name: Name) -> Any:
    refers = _refers(path, adapter)
    if path.sub is not None:
        return _in_text(value, path.sub, refers, adapter, name)
    if isinstance(value, list):
        return [_in_one(each, path.attribute, refers, adapter, name) for each in value]
    return _in_one(value, path.attribute, refers, adapter, name)


def _in_one(value: Any, attribute: Attribute, refers: bool, adapter: Adapter, name: Name) -> Any:
    if not isinstance(value, dict):
        return _in_text(value, attribute, False, adapter, name)
    subs = {sub.name: sub for sub in attribute.sub_attributes}
    return {
        key: _in_text(each, subs[key], refers, adapter, name) if key in subs else each
        for key, each in value.items()
    }


def _in_text(value: Any, attribute: Attribute, refers: bool, adapter: Adapter, name: Name) -> Any:
    """Rename a reference: an id, or a URI that ends with one."""
    if not isinstance(value, str):
        return value
    if refers and attribute.name == "value":
        return name(value.removeprefix(REFERENCE)) if value.startswith(REFERENCE) else value
    if attribute.type != "reference":
        return value
    last = split_location(value)[1]
    if not last.startswith(REFERENCE):
        return value
    types = {each for each in attribute.reference_types if each in adapter.registry.names()}
    if not (refers or types):
        return value
    before = value.rstrip("/").removesuffix(last)
    return f"{before}{name(last.removeprefix(REFERENCE))}"


def _in_brackets(term: Filter, name: Name) -> Filter:
    match term:
        case And(terms):
            return And(tuple(_in_brackets(each, name) for each in terms))
        case Or(terms):
            return Or(tuple(_in_brackets(each, name) for each in terms))
        case Not(inner):
            return Not(_in_brackets(inner, name))
        case Comparison(path, _, str(value)) if path.leaf.name == "value":
            if value.startswith(REFERENCE):
                return replace(term, value=name(value.removeprefix(REFERENCE)))
    return term

"""Resolve references by ``bulkId`` in the operations of a bulk request (RFC 7644 section 3.7.2).

Only values of attributes that refer to a resource are references: the title "bulkId:1" is just a
title.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ...adapters.interfaces import Adapter, Assigned
from ...protocol.attributes import Attribute, AttributePath
from ...protocol.errors import Conflict, InvalidValue, ScimError
from ...protocol.filters import And, Comparison, Filter, Not, Or
from ...protocol.messages.bulk import REFERENCE
from ...protocol.messages.patch import Operation
from ...protocol.values import split_location

IdOf = Callable[[str], str]
"""The function that returns the id of the resource with a ``bulkId``."""


def may_refer(data: Any) -> bool:
    """Return whether a text in the data of an operation may be, or contain, a reference."""
    if isinstance(data, str):
        return REFERENCE in data
    if isinstance(data, Mapping):
        return may_refer([*data, *data.values()])
    return isinstance(data, list) and any(map(may_refer, data))


def resolve(operation: Operation, adapter: Adapter, id_of: IdOf) -> Operation:
    """Return an operation with the references in its value and its path's filter resolved."""
    path = operation.path
    with _errors_of(path):
        value = _resolved(operation.value, path, adapter, id_of)
        where = operation.where
        if where is not None and _refers(path, adapter):
            where = _resolved_filter(where, id_of)
    return replace(operation, value=value, where=where)


def resolve_body(values: Assigned, adapter: Adapter, id_of: IdOf) -> Assigned:
    """Return the values of a body with all references resolved."""
    resolved: Assigned = {}
    for path, value in values.items():
        with _errors_of(path):
            resolved[path] = _resolved(value, path, adapter, id_of)
    return resolved


@contextmanager
def _errors_of(path: AttributePath) -> Iterator[None]:
    """Add the attribute whose references are resolved to their errors."""
    try:
        yield
    except ScimError as error:
        error.paths |= {path}
        raise


def resolve_path_id(resource_id: str, id_of: IdOf) -> str:
    """Return the id in an operation's path, resolved if it is a reference."""
    is_reference = resource_id.startswith(REFERENCE)
    return id_of(resource_id.removeprefix(REFERENCE)) if is_reference else resource_id


def check_types(
    values: Iterable[tuple[AttributePath, Any]], adapter: Adapter, types: Mapping[str, str]
) -> None:
    """Raise InvalidValue for a reference to an operation that creates another resource type.

    ``types`` are the resource types of the operations by their ``bulkId``.
    """
    for path, value in values:
        mappings = adapter.declared.mappings_for(path)
        allowed = sorted({mapping.to for mapping in mappings if mapping.refers})

        def check(bulk_id: str, path: AttributePath = path, allowed: list[str] = allowed) -> str:
            kind = types.get(bulk_id)
            if kind and allowed and kind not in allowed:
                raise InvalidValue(
                    f"{path}: must refer to a {' or '.join(allowed)}; the operation "
                    f"{bulk_id[:80]!r} creates a {kind}"
                )
            return bulk_id

        with _errors_of(path):
            _resolved(value, path, adapter, check)


def defer_references(
    values: Assigned, adapter: Adapter, bulk_ids: Collection[str]
) -> tuple[Assigned, list[Operation]]:
    """Split a body into values to write now, and operations that add references later.

    ``bulk_ids`` are those of resources that do not exist yet. Raise Conflict if a required
    attribute would have no value until then.
    """
    now: Assigned = {}
    later: list[Operation] = []
    for path, value in values.items():
        is_list = isinstance(value, list)
        deferred = [
            each for each in (value if is_list else [value])
            if _refers_to_any(each, path, adapter, bulk_ids)
        ]  # fmt: skip
        rest = [each for each in value if each not in deferred] if is_list else None
        if not deferred:
            now[path] = value
            continue
        if rest:
            now[path] = rest
        elif path.attribute.required:
            raise Conflict(f"{path}: is required, but is part of a circular reference")
        later.append(Operation("add", path, None, deferred if is_list else value))
    return now, later


def _refers_to_any(
    value: Any, path: AttributePath, adapter: Adapter, bulk_ids: Collection[str]
) -> bool:
    """Return whether a value refers to any of these resources."""
    found = False

    def note(bulk_id: str) -> str:
        nonlocal found
        found = found or bulk_id in bulk_ids
        return bulk_id

    _resolved(value, path, adapter, note)
    return found


def _refers(path: AttributePath, adapter: Adapter) -> bool:
    return any(mapping.refers for mapping in adapter.declared.mappings_for(path))


def _resolved(value: Any, path: AttributePath, adapter: Adapter, id_of: IdOf) -> Any:
    refers = _refers(path, adapter)
    if path.sub is not None:
        return _resolved_text(value, path.sub, refers, adapter, id_of)
    if isinstance(value, list):
        return [_resolved_value(each, path.attribute, refers, adapter, id_of) for each in value]
    return _resolved_value(value, path.attribute, refers, adapter, id_of)


def _resolved_value(
    value: Any, attribute: Attribute, refers: bool, adapter: Adapter, id_of: IdOf
) -> Any:
    if not isinstance(value, dict):
        return _resolved_text(value, attribute, False, adapter, id_of)
    subs = {sub.name: sub for sub in attribute.sub_attributes}
    return {
        key: _resolved_text(each, subs[key], refers, adapter, id_of) if key in subs else each
        for key, each in value.items()
    }


def _resolved_text(
    value: Any, attribute: Attribute, refers: bool, adapter: Adapter, id_of: IdOf
) -> Any:
    """Return a text with its reference resolved: an id, or a URI that ends with one."""
    if not isinstance(value, str):
        return value
    if refers and attribute.name == "value":
        return id_of(value.removeprefix(REFERENCE)) if value.startswith(REFERENCE) else value
    if attribute.type != "reference":
        return value
    last = split_location(value)[1]
    if not last.startswith(REFERENCE):
        return value
    types = {each for each in attribute.reference_types if each in adapter.registry.names()}
    if not (refers or types):
        return value
    before = value.rstrip("/").removesuffix(last)
    return f"{before}{id_of(last.removeprefix(REFERENCE))}"


def _resolved_filter(term: Filter, id_of: IdOf) -> Filter:
    match term:
        case And(terms):
            return And(tuple(_resolved_filter(each, id_of) for each in terms))
        case Or(terms):
            return Or(tuple(_resolved_filter(each, id_of) for each in terms))
        case Not(inner):
            return Not(_resolved_filter(inner, id_of))
        case Comparison(path, _, str(value)) if path.leaf.name == "value":
            if value.startswith(REFERENCE):
                return replace(term, value=id_of(value.removeprefix(REFERENCE)))
    return term

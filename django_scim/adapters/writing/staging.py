"""Stage a body, or the operations of a PATCH, on the mappings of the attributes that they name.

All attributes are tried, so that one error names every value that cannot be stored.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any

from ...protocol.attributes import Attribute, AttributePath
from ...protocol.errors import NoTarget, ScimError, all_in_one
from ...protocol.filters.evaluation import element_matches
from ...protocol.messages.patch import Operation
from ...protocol.projection import Projection
from ...protocol.values import is_empty
from ..interfaces import Adapter, Assigned
from .unit_of_work import UnitOfWork


def prepared(adapter: Adapter, values: Assigned, scim_id: str, body: Assigned) -> Assigned:
    """Return values after the slow work of their mappings.

    Raise the first ScimError, with the details of all.
    """
    mappings = adapter.declared.prepared
    result, errors = dict(values), list[ScimError]()
    for path, value in values.items():
        try:
            if value is not None and (mapping := mappings.get(path.full_name)):
                result[path] = mapping.prepare(adapter, value, scim_id, body)
        except ScimError as error:
            error.paths |= {path}
            errors.append(error)
    if errors:
        raise all_in_one(errors)
    return result


def assign(unit: UnitOfWork, values: Assigned, kept: Collection[Attribute] = ()) -> None:
    """Stage a complete body: replace the attributes that it contains, unassign all others.

    Attributes in ``kept`` do not change. Raise the errors of ``apply_all``.
    """
    apply_all(unit, _assignments(unit, values, kept))


def _assignments(
    unit: UnitOfWork, values: Assigned, kept: Collection[Attribute]
) -> Iterator[Operation]:
    declared = unit.adapter.declared
    by_name = {path.full_name: value for path, value in values.items()}
    for path in declared.writable_paths:
        if path.attribute in kept:
            continue
        name = path.full_name
        value = by_name.get(name)
        mapping = declared.by_path.get(name)
        if value is None and mapping is not None and mapping.behaviour.keeps(unit, name in by_name):
            continue
        is_single_complex = path.attribute.is_complex and not path.attribute.multi_valued
        if value is None or is_single_complex:  # the old sub-attributes must not remain
            yield Operation("remove", path)
        if value is not None:
            yield Operation("replace", path, None, value)


def assign_given(unit: UnitOfWork, values: Assigned) -> None:
    """Stage the attributes that a body contains. Other attributes do not change."""
    apply_all(unit, replacements(values))


def operations_of(values: Assigned) -> list[Operation]:
    """Return the operations that do what a body says: remove an attribute, or set its value."""
    return [
        Operation("remove" if value is None else "replace", path, None, value)
        for path, value in values.items()
    ]


def replacements(values: Assigned) -> list[Operation]:
    """Return the operations that set the values of a body."""
    return [
        Operation("replace", path, None, value)
        for path, value in values.items()
        if value is not None
    ]


def apply_all(unit: UnitOfWork, operations: Iterable[Operation]) -> None:
    """Stage operations in their order. Raise the first ScimError, with the details of all."""
    errors: list[ScimError] = []
    for operation in operations:
        try:
            apply(unit, operation)
        except ScimError as error:
            error.paths |= {operation.path}
            errors.append(error)
    if errors:
        raise all_in_one(errors)


def apply(unit: UnitOfWork, operation: Operation) -> None:
    """Stage an operation on the mappings of its path.

    If a complex attribute is mapped in parts, a remove clears every part, and a replace or add
    sets the parts in its value (RFC 7644 section 3.5.2.3). Raise a ScimError if the operation is
    not allowed.
    """
    path, declared = operation.path, unit.adapter.declared
    mapping = declared.by_path.get(path.full_name)
    if mapping is None and path.sub is not None:
        mapping = declared.by_path.get(path.name)
    if operation.where is not None and not path.attribute.multi_valued:
        if not _selects(unit, operation):
            return
        operation = replace(operation, where=None)
    if mapping is None:
        _apply_to_parts(unit, operation, declared.mappings_for(path))
    elif operation.op != "remove" or not mapping.behaviour.always_present:
        mapping.stage(unit, operation)


def _selects(unit: UnitOfWork, operation: Operation) -> bool:
    """Return whether the filter in a path selects the value of a single-valued attribute.

    Raise NoTarget if it does not, except for a removal, which then changes nothing.
    """
    path = operation.path
    value = _current_value(unit, replace(path, sub=None))
    assert operation.where is not None
    if value and element_matches(operation.where, value):
        return True
    if operation.op == "remove":
        return False
    raise NoTarget(f"{path}: its value is not selected by the path")


def _current_value(unit: UnitOfWork, path: AttributePath) -> dict[str, Any]:
    """Return the value of a single-valued complex attribute as JSON, {} if it has none."""
    value: dict[str, Any] = {}
    for mapping in unit.adapter.declared.mappings_for(path):
        if mapping.refers:  # only the client's view of it has the id of the other resource
            adapter: Any = unit.adapter
            projection = Projection(attributes=frozenset({path.name}))
            stored = adapter.get(unit.link.scim_id, projection) if unit.has_past else {}
            place = stored.get(path.schema, {}) if path.is_extension else stored
            value |= place.get(path.attribute.name) or {}
        elif mapping.path.sub is None:
            value |= mapping.current(unit) or {}
        else:
            value[mapping.path.sub.name] = mapping.current(unit)
    return {name: each for name, each in value.items() if not is_empty(each)}


def _apply_to_parts(unit: UnitOfWork, operation: Operation, parts: list[Any]) -> None:
    behaviour = unit.adapter.behaviours.get(operation.path.name)
    if not parts and behaviour is not None:
        behaviour.refuse_unmapped(operation.value)
    for part in parts:
        if operation.op == "remove":
            part.stage(unit, Operation("remove", part.path))
        elif part.path.sub.name in operation.value:
            value = operation.value[part.path.sub.name]
            part.stage(unit, Operation(operation.op, part.path, None, value))

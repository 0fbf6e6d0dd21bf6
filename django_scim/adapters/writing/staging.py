"""Stage a body, or one operation of a PATCH, on the mappings of the attributes that it names."""

from collections.abc import Collection
from typing import Any

from ...protocol.attributes import Attribute
from ...protocol.messages.patch import Operation
from ..interfaces import Assigned
from .unit_of_work import UnitOfWork


def assign(unit: UnitOfWork, values: Assigned, kept: Collection[Attribute] = ()) -> None:
    """Stage a complete body: replace the attributes that it contains, unassign all others.

    Attributes in ``kept`` do not change.
    """
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
            apply(unit, Operation("remove", path))
        if value is not None:
            apply(unit, Operation("replace", path, None, value))


def assign_given(unit: UnitOfWork, values: Assigned) -> None:
    """Stage the attributes that a body contains. Other attributes do not change."""
    for path, value in values.items():
        if value is not None:
            apply(unit, Operation("replace", path, None, value))


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
    if mapping is not None:
        mapping.stage(unit, operation)
    else:
        _apply_to_parts(unit, operation, declared.mappings_for(path))


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

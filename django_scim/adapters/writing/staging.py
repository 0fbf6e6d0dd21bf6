"""Stage a body, or one operation of a PATCH, on the mappings of the attributes that it names."""

from typing import Any

from ...protocol.messages.patch import Operation
from ..interfaces import Assigned
from .unit_of_work import UnitOfWork


def assign(unit: UnitOfWork, values: Assigned) -> None:
    """Stage a whole body: what it has is replaced, what it lacks is unassigned."""
    declared = unit.adapter.declared
    given = {path.full_name: value for path, value in values.items()}
    for path in declared.writable_paths:
        name = path.full_name
        value = given.get(name)
        mapping = declared.by_path.get(name)
        if value is None and mapping is not None and mapping.keeps(unit, name in given):
            continue
        whole = path.attribute.is_complex and not path.attribute.multi_valued
        if value is None or whole:  # a complex value keeps none of its old parts
            apply(unit, Operation("remove", path))
        if value is not None:
            apply(unit, Operation("replace", path, None, value))


def assign_given(unit: UnitOfWork, values: Assigned) -> None:
    """Stage what a body has; what it lacks stays."""
    for path, value in values.items():
        if value is not None:
            apply(unit, Operation("replace", path, None, value))


def apply(unit: UnitOfWork, operation: Operation) -> None:
    """Hand an operation to the mappings of its path.

    For a complex attribute that is mapped in parts, a remove clears every part, a replace or add
    sets the parts that it names (RFC 7644 section 3.5.2.3). Raises a ScimError.
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

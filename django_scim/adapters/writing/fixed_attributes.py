"""Attributes that a person cannot change by ``/Me``, because an admin decides about them."""

from typing import Any

from ...protocol.attributes import Attribute
from ...protocol.errors import Mutability
from ..interfaces import Adapter, Assigned
from .unit_of_work import UnitOfWork


def fixed_mappings(adapter: Adapter) -> list[Any]:
    """Return the mappings that a request for ``/Me`` cannot change."""
    names = adapter.admin_attributes
    parts = tuple(f"{name}{sign}" for name in names for sign in ".:")
    return [
        mapping
        for mapping in adapter.declared.mappings
        if mapping.full_name in names or mapping.full_name.startswith(parts)
    ]


def kept_attributes(adapter: Adapter, values: Assigned) -> set[Attribute]:
    """Return the attributes that a PUT to ``/Me`` keeps although its body lacks them."""
    named = {path.attribute for path in values}
    return {mapping.path.attribute for mapping in fixed_mappings(adapter)} - named


def without_fixed(unit: UnitOfWork) -> UnitOfWork:
    """Return the unit of work of a request for ``/Me``. Raise Mutability if it changes too much.

    The columns are compared as well: several attributes may write the same one.
    """
    for mapping in fixed_mappings(unit.adapter):
        columns = {field.name for _, field in mapping.written_columns()}
        if unit.changed(mapping.full_name) or unit.column_changes(columns):
            raise Mutability(f"{mapping.full_name}: cannot be changed by /Me")
    return unit

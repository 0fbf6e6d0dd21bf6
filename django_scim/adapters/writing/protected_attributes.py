"""Attributes that a request cannot change, although the client may change the resource.

Some attributes of an adopted account, such as the e-mail address, are locked until an admin
confirms the link, because a changed address would allow a password reset. A request that sends the
same address in another spelling must not be refused: otherwise, it could not deactivate the account
either.
People cannot change attributes by ``/Me`` that admins manage.
"""

from typing import Any

from ...protocol.attributes import Attribute
from ...protocol.errors import Mutability, ScimError
from ...protocol.messages.patch import Operation
from ...protocol.tolerances import Tolerance
from ...protocol.values import fold
from ..interfaces import Adapter, Assigned
from .staging import apply, operations_of
from .unit_of_work import UnitOfWork


def kept_attributes(unit: UnitOfWork, values: Assigned) -> set[Attribute]:
    """Return the attributes that a PUT does not change. Raise the errors of ``permitted``."""
    kept: set[Attribute] = set()
    if unit.is_locked:
        permitted(unit, operations_of(values))
        kept |= _locked_attributes(unit.adapter)
    adapter: Any = unit.adapter
    if adapter.registry.acts_for_person:
        given = {path.attribute for path in values}
        kept |= {mapping.path.attribute for mapping in _admin_mappings(unit.adapter)} - given
    return kept


def permitted(unit: UnitOfWork, operations: list[Operation]) -> list[Operation]:
    """Return the operations of a PATCH on attributes that are not locked.

    Addresses and names are compared without case, and without their types and their order. Raise
    Mutability for an operation that would change one, unless the profile ignores it.
    """
    adapter: Any = unit.adapter
    locked = _locked_attributes(adapter)
    on_locked = [each for each in operations if each.path.attribute in locked]
    if not on_locked:
        return operations
    current = adapter.lock(unit.link.scim_id)  # another instance, for a trial
    trial = adapter.unit_of_work(current)
    mappings = [m for m in adapter.declared.locked if any(_names(m, o) for o in on_locked)]
    before = [_folded(mapping.current(trial)) for mapping in mappings]
    errors: list[ScimError] = []
    for each in on_locked:
        try:
            apply(trial, each)
        except ScimError as error:
            errors.append(error)
    for refused in errors:
        if not _ignores(adapter, refused.detail):
            raise refused
    for mapping, old in zip(mappings, before, strict=True):
        new = _folded(mapping.current(trial))
        if new == old and (new or not trial.changed(mapping.full_name)):
            continue
        what = f"{mapping.full_name}: is locked until an admin confirms the link"
        if not _ignores(adapter, what):
            raise Mutability(what, "unconfirmed", attribute=mapping.full_name)
    return [each for each in operations if each.path.attribute not in locked]


def refuse_personal_changes(unit: UnitOfWork) -> None:
    """Raise Mutability if a request for ``/Me`` changes an attribute that admins manage.

    The columns are compared as well: several attributes may write the same one.
    """
    for mapping in _admin_mappings(unit.adapter):
        columns = {field.name for _, field in mapping.written_columns()}
        if unit.changed(mapping.full_name) or unit.column_changes(columns):
            raise Mutability(f"{mapping.full_name}: cannot be changed by /Me")


def _admin_mappings(adapter: Adapter) -> list[Any]:
    """Return the mappings that a request for ``/Me`` cannot change."""
    names = adapter.admin_attributes
    parts = tuple(f"{name}{sign}" for name in names for sign in ".:")
    return [
        mapping
        for mapping in adapter.declared.mappings
        if mapping.full_name in names or mapping.full_name.startswith(parts)
    ]


def _locked_attributes(adapter: Any) -> set[Attribute]:
    return {mapping.path.attribute for mapping in adapter.declared.locked}


def _ignores(adapter: Any, what: str) -> bool:
    return bool(adapter.tolerances.ignore(Tolerance.LOCKED_ATTRIBUTE, what))


def _names(mapping: Any, operation: Operation) -> bool:
    return bool(mapping.path.attribute is operation.path.attribute)


def _folded(value: Any) -> set[str]:
    """Return the names and addresses in a value, folded."""
    values = value if isinstance(value, list) else [value]
    texts = [each.get("value") if isinstance(each, dict) else each for each in values]
    return {fold(str(text)) for text in texts if text not in (None, "")}

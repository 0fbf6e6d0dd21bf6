"""The behaviour of ``active``: deactivate and reactivate accounts, with any mapping."""

from typing import Any

from ...protocol.attributes import Attribute
from ...protocol.errors import InvalidValue, Mutability
from ...protocol.messages.patch import Operation
from ..behaviours import Behaviour, Role
from ..interfaces import Adapter, Assigned
from ..mappings.base import Mapping
from ..writing import guard
from ..writing.changes import Change
from ..writing.outcomes import ChangeKind
from ..writing.unit_of_work import UnitOfWork
from .user_models import has


class Activation(Behaviour):
    """Remove an account's access when the attribute becomes false.

    The adapter's hooks ``deactivate`` and ``reactivate`` run, and the guard counts deactivations.
    A PUT without the attribute does not change it, so that it never reactivates an account. Neither
    does a removal: the attribute always shows the state of the account.
    """

    def __init__(self) -> None:
        super().__init__(Role.ACTIVATION, kept_on_put=True, always_present=True)

    def refuse_unmapped(self, value: Any) -> None:
        """Raise InvalidValue for a deactivation, since the account would stay active."""
        if value is False:
            raise InvalidValue("active: this site cannot deactivate users; delete the user instead")

    def before_save(self, unit: UnitOfWork, mapping: Mapping) -> None:
        """Run the adapter's hook if the attribute changed.

        Raise GuardTripped if the connection deactivates too many accounts.
        """
        if not unit.changed(mapping.full_name):
            return
        adapter: Any = unit.adapter
        change = unit.change_of(mapping.full_name)
        if is_inactive(mapping.current(unit)):
            if unit.has_past and change is not None:
                guard.count_loss(adapter, unit.link)
            adapter.deactivate(unit)
        elif _returns(unit, change):
            adapter.reactivate(unit)

    def change_kind(self, unit: UnitOfWork, change: Change) -> ChangeKind | None:
        if unit.has_past and is_inactive(change.new):
            return ChangeKind.DEACTIVATED
        return ChangeKind.REACTIVATED if _returns(unit, change) else None


def is_inactive(value: Any) -> bool:
    """Return whether a value of the attribute means that the account is inactive."""
    return value is not None and not value


def _returns(unit: UnitOfWork, change: Change | None) -> bool:
    """Return whether a change makes an account active that was inactive before.

    An account whose attribute had no value was not inactive.
    """
    return unit.has_past and change is not None and is_inactive(change.old) and bool(change.new)


def is_active(adapter: Any, user: Any) -> bool:
    """Return whether an account of the site is active."""
    mapping = _writable(adapter)
    if mapping is not None:
        link = adapter.link(connection=adapter.connection, target=user)
        return not is_inactive(mapping.current(adapter.unit_of_work(link)))
    # AbstractBaseUser has the class attribute is_active = True; only a column can differ.
    return type(user).is_active is not True and bool(user.is_active)


def can_be_inactive(adapter: Any) -> bool:
    """Return whether the accounts of the site can be inactive."""
    return _writable(adapter) is not None or has(adapter.model, "is_active")


def is_closed(adapter: Any, user: Any) -> bool:
    """Return whether an account is inactive, by the attribute or by Django's column.

    Return False if the site's accounts cannot be inactive.
    """
    is_banned = has(adapter.model, "is_active") and not user.is_active
    return is_banned or (can_be_inactive(adapter) and not is_active(adapter, user))


def activation_attributes(adapter: Adapter) -> set[Attribute]:
    """Return the attribute that activates accounts, as a set; it is empty without one."""
    mapping = adapter.declared.by_role.get(Role.ACTIVATION)
    return {mapping.path.attribute} if mapping else set()


def refuse_held(unit: UnitOfWork) -> None:
    """Raise Mutability if a write activates an account that is inactive until it is confirmed.

    The column is compared as well: another attribute may write it.
    """
    mapping = unit.adapter.declared.by_role.get(Role.ACTIVATION)
    name = mapping.full_name if mapping else "active"
    change = unit.change_of(name)
    is_returning = _returns(unit, change) or (
        mapping is not None and unit.changed(name) and not is_inactive(mapping.current(unit))
    )
    if is_returning or any(new and not old for old, new in unit.column_changes({"is_active"})):
        raise Mutability(f"{name}: is locked until an admin confirms the link")


def deactivate(unit: UnitOfWork) -> None:
    """Stage the deactivation of an account whose resource is deleted.

    The adapter's ``deactivate`` runs even if the account is already inactive.
    """
    mapping = _writable(unit.adapter)
    if mapping is not None and mapping.attribute.mutability == "immutable":
        mapping = None  # the client cannot change it, but the account ends all the same
    if mapping is not None:
        mapping.stage(unit, Operation("replace", mapping.path, None, False))
    elif has(type(unit.target), "is_active"):
        if unit.target.is_active:
            guard.count_loss(unit.adapter, unit.link)
        unit.put("is_active", False)
    if mapping is None or not unit.changed(mapping.full_name):
        adapter: Any = unit.adapter
        adapter.deactivate(unit)


def reactivate(unit: UnitOfWork) -> None:
    """Stage the return of an account that ``deactivate`` closed, if no mapping does it."""
    if _writable(unit.adapter) is None and has(type(unit.target), "is_active"):
        unit.put("is_active", True)
        adapter: Any = unit.adapter
        adapter.reactivate(unit)


def with_activation(adapter: Adapter, values: Assigned) -> Assigned:
    """Return a body with the attribute set to true, unless it contains a value for it."""
    mapping = _writable(adapter)
    if mapping is None or values.get(mapping.path) is not None:
        return values
    return {**values, mapping.path: True}


def _writable(adapter: Adapter) -> Mapping | None:
    """Return the mapping of the attribute, None if it is missing or read-only."""
    mapping: Mapping | None = adapter.declared.by_role.get(Role.ACTIVATION)
    return mapping if mapping and mapping.attribute.mutability != "readOnly" else None

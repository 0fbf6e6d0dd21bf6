"""The attribute that says whether an account is in use: ``active``, whatever it is mapped to."""

from typing import Any

from ...protocol.errors import InvalidValue
from ...protocol.messages.patch import Operation
from ..behaviours import Behaviour, Role
from ..interfaces import Adapter, Assigned
from ..mappings.base import Mapping
from ..writing import guard
from ..writing.outcomes import ChangeKind
from ..writing.unit_of_work import Change, UnitOfWork
from .user_models import has


class Activation(Behaviour):
    """Close an account completely when its attribute becomes false.

    The site's hooks ``deactivate`` and ``reactivate`` run, and the guard counts. A PUT without the
    attribute leaves it as it is, so that it never brings a leaver back.
    """

    def __init__(self) -> None:
        super().__init__(Role.ACTIVATION, kept_on_put=True)

    def refuse_unmapped(self, value: Any) -> None:
        """Raise InvalidValue for a deactivation: the account would stay in use."""
        if value is False:
            raise InvalidValue("active: accounts here cannot be deactivated; delete the user")

    def before_save(self, unit: UnitOfWork, mapping: Mapping) -> None:
        """Run what follows from a changed attribute. Raises GuardTripped."""
        if not unit.changed(mapping.full_name):
            return
        adapter: Any = unit.adapter
        if is_closed(mapping.current(unit)):
            if not unit.is_new:
                guard.count_removal(adapter, "accounts", 1, unit.link.created)
            adapter.deactivate(unit)
        elif unit.has_past and unit.change_of(mapping.full_name) is not None:
            adapter.reactivate(unit)

    def change_kind(self, unit: UnitOfWork, change: Change) -> ChangeKind | None:
        if not unit.has_past or change.new is None:
            return None
        return ChangeKind.REACTIVATED if change.new else ChangeKind.DEACTIVATED


def is_closed(value: Any) -> bool:
    """Return whether a value of the attribute says that the account is not in use."""
    return value is not None and not value


def is_active(adapter: Any, user: Any) -> bool:
    """Return whether an account of the site is in use."""
    mapping = _writable(adapter)
    if mapping is not None:
        link = adapter.link(connection=adapter.connection, target=user)
        return not is_closed(mapping.current(adapter.unit_of_work(link)))
    # Without a column, AbstractBaseUser's class attribute is True for every account.
    return type(user).is_active is not True and bool(user.is_active)


def deactivate(unit: UnitOfWork) -> None:
    """Stage the end of an account whose resource is deleted.

    If the account is inactive already, whatever else closes an account is done again.
    """
    mapping = _writable(unit.adapter)
    if mapping is not None:
        mapping.stage(unit, Operation("replace", mapping.path, None, False))
    elif has(type(unit.target), "is_active"):
        unit.put("is_active", False)
    if mapping is None or not unit.changed(mapping.full_name):
        adapter: Any = unit.adapter
        adapter.deactivate(unit)


def with_activation(adapter: Adapter, values: Assigned) -> Assigned:
    """Return the body of a person who comes back: in use, unless it says something else."""
    mapping = _writable(adapter)
    if mapping is None or values.get(mapping.path) is not None:
        return values
    return {**values, mapping.path: True}


def _writable(adapter: Adapter) -> Mapping | None:
    """Return the mapping of the attribute, unless it can only be read."""
    mapping: Mapping | None = adapter.declared.by_role.get(Role.ACTIVATION)
    return mapping if mapping and mapping.attribute.mutability != "readOnly" else None

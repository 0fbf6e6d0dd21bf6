"""Count changes of user names and e-mail addresses, with which people sign in, for the guard.

Single sign-on finds an account by its SCIM attributes, Django by its columns. A change of either
can lock people out of their accounts, or give another person access to them.
"""

from typing import Any

from ...models import GuardCount
from ...protocol.values import fold
from ..behaviours import Role
from ..writing import guard
from ..writing.unit_of_work import UnitOfWork
from .activation import is_inactive

_ROLES = (Role.SIGN_IN_NAME, Role.ADDRESSES)


def count_losses(unit: UnitOfWork) -> None:
    """Count the losses that a saved unit of work caused. Raise GuardTripped above the limits.

    They are changed sign-in names, and deactivations by an attribute other than ``active`` that the
    site has mapped to the column. ``Activation`` counts all other deactivations.
    """
    if _is_renamed(unit):
        guard.count_loss(unit.adapter, unit.link, kind=GuardCount.SIGN_IN)
    closed = any(old and not new for old, new in unit.column_changes({"is_active"}))
    if closed and not _is_deactivated(unit):
        guard.count_loss(unit.adapter, unit.link)


def _is_deactivated(unit: UnitOfWork) -> bool:
    mapping = unit.adapter.declared.by_role.get(Role.ACTIVATION)
    return mapping is not None and any(
        change.path == mapping.full_name and is_inactive(change.new) for change in unit.changes
    )


def _is_renamed(unit: UnitOfWork) -> bool:
    """Return whether a saved unit of work removed or replaced a user name or e-mail address.

    A first value does not count, and neither does another spelling of the same value.
    """
    columns = {field.name for field in unit.adapter.declared.sign_in_fields} - {"password"}
    if any(_has_lost(old, new) for old, new in unit.column_changes(columns)):
        return True
    by_path = unit.adapter.declared.by_path
    for change in unit.changes:
        mapping = by_path.get(change.path)
        if mapping is not None and mapping.behaviour.role in _ROLES:
            if _has_lost(change.old, change.new):
                return True
    return False


def _has_lost(old: Any, new: Any) -> bool:
    """Return whether a value, or one of a list of values, was removed or replaced."""
    return not _names(old) <= _names(new)


def _names(value: Any) -> set[str]:
    values = value if isinstance(value, list) else [value]
    texts = [each.get("value") if isinstance(each, dict) else each for each in values]
    return {fold(str(text)) for text in texts if text}

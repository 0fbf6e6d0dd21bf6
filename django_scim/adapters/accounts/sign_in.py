"""Recognise changes of what people sign in with: the user name and the e-mail address.

Single sign-on finds an account by its SCIM attributes, Django by its columns. A change of either
can lock people out of their accounts, or let somebody else in.
"""

from typing import Any

from ...models import fold_key
from ..behaviours import Role
from ..writing.unit_of_work import UnitOfWork

_ROLES = (Role.SIGN_IN_NAME, Role.ADDRESSES)


def is_renamed(unit: UnitOfWork) -> bool:
    """Return whether a saved unit of work took a user name or an e-mail address from an account.

    A first value takes nothing away, and neither does another spelling of the same value.
    """
    adapter: Any = unit.adapter
    columns = adapter.sign_in_columns() - {"password"}
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
    """Return whether a value, or a list of values, lacks one that was there before."""
    return not _names(old) <= _names(new)


def _names(value: Any) -> set[str]:
    values = value if isinstance(value, list) else [value]
    texts = [each.get("value") if isinstance(each, dict) else each for each in values]
    return {fold_key(str(text)) for text in texts if text}

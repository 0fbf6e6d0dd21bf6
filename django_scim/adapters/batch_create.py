"""Create many new users together, in a few statements for all of them.

Each of them is treated as if it were created alone. Whatever cannot be done together raises, and
so does an error in any of them. After the caller's rollback each is created alone, which gives it
an error of its own.
"""

from collections.abc import Sequence
from typing import Any

from django.db import router, transaction

from ..protocol.values import fold
from . import linking
from .accounts import usernames
from .interfaces import Assigned
from .users import UserAdapter
from .writing.outcomes import announce_unit
from .writing.persistence import Inserts
from .writing.side_effects import resolve_references
from .writing.unit_of_work import UnitOfWork

#: A site that overrides one of these must get each user alone.
HOOKS = ("create", "save", "after_save")


class BatchRefused(Exception):
    """These users must be created one by one."""


def can_batch(adapter: Any, values: Assigned) -> bool:
    """Return whether a new resource can be inserted with others.

    It cannot if a hook or a mapping needs its primary key before.
    """
    kind: Any = type(adapter)
    return (
        isinstance(adapter, UserAdapter)
        and all(getattr(kind, hook) is getattr(UserAdapter, hook) for hook in HOOKS)
        and adapter.connection.tenant is None
        and all(each.can_batch for path in values for each in adapter.declared.mappings_for(path))
    )


def batch_create(bodies: Sequence[tuple[UserAdapter, Assigned]]) -> list[UnitOfWork]:
    """Create the users of several bodies, each with an adapter of its own.

    Runs in the caller's transaction. Raises BatchRefused, or the error of one of them.
    """
    names = [adapter.user_name(values) for adapter, values in bodies]
    users_with_name = usernames.conflicts(names)
    inserts, units = Inserts(), []
    for adapter, values in bodies:
        adapter.users_with_name = users_with_name
        unit = adapter.begin(values)
        if unit.has_past:
            raise BatchRefused("the site has the account already")
        unit.inserts = inserts
        unit.save()
        units.append(unit)
    _refuse_duplicates(units)
    _refuse_references(units)
    _flush(inserts, [unit.target for unit in units])
    for unit in units:
        announce_unit(unit)
    resolve_references(units)
    return units


def _refuse_duplicates(units: list[UnitOfWork]) -> None:
    """Raise BatchRefused if two have the same value of a unique attribute."""
    for mapping in units[0].adapter.declared.unique:
        found = [mapping.unique_value(unit) for unit in units]
        values = [fold(each) if isinstance(each, str) else each for each in found if each]
        if len(set(values)) < len(values):
            raise BatchRefused(f"{mapping.full_name} has the same value twice")


def _refuse_references(units: list[UnitOfWork]) -> None:
    """Raise BatchRefused if one refers to another by its externalId."""
    adapter = units[0].adapter
    ids = {unit.link.external_id for unit in units}
    for mapping in adapter.declared.waiting:
        if mapping.to == adapter.name and ids & {mapping.awaited(unit) for unit in units}:
            raise BatchRefused(f"{mapping.full_name} refers to one of the others")


def _flush(inserts: Inserts, users: list[Any]) -> None:
    for user in users:
        user._scim_saving = True  # as in UnitOfWork.save
    try:
        inserts.flush()
    finally:
        for user in users:
            user._scim_saving = False
    using = router.db_for_write(type(users[0]))
    transaction.on_commit(lambda: linking.link_new_users(users), using=using, robust=True)

"""Create many new users in one batch, with a few statements for all of them.

The result is the same as if each user were created individually. If the users cannot be created in
one batch, or if one of them is invalid, the batch raises. The caller then rolls back and creates
them one by one, so that each error belongs to one user.
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
from .writing.persistence import Batch
from .writing.side_effects import resolve_references
from .writing.unit_of_work import UnitOfWork

#: If a site overrides one of these, users are created one by one.
HOOKS = ("create", "save", "after_save")


class BatchRefused(Exception):
    """These users must be created one by one."""


def can_batch(adapter: Any, values: Assigned) -> bool:
    """Return whether a new resource can be inserted in a batch.

    It cannot if a hook or a mapping needs its primary key first.
    """
    adapter_class: Any = type(adapter)
    return (
        isinstance(adapter, UserAdapter)
        and all(getattr(adapter_class, hook) is getattr(UserAdapter, hook) for hook in HOOKS)
        and adapter.connection.tenant is None
        and all(each.can_batch for path in values for each in adapter.declared.mappings_for(path))
    )


def batch_create(bodies: Sequence[tuple[UserAdapter, Assigned]]) -> list[UnitOfWork]:
    """Create the users of several bodies, each with a separate adapter.

    Runs in the caller's transaction. Raise BatchRefused if they must be created one by one, or
    the error of the first invalid user.
    """
    names = [adapter.user_name(values) for adapter, values in bodies]
    users_with_name = usernames.conflicts(names)
    batch, units = Batch(), []
    for adapter, values in bodies:
        adapter.users_with_name = users_with_name
        unit = adapter.begin(values)
        if unit.has_past:
            raise BatchRefused("an account already exists")
        unit.batch = batch
        unit.save()
        units.append(unit)
    _refuse_duplicates(units)
    _refuse_references(units)
    _flush(batch, [unit.target for unit in units])
    for unit in units:
        announce_unit(unit)
    resolve_references(units)
    return units


def _refuse_duplicates(units: list[UnitOfWork]) -> None:
    """Raise BatchRefused if two users have the same value of a unique attribute."""
    for mapping in units[0].adapter.declared.unique:
        values = [value for unit in units if (value := mapping.unique_value(unit))]
        folded = [fold(value) if isinstance(value, str) else value for value in values]
        if len(set(folded)) < len(folded):
            raise BatchRefused(f"{mapping.full_name} has the same value twice")


def _refuse_references(units: list[UnitOfWork]) -> None:
    """Raise BatchRefused if a user refers to another one of the batch by its externalId."""
    adapter = units[0].adapter
    ids = {unit.link.external_id for unit in units}
    for mapping in adapter.declared.waiting:
        if mapping.to == adapter.name and ids & {mapping.awaited(unit) for unit in units}:
            raise BatchRefused(f"{mapping.full_name} refers to a user of the same batch")


def _flush(batch: Batch, users: list[Any]) -> None:
    for user in users:
        user._scim_saving = True  # as in UnitOfWork.save
    try:
        batch.flush()
    finally:
        for user in users:
            user._scim_saving = False
    using = router.db_for_write(type(users[0]))
    transaction.on_commit(lambda: linking.link_new_users(users), using=using, robust=True)

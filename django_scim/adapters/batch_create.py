"""Many new users at once, in a few statements for all of them.

Everything is decided for each as if it came alone. What cannot be done together raises, and so
does what is wrong with any of them: the caller's rollback leaves nothing, and each is then created
by itself, to have an error of its own.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import router, transaction

from ..protocol.values import fold
from . import linking
from .accounts import usernames as names
from .accounts.adoption import user_name
from .mappings.references import end_waiting
from .users import UserAdapter
from .writing.outcomes import announce_unit
from .writing.persistence import Inserts
from .writing.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from .base import Assigned, ResourceAdapter


#: What a site may have made its own, and then has to be asked about each user by itself.
HOOKS = ("create", "save", "after_save")


class BatchRefused(Exception):
    """These users have to be created one by one."""


def can_batch(adapter: "ResourceAdapter", values: "Assigned") -> bool:
    """Whether a new resource can wait for others: no hook and no mapping needs its key before."""
    kind: Any = type(adapter)
    return (
        isinstance(adapter, UserAdapter)
        and all(getattr(kind, hook) is getattr(UserAdapter, hook) for hook in HOOKS)
        and adapter.connection.tenant is None
        and all(each.can_batch for path in values for each in adapter.mappings_for(path))
    )


def batch_create(bodies: Sequence[tuple[UserAdapter, "Assigned"]]) -> list[UnitOfWork]:
    """Create the users of several bodies, each with an adapter of its own.

    Inside a transaction of the caller's. Raises NotTogether, or what is wrong with one of them.
    """
    users_with_name = names.conflicts([user_name(values) for _, values in bodies])
    inserts, units = Inserts(), []
    for adapter, values in bodies:
        adapter.users_with_name = users_with_name
        unit = adapter.begin(values)
        if unit.has_past:
            raise BatchRefused("the site has the account already")
        unit.inserts = inserts
        unit.save()
        units.append(unit)
    _refuse_twins(units)
    _refuse_waiting(units)
    _flush(inserts, [unit.target for unit in units])
    for unit in units:
        announce_unit(unit)
    end_waiting(units)
    return units


def _refuse_twins(units: list[UnitOfWork]) -> None:
    """Raise NotTogether where two have a value that only one may have."""
    for mapping in units[0].adapter.declaration().unique:
        held = [unit.value(str(mapping.path)) for unit in units]
        values = [fold(each) if isinstance(each, str) else each for each in held if each]
        if len(set(values)) < len(values):
            raise BatchRefused(f"{mapping.path} is given twice")


def _refuse_waiting(units: list[UnitOfWork]) -> None:
    """Raise NotTogether where one refers to another by its externalId."""
    adapter = units[0].adapter
    names = {unit.link.external_id for unit in units}
    for mapping in adapter.declaration().waiting:
        if mapping.to == adapter.name and names & {mapping.awaited(unit) for unit in units}:
            raise BatchRefused(f"{mapping.path} refers to one of the others")


def _flush(inserts: Inserts, users: list[Any]) -> None:
    for user in users:
        user._scim_saving = True  # as in Draft.save
    try:
        inserts.flush()
    finally:
        for user in users:
            user._scim_saving = False
    using = router.db_for_write(type(users[0]))
    transaction.on_commit(lambda: linking.link_new_users(users), using=using, robust=True)

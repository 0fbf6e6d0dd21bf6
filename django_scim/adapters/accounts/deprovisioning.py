"""Delete or deactivate accounts whose resource is deleted, and release their user names.

The functions take the UserAdapter of a request, and run in the transaction of a write.
"""

from typing import Any

from django.contrib.auth.hashers import is_password_usable

from ...models import Connection
from ..writing import guard
from ..writing.outcomes import ChangeKind, ResourceChange, announce, kinds_of
from ..writing.side_effects import end_memberships
from ..writing.unit_of_work import Change, UnitOfWork
from . import usernames
from .activation import deactivate, is_active
from .user_models import privileges


def deletes_for_good(adapter: Any, link: Any) -> bool:
    """Return whether the connection's policy is to delete the account itself.

    Accounts that existed before the connection are never deleted.
    """
    return adapter.connection.deletion == Connection.Deletion.DELETE and not link.preexisting


def release(adapter: Any, link: Any) -> list[Change]:
    """Deactivate the account and unlink it. Return the changes of the account.

    If another connection has the account too, it stays active.
    """
    end_memberships(adapter, link)
    unit: UnitOfWork = adapter.unit_of_work(link)
    if not adapter.has_explicit_link(link.target_id, link.pk):
        deactivate(unit)
    unit.save()
    link.former_target_key, link.target = str(link.target_id), None
    link.save(update_fields=["former_target_key", "target"])
    kinds = kinds_of(unit) - {ChangeKind.UPDATED} | {ChangeKind.DELETED}
    announce(ResourceChange(adapter, link, unit.target, kinds, tuple(unit.changes)))
    return unit.changes


def count_departure(adapter: Any, link: Any) -> None:
    """Count an account that is deleted for good.

    Raise GuardTripped if the connection deletes too many.
    """
    guard.count_removal(adapter, "accounts", 1, link.created)


def tombstones(adapter: Any, user: Any) -> Any:
    """Return the tombstones of the links that this connection had to an account."""
    return adapter.link._default_manager.filter(
        connection=adapter.connection, target=None, former_target_key=str(user.pk)
    )


def was_released(adapter: Any, user: Any) -> bool:
    """Return whether this connection deleted the account, and it is still unused.

    Unused means inactive, without a usable password, privileges or another link.
    """
    return (
        not is_active(adapter, user)
        and not is_password_usable(user.password)
        and not any(getattr(user, name) for name in privileges(adapter.model))
        and not adapter.has_explicit_link(user.pk)
        and tombstones(adapter, user).exists()
    )


def reserve_username(adapter: Any, user: Any) -> None:
    """Raise Uniqueness if another account has the user's name.

    An account that this connection deleted is renamed instead. The error is the same for every
    account, so that it does not reveal accounts of other connections.
    """
    name = user.get_username()
    for other in adapter.conflicts(name):
        if other.pk != user.pk:
            if not was_released(adapter, other):
                raise usernames.taken(name)
            adapter.release_username(other)

"""How an account ends when its resource is deleted, and what then becomes of its name.

The functions take the adapter of users of one request, and run in the transaction of a write.
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
    """Return whether the account itself is deleted, by the connection's policy.

    An account that the site had before is never.
    """
    return adapter.connection.deletion == Connection.Deletion.DELETE and not link.preexisting


def release(adapter: Any, link: Any) -> list[Change]:
    """Deactivate the account and unlink it. Return what changed.

    An account that another connection has stays in use.
    """
    end_memberships(adapter, link)
    unit: UnitOfWork = adapter.unit_of_work(link)
    if not adapter.is_held(link.target_id, link.pk):
        deactivate(unit)
    unit.save()
    link.former_target_key, link.target = str(link.target_id), None
    link.save(update_fields=["former_target_key", "target"])
    kinds = kinds_of(unit) - {ChangeKind.UPDATED} | {ChangeKind.DELETED}
    announce(ResourceChange(adapter, link, unit.target, kinds, tuple(unit.changes)))
    return unit.changes


def count_departure(adapter: Any, link: Any) -> None:
    """Count an account that is deleted for good. Raises GuardTripped."""
    guard.count_removal(adapter, "accounts", 1, link.created)


def tombstones(adapter: Any, user: Any) -> Any:
    """Return the links that this connection had to an account, and deleted."""
    return adapter.link._default_manager.filter(
        connection=adapter.connection, target=None, former_target_key=str(user.pk)
    )


def was_released(adapter: Any, user: Any) -> bool:
    """Return whether this connection deleted the account, and nobody has used it since."""
    return (
        not is_active(adapter, user)
        and not is_password_usable(user.password)
        and not any(getattr(user, name) for name in privileges(adapter.model))
        and not adapter.is_held(user.pk)
        and tombstones(adapter, user).exists()
    )


def reserve_username(adapter: Any, user: Any) -> None:
    """Make sure that a user's name is free.

    A deleted account of this connection gives up the name. Raises Uniqueness for any other
    account, always the same one, whoever has the name.
    """
    name = user.get_username()
    for other in adapter.conflicts(name):
        if other.pk != user.pk:
            if not was_released(adapter, other):
                raise usernames.taken(name)
            adapter.release_username(other)

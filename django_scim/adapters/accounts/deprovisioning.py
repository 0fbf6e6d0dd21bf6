"""Delete or deactivate accounts whose resource is deleted, and release their user names.

The functions take the UserAdapter of a request, and run in the transaction of a write.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.hashers import is_password_usable
from django.db.models import Q

from ...models import Connection
from ..behaviours import Role
from ..writing import guard
from ..writing.changes import Change
from ..writing.locks import for_update
from ..writing.outcomes import ChangeKind, ResourceChange, announce, kinds_of
from ..writing.side_effects import end_memberships
from ..writing.unit_of_work import UnitOfWork
from . import usernames
from .activation import deactivate, is_active
from .eligibility import digest_of, digests_of, is_privileged, lock_account, may_reach


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
    is_last = not adapter.has_explicit_link(link.target_id, link.pk)
    if is_last:
        deactivate(unit)
    elif is_active(adapter, unit.target):
        guard.count_loss(adapter, link)
    unit.save()
    adapter.link.end_releases([link.target_id])
    link.detach(digest_of(adapter, lock_account(adapter, unit.target)) if is_last else "")
    kinds = kinds_of(unit) - {ChangeKind.UPDATED} | {ChangeKind.DELETED}
    announce(ResourceChange(adapter, link, unit.target, kinds, tuple(unit.changes)))
    return unit.changes


def find_released(adapter: Any, users: Sequence[Any], **conditions: Any) -> list[Any]:
    """Return the accounts in ``users`` that this connection deleted and may get back.

    The statements are the same for all accounts, so that the response time does not reveal who uses
    a name. Rows are not locked here: ``lock_released`` makes the decision.
    """
    links: Any = adapter.link._default_manager
    keys = [user.pk for user in users]
    tombstones = _tombstones(adapter, former_target_key__in=map(str, keys), **conditions)
    digests = {each.former_target_key: each.release_digest for each in tombstones.order_by("pk")}
    held = Q(created_by_scope=False) | Q(connection=adapter.connection)
    linked = set(links.filter(held, target__in=keys).values_list("target", flat=True))
    current = digests_of(adapter, users)
    return [
        user
        for user in users
        if digests.get(str(user.pk)) == current[user.pk]
        and user.pk not in linked
        and not is_privileged(adapter, user)
    ]


def _tombstones(adapter: Any, **conditions: Any) -> Any:
    """Return the links of the connection whose deletion is the last one of their account."""
    return adapter.link._default_manager.exclude(release_digest="").filter(
        connection=adapter.connection, target=None, unassigned=False, **conditions
    )


def lock_released(adapter: Any, user: Any, **conditions: Any) -> tuple[Any, Any] | None:
    """Lock an account that this connection deleted. Return it with its tombstone.

    Return None unless the deletion was the last thing that happened to the account: no other
    connection and no admin had a link to it since, and the site has not changed its row, groups or
    permissions. It must be inactive, without a usable password, and the connection must be allowed
    to reach it. ``conditions`` are further conditions on the tombstone.
    """
    user = lock_account(adapter, user)
    if user is None:
        return None
    tombstones = _tombstones(adapter, former_target_key=str(user.pk), **conditions)
    # It may have changed before the lock, and must not be withdrawn while the account returns.
    tombstone = for_update(tombstones.order_by("-pk")).first()
    if (
        tombstone is None
        or is_active(adapter, user)
        or is_password_usable(user.password)
        or tombstone.release_digest != digest_of(adapter, user)
        or not may_reach(adapter, user)
    ):
        return None
    return user, tombstone


def reserve_username(adapter: Any, user: Any) -> None:
    """Raise Uniqueness if another account has the user's name.

    An account that this connection created and deleted is renamed instead, under the same
    conditions as for a revival, which are checked while its row is locked. The rename has its own
    event. In these cases the account keeps its name, and the answer is 409:

    * It existed before the connection had it.
    * Another connection or an admin had the account later, or the site has changed it: the account
      is no longer as the connection deleted it.
    * The account is protected, or belongs to another tenant.
    * The deleted link was unconfirmed: the connection may not change the account's user name, and
      a deletion must not allow what a rename does not.

    The error is the same for every account, so that it does not reveal accounts of other
    connections.
    """
    name = user.get_username()
    others = [other for other in adapter.conflicts(name) if other.pk != user.pk]
    if not others:
        return
    conditions = {"unconfirmed": False, "preexisting": False}
    if len(find_released(adapter, others, **conditions)) < len(others):
        raise usernames.taken(name)
    for other in others:
        released = lock_released(adapter, other, **conditions)
        if released is None:
            raise usernames.taken(name)
        _rename(adapter, *released)


def _rename(adapter: Any, user: Any, tombstone: Any) -> None:
    """Give a locked account another name, as a side effect with an event and signals."""
    old = user.get_username()
    adapter.release_username(user)
    mapping = adapter.declared.by_role.get(Role.SIGN_IN_NAME)
    columns = {column.name for _, column in mapping.written_columns()} if mapping else set()
    path = mapping.full_name if user.USERNAME_FIELD in columns else user.USERNAME_FIELD
    change = Change(path, old, user.get_username())
    tombstone.target = user  # only for the event; the tombstone is not saved
    kinds = frozenset({ChangeKind.UPDATED})
    announce(ResourceChange(adapter, tombstone, user, kinds, (change,)), is_side_effect=True)

"""Use an existing account for a new resource: revive a deleted one, or adopt one of the site.

The functions take the UserAdapter of a request, and run in the transaction of a write.
"""

from typing import Any

from ...protocol.attributes import Attribute
from ..behaviours import Role
from ..interfaces import Assigned
from ..writing.staging import assign, assign_given
from ..writing.unit_of_work import UnitOfWork
from . import usernames
from .activation import reactivate, with_activation
from .adoption import policy_of
from .deprovisioning import find_released, lock_released
from .eligibility import has_access, lock_account, may_reach


def begin_existing(adapter: Any, values: Assigned) -> UnitOfWork | None:
    """Return the unit of work of an existing account, with the body staged.

    Return None if a new account must be created. Raise Uniqueness if the connection deleted the
    account of the same person, and the site does not let it have the account again.
    """
    if (former := find_former_account(adapter, values)) is not None:
        user, tombstone = former
        # The same restrictions as before, and more if the site gave the account access.
        is_locked = tombstone.unconfirmed or has_access(adapter, user)
        unit = _begin(
            adapter,
            user,
            preexisting=tombstone.preexisting,
            known_since=tombstone.known_since or tombstone.created,
            unconfirmed=is_locked,
        )
        reactivate(unit)
        assign(unit, with_activation(adapter, values), _locked(adapter) if is_locked else ())
        return unit
    if (user := find_adoptable(adapter, values)) is not None:
        unit = _begin(adapter, user, preexisting=True, unconfirmed=True)
        locked = _locked(adapter)
        assign_given(unit, {p: v for p, v in values.items() if p.attribute not in locked})
        return unit
    return None


def _begin(adapter: Any, user: Any, **columns: Any) -> UnitOfWork:
    """Return the unit of work of an existing account, with a new link."""
    adapter.link.end_releases([user.pk])
    link = adapter.link(connection=adapter.connection, target=user, **columns)
    unit: UnitOfWork = adapter.unit_of_work(link)
    return unit


def _locked(adapter: Any) -> set[Attribute]:
    """Return the attributes that cannot be set while a link is unconfirmed."""
    return {mapping.path.attribute for mapping in adapter.declared.locked}


def find_former_account(adapter: Any, values: Assigned) -> tuple[Any, Any] | None:
    """Return the account that this connection deleted for the same userName and externalId.

    Return it locked, with its tombstone. Return None if no account matches, or if another
    connection, an admin or the site has used it since; it then keeps its name. Raise Uniqueness
    if ``may_adopt`` rejects it: as it is the same person, the account must not be renamed to make
    room for a second one.
    """
    mapping = adapter.declared.by_role.get(Role.EXTERNAL_ID)
    external_id = values.get(mapping.path) if mapping else None
    if not external_id:
        return None
    name = adapter.user_name(values)
    users = [user for user in adapter.conflicts(name) if usernames.has_name(user, name)]
    for user in find_released(adapter, users, external_id=external_id) if users else ():
        former = lock_released(adapter, user, external_id=external_id)
        if former is not None:
            if not adapter.may_adopt(former[0], values):
                raise usernames.taken(name)
            return former
    return None


def find_adoptable(adapter: Any, values: Assigned) -> Any:
    """Return the account that the connection adopts for a new user, locked, or None.

    An account that an admin took from the connection is never adopted again.
    """
    policy = policy_of(adapter.connection)
    for candidate in policy.find(adapter, values) if policy else ():
        user = lock_account(adapter, candidate)
        if user is None or user.get_username() != candidate.get_username():
            continue  # deleted or renamed since the policy has found it
        # Both are checked always, so that the number of statements does not tell which failed.
        was_taken_away, is_reachable = _was_taken_away(adapter, user), may_reach(adapter, user)
        if was_taken_away or not is_reachable:
            continue
        if adapter.may_adopt(user, values):
            return user
    return None


def _was_taken_away(adapter: Any, user: Any) -> bool:
    """Return whether an admin unassigned the account from this connection."""
    tombstones = adapter.link._default_manager.filter(
        connection=adapter.connection, former_target_key=str(user.pk), unassigned=True
    )
    return bool(tombstones.exists())

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
from .activation import (
    activation_attributes,
    can_be_inactive,
    is_closed,
    reactivate,
    with_activation,
)
from .adoption import policy_of
from .deprovisioning import lock_released
from .eligibility import access_of, lock_account, may_reach, was_released


def begin_existing(adapter: Any, values: Assigned) -> UnitOfWork | None:
    """Return the unit of work of an existing account, with the body staged.

    Return None if a new account must be created. Raise Uniqueness if the connection deleted the
    account of the same person, and the site does not let it have the account again.
    """
    if (former := find_former_account(adapter, values)) is not None:
        return _revive(adapter, *former, values)
    if (user := find_adoptable(adapter, values)) is not None:
        return _adopt(adapter, user, values)
    return None


def _revive(adapter: Any, user: Any, tombstone: Any, values: Assigned) -> UnitOfWork:
    """Return the unit of work of a deleted account, with the restrictions that it had before.

    An account with permissions or groups that the connection did not give it stays inactive until
    an admin confirms the link. Raise Uniqueness if the site's accounts cannot be inactive.
    """
    access = access_of(adapter, user)
    if access and not can_be_inactive(adapter):
        raise usernames.taken(user.get_username())
    is_held = tombstone.held_inactive or bool(access)
    is_locked = tombstone.unconfirmed or is_held
    unit = _begin(
        adapter,
        user,
        preexisting=tombstone.preexisting,
        granted_by_scope=tombstone.granted_by_scope,
        known_since=tombstone.known_since or tombstone.created,
        unconfirmed=is_locked,
        held_inactive=is_held,
    )
    kept = _locked(adapter) if is_locked else set()
    if is_held:
        kept |= activation_attributes(adapter)
    else:
        reactivate(unit)
        values = with_activation(adapter, values)
    assign(unit, values, kept)
    unit.remark = _remark("a deleted account came back", access, is_held)
    return unit


def _adopt(adapter: Any, user: Any, values: Assigned) -> UnitOfWork:
    """Return the unit of work of an adopted account.

    An inactive account stays inactive until an admin confirms the link, unless a connection made
    it inactive, nothing has happened to it since, and it has no permissions or groups that this
    connection does not see.
    """
    access = access_of(adapter, user)
    is_held = is_closed(adapter, user) and (bool(access) or not was_released(adapter, user))
    unit = _begin(adapter, user, preexisting=True, unconfirmed=True, held_inactive=is_held)
    kept = _locked(adapter) | (activation_attributes(adapter) if is_held else set())
    assign_given(unit, {p: v for p, v in values.items() if p.attribute not in kept})
    unit.remark = _remark("an existing account was adopted", access, is_held)
    return unit


def _remark(text: str, access: list[str], is_held: bool) -> str:
    """Return the detail of the event."""
    if access:
        text += f"; it has {', '.join(access)}"
    if is_held:
        text += "; it stays inactive until an admin confirms the link"
    return text


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
    for user in adapter.conflicts(name):
        if not usernames.has_name(user, name):
            continue
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
        if _was_taken_away(adapter, user) or not may_reach(adapter, user):
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

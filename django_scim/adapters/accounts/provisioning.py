"""Use an existing account for a new resource: restore a deleted one, or adopt one of the site.

The functions take the UserAdapter of a request, and run in the transaction of a write.
"""

from typing import Any

from ..behaviours import Role
from ..interfaces import Assigned
from ..writing.locks import for_update
from ..writing.staging import assign, assign_given
from ..writing.unit_of_work import UnitOfWork
from . import usernames
from .activation import reactivate, with_activation
from .adoption import policy_of
from .deprovisioning import tombstones, was_released
from .user_models import privileges


def begin_existing(adapter: Any, values: Assigned) -> UnitOfWork | None:
    """Return the unit of work of an existing account, with the body staged.

    Return None if a new account must be created.
    """
    if (user := find_former_account(adapter, values)) is not None:
        link = adapter.link(connection=adapter.connection, target=user)
        unit: UnitOfWork = adapter.unit_of_work(link)
        reactivate(unit)
        assign(unit, with_activation(adapter, values))
        return unit
    if (user := find_adoptable(adapter, values)) is not None:
        flags = {"unconfirmed": True, "preexisting": True}
        link = adapter.link(connection=adapter.connection, target=user, **flags)
        unit = adapter.unit_of_work(link)
        locked = {mapping.path.attribute for mapping in adapter.declared.locked}
        assign_given(unit, {p: v for p, v in values.items() if p.attribute not in locked})
        return unit
    return None


def find_former_account(adapter: Any, values: Assigned) -> Any:
    """Return the account that this connection deleted for the same userName and externalId.

    Return None if no account matches, or if it has been used since.
    """
    mapping = adapter.declared.by_role.get(Role.EXTERNAL_ID)
    external_id = values.get(mapping.path) if mapping else None
    if not external_id:
        return None
    name = adapter.user_name(values)
    for user in adapter.conflicts(name):
        if not usernames.has_name(user, name):
            continue
        last = tombstones(adapter, user).order_by("-pk").first()
        if last and last.external_id == external_id and was_released(adapter, user):
            return user
    return None


def find_adoptable(adapter: Any, values: Assigned) -> Any:
    """Return the account that the connection adopts for a new user, or None."""
    policy = policy_of(adapter.connection)
    for user in policy.find(adapter, values) if policy else ():
        if any(getattr(user, flag) for flag in privileges(adapter.model)):
            continue
        if not _is_in_tenant(adapter, user):
            continue
        # Lock the account, so that two connections cannot adopt it at the same time.
        for_update(adapter.model._base_manager.filter(pk=user.pk)).first()
        if _is_free(adapter, user) and adapter.may_adopt(user, values):
            return user
    return None


def _is_in_tenant(adapter: Any, user: Any) -> bool:
    """Return whether the account belongs to the connection's tenant, if it has one."""
    connection = adapter.connection
    if not connection.has_tenant:
        return True
    if connection.tenant_is_gone():
        return False
    return bool(adapter.belongs_to(user, connection.tenant))


def _is_free(adapter: Any, user: Any) -> bool:
    """Return whether no connection has the account, and ``unprotected`` allows this one.

    ``unprotected`` is a condition on links, so a temporary link is saved to test it.
    """
    own = adapter.link._default_manager.filter(connection=adapter.connection, target=user.pk)
    if adapter.has_explicit_link(user.pk) or own.exists():
        return False
    flags = {"preexisting": True, "unconfirmed": True}
    link = adapter.link(connection=adapter.connection, target=user, **flags)
    link.save()
    is_unprotected = own.filter(adapter.unprotected()).exists()
    link.delete()
    return bool(is_unprotected)

"""The deletion of a resource: of the object, or only of the link and the connection's members."""

import copy
from typing import Any

from ...models import GuardCount
from ...protocol.messages.patch import Operation
from . import guard
from .changes import Change
from .outcomes import ChangeKind, ResourceChange, announce, kinds_of
from .side_effects import end_memberships
from .unit_of_work import UnitOfWork


def delete(adapter: Any, link: Any) -> list[Change]:
    """Delete the object of a locked link, or keep it and remove the connection's members.

    The link becomes a tombstone. Return the changes of an object that still exists. Raise
    GuardTripped if the connection deletes too much.
    """
    guard.count_loss(adapter, link)
    end_memberships(adapter, link)
    target, changes, kinds = link.target, [], frozenset({ChangeKind.DELETED})
    stays = adapter.stays(link)
    if stays:
        unit = _remove_members(adapter, link)
        changes, kinds = unit.changes, kinds_of(unit) - {ChangeKind.UPDATED} | kinds
    else:
        _count_members(adapter, link)
    link.detach()
    deleted = copy.copy(target)  # deletion removes the primary key from the instance
    if not stays:
        target.delete()
    announce(ResourceChange(adapter, link, deleted, kinds, tuple(changes)))
    return changes


def _remove_members(adapter: Any, link: Any) -> UnitOfWork:
    """Remove the members that the connection can see. This never needs a permission."""
    unit: UnitOfWork = adapter.unit_of_work(link)
    unit.is_deletion = True
    for mapping in adapter.declared.members:
        mapping.stage(unit, Operation("remove", mapping.path))
    if adapter.declared.members:
        unit.save()
    return unit


def _count_members(adapter: Any, link: Any) -> None:
    """Count the memberships that end with the object."""
    for mapping in adapter.declared.members:
        count = mapping.relation.rows(link.target_id).count()
        guard.count_loss(adapter, link, count, GuardCount.MEMBERSHIPS)

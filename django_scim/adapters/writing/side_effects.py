"""Side effects: writes to other objects that are caused by the write of a request."""

from collections.abc import Sequence
from typing import Any

from django.db.models import F
from django.utils import timezone

from ..interfaces import Adapter
from .changes import Change
from .locks import for_update
from .outcomes import ChangeKind, ResourceChange, announce
from .unit_of_work import UnitOfWork


def end_memberships(adapter: Adapter, link: Any) -> None:
    """Remove an object whose resource is deleted from every group of its connection."""
    for name in adapter.registry.names():
        other = adapter.registry.adapter(name)
        for mapping in other.declared.members:
            if mapping.to == adapter.name:
                _leave(adapter, link, other, mapping)


def _leave(adapter: Adapter, link: Any, other: Adapter, mapping: Any) -> None:
    """Remove an object from the groups of one mapping of members.

    Groups are locked before their memberships, the same order as in a change of a group; another
    order could cause a deadlock.
    """
    owners = mapping.relation.owners(link.target_id)
    keys = list(other.queryset().filter(target__in=owners).values_list("pk", flat=True))
    if not keys:
        return
    links = other.queryset().filter(pk__in=keys).order_by("pk")
    locked = list(for_update(links))
    objects = other.model._base_manager.in_bulk([each.target_id for each in locked])
    mapping.relation.leave(link.target, list(objects.values()))
    links.update(version=F("version") + 1, last_modified=timezone.now())
    member = {"value": link.scim_id, "display": adapter.name_of(link)}
    change = Change(mapping.full_name, [member], None)
    kinds = frozenset({ChangeKind.UPDATED, ChangeKind.MEMBERSHIP_CHANGED})
    for each in locked:
        each.target = objects[each.target_id]
        announce(ResourceChange(other, each, each.target, kinds, (change,)), is_side_effect=True)


def resolve_references(units: Sequence[UnitOfWork]) -> None:
    """Resolve pending references to these new objects."""
    adapter = units[0].adapter
    for name in adapter.registry.names():
        waiting = adapter.registry.adapter(name)
        for mapping in waiting.declared.waiting:
            if mapping.to == adapter.name:
                mapping.resolve_pending(units, waiting)

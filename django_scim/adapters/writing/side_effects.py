"""The end of an object's memberships, when its resource is deleted."""

from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils import timezone

from .locks import for_update
from .outcomes import ChangeKind, announce
from .unit_of_work import Change

if TYPE_CHECKING:
    from ..base import ResourceAdapter
    from ..mappings.memberships import Members


def end_memberships(adapter: "ResourceAdapter", link: Any) -> None:
    """Take an object out of everything of its connection's that it is a member of."""
    registry = adapter.registry
    for name in registry.names():
        other = registry.adapter(name)
        for mapping in other.declaration().members:
            if mapping.to == adapter.name:
                _leave(adapter, link, other, mapping)


def _leave(
    adapter: "ResourceAdapter", link: Any, other: "ResourceAdapter", mapping: "Members"
) -> None:
    """The group first, then its memberships, as a change of the group itself has it: whoever
    locks in another order waits for ever."""
    owners = mapping.relation.owners(link.target_id)
    keys = list(other.queryset().filter(target__in=owners).values_list("pk", flat=True))
    if not keys:
        return
    links = other.queryset().filter(pk__in=keys).order_by("pk")
    locked = list(for_update(links))
    objects = other.model._base_manager.in_bulk([each.target_id for each in locked])
    mapping.relation.leave(link.target, list(objects.values()))
    links.update(version=F("version") + 1, last_modified=timezone.now())
    change = Change(
        str(mapping.path), [{"value": link.scim_id, "display": adapter.name_of(link)}], None
    )
    kinds = frozenset({ChangeKind.UPDATED, ChangeKind.MEMBERSHIP_CHANGED})
    for each in locked:
        each.target = objects[each.target_id]
        announce(other, each, each.target, kinds, [change], is_side_effect=True)

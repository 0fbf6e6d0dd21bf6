"""What a write did, in the words of its event, of the signals and of the adapter's own hook."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import models, router, transaction

from ... import signals
from ...models import Connection, Event
from ..mappings.memberships import Members
from .unit_of_work import Change, UnitOfWork

if TYPE_CHECKING:
    from ..base import ResourceAdapter


class ChangeKind(StrEnum):
    """One thing that a write did; each has the name of its signal, in the order of sending."""

    CREATED = "created"
    UPDATED = "updated"
    DEACTIVATED = "deactivated"
    REACTIVATED = "reactivated"
    MEMBERSHIP_CHANGED = "membership_changed"
    DELETED = "deleted"


@dataclass(frozen=True)
class ResourceChange:
    """What one write did to one object; it is committed by the time that a site sees this."""

    adapter: "ResourceAdapter"
    link: Any
    object: models.Model
    kinds: frozenset[ChangeKind]
    changes: tuple[Change, ...] = ()

    @property
    def connection(self) -> Connection:
        return self.adapter.connection

    @property
    def resource_type(self) -> str:
        return self.adapter.name

    @property
    def scim_id(self) -> str:
        return str(self.link.scim_id)


def kinds_of(unit: UnitOfWork) -> frozenset[ChangeKind]:
    """Return what a saved draft did; nothing when it changed nothing."""
    kinds = set()
    if unit.is_new:
        kinds.add(ChangeKind.CREATED)
    elif unit.changes:
        kinds.add(ChangeKind.UPDATED)
    by_path = unit.adapter.declaration().by_path
    for change in unit.changes:
        if isinstance(by_path.get(change.path), Members):
            kinds.add(ChangeKind.MEMBERSHIP_CHANGED)
        elif change.path == "active" and unit.has_past and change.new is not None:
            kinds.add(ChangeKind.REACTIVATED if change.new else ChangeKind.DEACTIVATED)
    return frozenset(kinds)


def action_of(kinds: frozenset[ChangeKind], changes: Sequence[Change]) -> str:
    """Return the action of a write's event: what matters most to who reviews it."""
    if kinds == {ChangeKind.UPDATED, ChangeKind.MEMBERSHIP_CHANGED} and len(changes) == 1:
        return Event.Action.MEMBERSHIP
    return next((ACTIONS[kind] for kind in ACTIONS if kind in kinds), Event.Action.UPDATE)


ACTIONS = {
    ChangeKind.CREATED: Event.Action.CREATE,
    ChangeKind.DELETED: Event.Action.DELETE,
    ChangeKind.DEACTIVATED: Event.Action.DEACTIVATE,
    ChangeKind.REACTIVATED: Event.Action.REACTIVATE,
}


def announce(
    adapter: "ResourceAdapter",
    link: Any,
    target: Any,
    kinds: frozenset[ChangeKind],
    changes: list[Change],
    *,
    is_side_effect: bool = False,
) -> None:
    """Call the adapter's ``after_commit`` and send the signals, once the write is committed.

    A consequence of what the client asked for is kept for an event of its own.
    """
    if not kinds:
        return
    write = ResourceChange(adapter, link, target, kinds, tuple(changes))
    if is_side_effect:
        adapter.registry.side_effects.append(write)
    sender = type(target)
    heard = [
        signal
        for kind in ChangeKind
        if kind in kinds and (signal := getattr(signals, kind)).has_listeners(sender)
    ]
    if not (heard or adapter.hears_commits()):
        return

    def tell() -> None:
        for signal in heard:
            signal.send_robust(
                sender,
                connection=write.connection,
                object=write.object,
                changes=write.changes,
                resource_type=write.resource_type,
                scim_id=write.scim_id,
            )
        adapter.after_commit(write)

    transaction.on_commit(tell, using=router.db_for_write(type(link)), robust=True)


def announce_unit(unit: UnitOfWork, *, is_side_effect: bool = False) -> None:
    """Do so for a draft that is saved."""
    announce(
        unit.adapter,
        unit.link,
        unit.target,
        kinds_of(unit),
        unit.changes,
        is_side_effect=is_side_effect,
    )

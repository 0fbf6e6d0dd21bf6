"""The outcome of a write: the action of its event, its signals, and the adapter's own hook."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import models, router, transaction

from ... import signals
from ...models import Connection, Event
from ..interfaces import Adapter
from .unit_of_work import Change, UnitOfWork


class ChangeKind(StrEnum):
    """One thing that a write did. Each has the name of its signal, in the order of sending."""

    CREATED = "created"
    UPDATED = "updated"
    DEACTIVATED = "deactivated"
    REACTIVATED = "reactivated"
    MEMBERSHIP_CHANGED = "membership_changed"
    DELETED = "deleted"


@dataclass(frozen=True)
class ResourceChange:
    """What one write did to one object. It is committed by the time that a site receives this."""

    adapter: Adapter
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


ACTIONS = {
    ChangeKind.CREATED: Event.Action.CREATE,
    ChangeKind.DELETED: Event.Action.DELETE,
    ChangeKind.DEACTIVATED: Event.Action.DEACTIVATE,
    ChangeKind.REACTIVATED: Event.Action.REACTIVATE,
}
"""The actions of events, the most important one first."""


def kinds_of(unit: UnitOfWork) -> frozenset[ChangeKind]:
    """Return what a saved unit of work did; empty when it changed nothing."""
    kinds = set()
    if unit.is_new:
        kinds.add(ChangeKind.CREATED)
    elif unit.changes:
        kinds.add(ChangeKind.UPDATED)
    by_path = unit.adapter.declared.by_path
    for change in unit.changes:
        mapping = by_path.get(change.path)
        if mapping is not None and (kind := mapping.change_kind(unit, change)) is not None:
            kinds.add(kind)
    return frozenset(kinds)


def action_of(kinds: frozenset[ChangeKind], changes: Sequence[Change]) -> str:
    """Return the action of a write's event: what matters most to the person who reviews it."""
    if kinds == {ChangeKind.UPDATED, ChangeKind.MEMBERSHIP_CHANGED} and len(changes) == 1:
        return Event.Action.MEMBERSHIP
    return next((ACTIONS[kind] for kind in ACTIONS if kind in kinds), Event.Action.UPDATE)


def announce(change: ResourceChange, *, is_side_effect: bool = False) -> None:
    """Call ``after_commit`` and send the signals once the change is committed.

    A side effect, which the client did not ask for, is kept in the registry: it gets an event of
    its own.
    """
    if not change.kinds:
        return
    adapter, sender = change.adapter, type(change.object)
    if is_side_effect:
        adapter.registry.side_effects.append(change)
    heard = [
        signal
        for kind in ChangeKind
        if kind in change.kinds and (signal := getattr(signals, kind)).has_listeners(sender)
    ]
    if not (heard or adapter.hears_commits):
        return

    def tell() -> None:
        for signal in heard:
            signal.send_robust(
                sender,
                connection=change.connection,
                object=change.object,
                changes=change.changes,
                resource_type=change.resource_type,
                scim_id=change.scim_id,
            )
        adapter.after_commit(change)

    transaction.on_commit(tell, using=router.db_for_write(type(change.link)), robust=True)


def announce_unit(unit: UnitOfWork, *, is_side_effect: bool = False) -> None:
    """Announce what a saved unit of work did, and keep its kinds."""
    unit.kinds = kinds_of(unit)
    change = ResourceChange(unit.adapter, unit.link, unit.target, unit.kinds, tuple(unit.changes))
    announce(change, is_side_effect=is_side_effect)

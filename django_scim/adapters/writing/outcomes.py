"""The outcome of a write: the action of its event, its signals, and ``after_commit``."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import models, router, transaction

from ... import signals
from ...models import Connection, Event
from ..interfaces import Adapter
from .changes import Change
from .unit_of_work import UnitOfWork


class ChangeKind(StrEnum):
    """A kind of change. Each has the name of its signal; signals are sent in this order."""

    CREATED = "created"
    UPDATED = "updated"
    DEACTIVATED = "deactivated"
    REACTIVATED = "reactivated"
    MEMBERSHIP_CHANGED = "membership_changed"
    DELETED = "deleted"


@dataclass(frozen=True)
class ResourceChange:
    """The change of one object by one write. Hooks and receivers get it after the commit."""

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
"""The action of an event for each kind of change, the most important one first."""


def kinds_of(unit: UnitOfWork) -> frozenset[ChangeKind]:
    """Return the kinds of change of a saved unit of work; empty if it changed nothing."""
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
    """Return the action of a write's event: the most important one for a reviewer."""
    if kinds == {ChangeKind.UPDATED, ChangeKind.MEMBERSHIP_CHANGED} and len(changes) == 1:
        return Event.Action.MEMBERSHIP
    return next((ACTIONS[kind] for kind in ACTIONS if kind in kinds), Event.Action.UPDATE)


def announce(change: ResourceChange, *, is_side_effect: bool = False) -> None:
    """Call ``after_commit`` and send the signals once the change is committed.

    A side effect, which the client did not request, is added to the registry, so that it gets a
    separate event.
    """
    if not change.kinds:
        return
    adapter, sender = change.adapter, type(change.object)
    if is_side_effect:
        adapter.registry.side_effects.append(change)
    received = [
        signal
        for kind in ChangeKind
        if kind in change.kinds and (signal := getattr(signals, kind)).has_listeners(sender)
    ]
    if not (received or adapter.hears_commits):
        return

    def send() -> None:
        answers: list[Any] = []
        for signal in received:
            answers += signal.send_robust(
                sender,
                connection=change.connection,
                object=change.object,
                changes=change.changes,
                resource_type=change.resource_type,
                scim_id=change.scim_id,
            )
        adapter.after_commit(change)
        for _receiver, answer in answers:
            if isinstance(answer, Exception):
                raise answer  # all receivers have run; ``in_transaction`` logs and notes the error

    transaction.on_commit(send, using=router.db_for_write(type(change.link)), robust=True)


def announce_unit(unit: UnitOfWork, *, is_side_effect: bool = False) -> None:
    """Announce the changes of a saved unit of work, and keep their kinds; see ``announce``."""
    unit.kinds = kinds_of(unit)
    change = ResourceChange(unit.adapter, unit.link, unit.target, unit.kinds, tuple(unit.changes))
    announce(change, is_side_effect=is_side_effect)

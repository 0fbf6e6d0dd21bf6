"""What a write did, in the words of its event, of the signals and of the adapter's own hook."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import models, router, transaction

from ... import signals
from ...models import Connection, Event
from ..mappings.memberships import Members
from .unit_of_work import Change, Draft

if TYPE_CHECKING:
    from ..base import ResourceAdapter


class Kind(StrEnum):
    """One thing that a write did; each has the name of its signal, in the order of sending."""

    CREATED = "created"
    UPDATED = "updated"
    DEACTIVATED = "deactivated"
    REACTIVATED = "reactivated"
    MEMBERSHIP_CHANGED = "membership_changed"
    DELETED = "deleted"


@dataclass(frozen=True)
class Write:
    """What one write did to one object; it is committed by the time that a site sees this."""

    adapter: "ResourceAdapter"
    link: Any
    object: models.Model
    kinds: frozenset[Kind]
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


def kinds_of(draft: Draft) -> frozenset[Kind]:
    """Return what a saved draft did; nothing when it changed nothing."""
    kinds = set()
    if draft.is_new:
        kinds.add(Kind.CREATED)
    elif draft.changes:
        kinds.add(Kind.UPDATED)
    by_path = draft.adapter.compiled().by_path
    for change in draft.changes:
        if isinstance(by_path.get(change.path), Members):
            kinds.add(Kind.MEMBERSHIP_CHANGED)
        elif change.path == "active" and draft.has_past and change.new is not None:
            kinds.add(Kind.REACTIVATED if change.new else Kind.DEACTIVATED)
    return frozenset(kinds)


def action_of(kinds: frozenset[Kind], changes: Sequence[Change]) -> str:
    """Return the action of a write's event: what matters most to who reviews it."""
    if kinds == {Kind.UPDATED, Kind.MEMBERSHIP_CHANGED} and len(changes) == 1:
        return Event.Action.MEMBERSHIP
    return next((ACTIONS[kind] for kind in ACTIONS if kind in kinds), Event.Action.UPDATE)


ACTIONS = {
    Kind.CREATED: Event.Action.CREATE,
    Kind.DELETED: Event.Action.DELETE,
    Kind.DEACTIVATED: Event.Action.DEACTIVATE,
    Kind.REACTIVATED: Event.Action.REACTIVATE,
}


def announce(
    adapter: "ResourceAdapter",
    link: Any,
    target: Any,
    kinds: frozenset[Kind],
    changes: list[Change],
    *,
    is_consequence: bool = False,
) -> None:
    """Call the adapter's ``after_commit`` and send the signals, once the write is committed.

    A consequence of what the client asked for is kept for an event of its own.
    """
    if not kinds:
        return
    write = Write(adapter, link, target, kinds, tuple(changes))
    if is_consequence:
        adapter.registry.consequences.append(write)
    sender = type(target)
    heard = [
        signal
        for kind in Kind
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


def announce_draft(draft: Draft, *, is_consequence: bool = False) -> None:
    """Do so for a draft that is saved."""
    announce(
        draft.adapter,
        draft.link,
        draft.target,
        kinds_of(draft),
        draft.changes,
        is_consequence=is_consequence,
    )

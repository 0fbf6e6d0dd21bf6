"""What a write did, in the words of its event, of the signals and of the adapter's own hook."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import models, router, transaction

from .. import signals
from ..models import Connection
from .draft import Change, Draft
from .members import Members

if TYPE_CHECKING:
    from .base import ResourceAdapter


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

    connection: Connection
    resource_type: str
    scim_id: str
    object: models.Model
    kinds: frozenset[Kind]
    changes: tuple[Change, ...] = ()


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


def announce(
    adapter: "ResourceAdapter",
    link: Any,
    target: Any,
    kinds: frozenset[Kind],
    changes: list[Change],
) -> None:
    """Call the adapter's ``after_commit`` and send the signals, once the write is committed."""
    sender = type(target)
    heard = [
        (kind, getattr(signals, kind))
        for kind in Kind
        if kind in kinds and getattr(signals, kind).has_listeners(sender)
    ]
    if not kinds or not (heard or adapter.hears_commits()):
        return
    write = Write(adapter.connection, adapter.name, link.scim_id, target, kinds, tuple(changes))

    def tell() -> None:
        for _, signal in heard:
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

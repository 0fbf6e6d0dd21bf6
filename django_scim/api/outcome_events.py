"""The events of several writes in one statement, and of a request that failed."""

from collections.abc import Sequence
from typing import Any

from ..adapters.writing import guard
from ..adapters.writing.outcomes import action_of
from ..adapters.writing.unit_of_work import UnitOfWork
from ..audit import Recorder
from ..audit.event_log import log_events
from ..audit.naming import name_subject
from ..models import Event
from ..protocol.errors import GuardTripped, ScimError
from .resource_writer import ResourceWriter, Written


def finish_batch(
    written: Sequence[tuple[ResourceWriter, UnitOfWork]], status: int
) -> list[Written]:
    """Record the writes of a batch on one resource type. Return their versions, in order."""
    current = written[0][0].adapter.current([unit.link for _, unit in written])
    events = []
    for writer, unit in written:
        recorder, action = writer.recorder, action_of(unit.kinds, unit.changes)
        adapter, link = writer.adapter, unit.link
        recorder.set_resource(
            writer.resource_type,
            link,
            adapter.name_of(link),
            resource=current[link.scim_id][0],
            paths=adapter.declared.subject,
        )
        events.append(
            recorder.build_success(
                action,
                status,
                changes=unit.changes,
                tolerances=writer.adapter.tolerances,
                body=writer.given_body,
                remark=unit.remark,
            )
        )
    Event.objects.bulk_create(events)
    log_events(events)
    for writer, _ in written:
        if writer.registry.side_effects:
            writer.recorder.save_side_effects(writer.registry.side_effects)
    return [Written(None, current[unit.link.scim_id][1]) for _, unit in written]


def record_failure(
    recorder: Recorder,
    action: str,
    error: ScimError,
    body: Any,
    answer: Any,
    used: Any,
    adapter: Any = None,
    scim_id: str = "",
) -> None:
    """Save the event of a rejected or failed request, after its rollback.

    If the guard tripped, store that too. ``adapter`` is that of the resource type, if it is known.
    The event then contains the name of the resource with ``scim_id``, or the name in the body.
    """
    if recorder.connection is not None:
        if isinstance(error, GuardTripped):
            guard.trip(recorder.connection, error.counted)
        if adapter is not None:
            action = name_subject(recorder, action, error, body, adapter, scim_id)
    recorder.save_failure(action, error, body, answer, used)

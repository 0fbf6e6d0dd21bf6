"""Writes to one resource type (RFC 7644 sections 3.3 to 3.6), each with its event.

Single requests and operations of a bulk request work in the same way: parse the body, do slow
work, then lock, compare versions, write and record in one transaction.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ..adapters.interfaces import Assigned
from ..adapters.reading.plan import pop_version
from ..adapters.writing import guard
from ..adapters.writing.outcomes import action_of
from ..adapters.writing.unit_of_work import UnitOfWork
from ..audit import Recorder
from ..audit.event_log import log_events
from ..audit.naming import known_names, name_subject
from ..conf import settings
from ..models import Event
from ..protocol.errors import (
    Forbidden,
    GuardTripped,
    PreconditionFailed,
    PreconditionRequired,
    ScimError,
)
from ..protocol.filters import only_equalities
from ..protocol.messages.patch import Operation, parse_patch
from ..protocol.projection import Projection
from ..protocol.resource_body import read_resource
from ..site_code import place_in_site
from .http import etags
from .serializers import ResourceSerializer, serializer_for


class Written(NamedTuple):
    """The version of a written resource, and the resource if the response contains it."""

    resource: dict[str, Any] | None
    version: str


class ResourceWriter:
    """Carries out one request, or one operation of a bulk request, on a resource type.

    ``expected`` contains the tags of If-Match, None means that there is no such header. A client
    that may not read the resource (``may_read``) cannot compare versions or search for values
    either. ``create`` and the methods after it run inside the caller's transaction.
    """

    def __init__(
        self,
        adapter: Any,
        recorder: Recorder,
        expected: set[str] | None = None,
        may_read: bool = True,
    ) -> None:
        self.adapter, self.registry = adapter, adapter.registry
        self.resource_type: str = adapter.name
        self.recorder, self.expected, self.may_read = recorder, expected, may_read

    def start_again(self) -> None:
        """Discard cached data before a retry, so that it reads the database again."""
        self.registry.start_again()
        self.adapter = self.registry.adapter(self.resource_type)

    def note(self, error: Exception) -> None:
        """Note in the event that code of the site failed after the commit of this write."""
        place = place_in_site(error) or "the package"
        self.recorder.note_after_commit(f"{type(error).__name__} in {place}")

    # Parsing

    def serializer(self, *args: Any, **kwargs: Any) -> ResourceSerializer:
        """Return the serializer of the resource type for this request."""
        adapter_class: Any = type(self.adapter)
        serializer_class = serializer_for(adapter_class)
        return serializer_class(*args, context={"adapter": self.adapter}, **kwargs)

    def read_body(self, data: Any) -> Assigned:
        """Return the values in the body of a POST or PUT.

        Raise a ScimError, or RejectedBody if the adapter has a serializer.
        """
        if self.adapter.serializer_class is not None:
            return self.serializer().read(data)
        return read_resource(data, self.adapter.resource_schema, self.adapter.tolerances)

    def read_patch(self, data: Any, scim_id: str) -> list[Operation]:
        """Return the operations in the body of a PATCH.

        Raise a ScimError if it is invalid, Forbidden if it searches for values without permission.
        """
        adapter, limit = self.adapter, settings.MAX_PATCH_OPERATIONS
        operations = parse_patch(data, adapter.resource_schema, adapter.tolerances, scim_id, limit)
        if not self.may_read:
            _refuse_search(operations)
        if adapter.serializer_class is None:
            return operations
        serializer = self.serializer()
        return [serializer.check(each) for each in operations]

    def prepare_body(self, values: Assigned, scim_id: str = "") -> Assigned:
        """Return values after slow work such as hashing. Call this before locking rows."""
        prepared: Assigned = self.adapter.prepare(values, scim_id, values)
        return prepared

    def prepare_patch(self, operations: list[Operation], scim_id: str) -> list[Operation]:
        """Return operations after slow work such as hashing. Call this before locking rows.

        The result does not contain an operation whose slow work a later one would overwrite.
        """
        slow = self.adapter.declared.prepared
        last = {each.path.full_name: index for index, each in enumerate(operations)}
        prepared = []
        for index, each in enumerate(operations):
            if each.path.full_name not in slow or each.path.attribute.multi_valued:
                prepared.append(each)
            elif last[each.path.full_name] == index:
                is_removal = each.op == "remove"
                prepared.append(
                    each if is_removal else replace(each, value=self._prepared(each, scim_id))
                )
        return prepared

    def _prepared(self, operation: Operation, scim_id: str) -> Any:
        return self.adapter.prepare({operation.path: operation.value}, scim_id)[operation.path]

    # Writing

    def create(self, values: Assigned) -> UnitOfWork:
        return self.adapter.create(values)

    def replace(self, scim_id: str, values: Assigned) -> UnitOfWork:
        return self.adapter.replace(self._locked(scim_id), values)

    def patch(self, scim_id: str, operations: list[Operation]) -> UnitOfWork:
        return self.adapter.patch(self._locked(scim_id), operations)

    def delete(self, scim_id: str) -> None:
        link = self._locked(scim_id)
        name, paths = self.adapter.name_of(link), self.adapter.declared.subject
        known = known_names(link, self.adapter)
        self.recorder.set_resource(self.resource_type, link, name, resource=known, paths=paths)
        changes = self.adapter.delete(link)
        self._record(Event.Action.DELETE, changes, 204)

    def _locked(self, scim_id: str) -> Any:
        """Lock a resource, compare its version, and return its link.

        Raise NotFound if it does not exist, PreconditionFailed if the version differs, or
        PreconditionRequired if If-Match is required but missing.
        """
        link = self.adapter.lock(scim_id)
        if self.expected is not None and not self.may_read and etags.ANY not in self.expected:
            raise PreconditionFailed("If-Match: this token cannot read versions; send only *")
        if self.expected is None and settings.REQUIRE_IF_MATCH:
            raise PreconditionRequired("send the resource's version in the If-Match header")
        if self.expected is not None:
            etags.require_match(self.expected, self.adapter.version(link))
        return link

    def finish(self, unit: UnitOfWork, status: int, projection: Projection | None) -> Written:
        """Record a write. Return the written resource, or only its version without a projection."""
        adapter, link = self.adapter, unit.link
        resource, version = self._represent(link, projection)
        written = Written(None if projection is None else resource, version)
        self.recorder.set_resource(
            self.resource_type,
            link,
            adapter.name_of(link),
            resource=resource,
            paths=adapter.declared.subject,
        )
        self._record(action_of(unit.kinds, unit.changes), unit.changes, status, unit.remark)
        return written

    def _represent(self, link: Any, projection: Projection | None) -> tuple[dict[str, Any], str]:
        """Return a written resource and its version."""
        adapter = self.adapter
        resource = adapter.get(link.scim_id, projection or adapter.version_projection)
        return resource, pop_version(resource) or adapter.version(link)

    def _record(self, action: str, changes: list[Any], status: int, detail: str = "") -> None:
        used = self.adapter.tolerances.used
        self.recorder.save_success(action, status, changes=changes, tolerances=used, detail=detail)
        if self.registry.side_effects:
            self.recorder.save_side_effects(self.registry.side_effects)


def _refuse_search(operations: list[Operation]) -> None:
    """Raise Forbidden if the filter in a path could find out values piece by piece."""
    for operation in operations:
        if operation.where is not None and not only_equalities(operation.where):
            raise Forbidden(
                f"{operation.path}: without a read scope, a filter in a path can only compare by "
                f"eq, combined by and"
            )


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
                action, status, changes=unit.changes, tolerances=writer.adapter.tolerances.used
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

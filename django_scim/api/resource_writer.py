"""Writes on one resource type (RFC 7644 sections 3.3 to 3.6), each with its event.

A single request and an operation of a bulk go the same way: read what the client sent, prepare
what takes long, then, in one transaction, lock, compare versions, write, and record.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any, NamedTuple

from ..adapters import Registry
from ..adapters.base import Assigned
from ..adapters.reading.plan import pop_version
from ..adapters.writing import guard as guarding
from ..adapters.writing.outcomes import action_of, kinds_of
from ..adapters.writing.unit_of_work import UnitOfWork
from ..audit import Recorder
from ..conf import settings
from ..models import Connection, Event
from ..protocol.errors import GuardTripped, PreconditionRequired, ScimError
from ..protocol.messages.patch import Operation, parse_patch
from ..protocol.projection import Projection
from ..protocol.tolerances import Tolerances
from .http import etags
from .serializers import ResourceSerializer, assigned, serializer_for


class Written(NamedTuple):
    """A resource as a write left it: none of it where nobody asked to see it."""

    resource: dict[str, Any] | None
    version: str


class Writer:
    """What one request, or one operation of a bulk, does to a resource type.

    ``expected`` holds the tags of If-Match, None where there is none; ``pool`` hashes passwords.
    Everything from ``create`` on belongs inside a transaction of the caller's.
    """

    def __init__(
        self,
        connection: Connection,
        tolerances: Tolerances,
        recorder: Recorder,
        base_url: str,
        resource_type: str,
        expected: set[str] | None = None,
        pool: Executor | None = None,
    ) -> None:
        self.connection, self.tolerances, self.recorder = connection, tolerances, recorder
        self.base_url, self.resource_type, self.expected = base_url, resource_type, expected
        self.pool = pool
        self.start_again()

    def start_again(self) -> None:
        """Forget what the adapters have looked up: the next attempt sees the database anew."""
        self.registry = Registry(self.connection, self.tolerances, self.base_url, self.pool)

    @property
    def adapter(self) -> Any:
        return self.registry.adapter(self.resource_type)

    # What the client sent

    def serializer_class(self) -> type[ResourceSerializer]:
        adapter: Any = type(self.adapter)
        return serializer_for(adapter)

    def serializer(self, *args: Any, **kwargs: Any) -> ResourceSerializer:
        return self.serializer_class()(*args, context={"adapter": self.adapter}, **kwargs)

    def read_body(self, data: Any) -> Assigned:
        """Return what the body of a POST or PUT assigns."""
        body = self.serializer().run_validation(data)
        return assigned(body, self.adapter.resource_schema)

    def read_patch(self, data: Any, scim_id: str) -> list[Operation]:
        """Return the operations of a PATCH."""
        schema, limit = self.adapter.resource_schema, settings.MAX_PATCH_OPERATIONS
        operations = parse_patch(data, schema, self.tolerances, scim_id, limit)
        serializer = self.serializer()
        return [serializer.check(each) for each in operations]

    def prepare_body(self, values: Assigned, scim_id: str = "") -> Assigned:
        """Do what takes long (hashing), before anything is locked."""
        return {
            path: None if value is None else self.adapter.prepare(path, value, scim_id, values)
            for path, value in values.items()
        }

    def prepare_patch(self, operations: list[Operation], scim_id: str) -> list[Operation]:
        """Do what takes long (hashing), before anything is locked."""
        return [
            each
            if each.op == "remove"
            else replace(each, value=self.adapter.prepare(each.path, each.value, scim_id, {}))
            for each in operations
        ]

    # The write itself

    def create(self, values: Assigned) -> UnitOfWork:
        return self.adapter.create(values)

    def replace(self, scim_id: str, values: Assigned) -> UnitOfWork:
        return self.adapter.replace(self._locked(scim_id), values)

    def patch(self, scim_id: str, operations: list[Operation]) -> UnitOfWork:
        return self.adapter.patch(self._locked(scim_id), operations)

    def delete(self, scim_id: str) -> None:
        link = self._locked(scim_id)
        self.recorder.set_resource(self.resource_type, link, self.adapter.name_of(link))
        changes = self.adapter.delete(link)
        self._record(Event.Action.DELETE, changes, 204)

    def _locked(self, scim_id: str) -> Any:
        """Lock the resource and compare the version with what is locked."""
        link = self.adapter.lock(scim_id)
        if self.expected is None and settings.REQUIRE_IF_MATCH:
            raise PreconditionRequired("send the resource's version in If-Match")
        if self.expected is not None:
            etags.require_match(self.expected, self.adapter.version(link))
        return link

    def finish(self, unit: UnitOfWork, status: int, projection: Projection | None) -> Written:
        """Record a write and return the resource; without a projection its version alone."""
        written = self._represent(unit.link, projection)
        self.recorder.set_resource(self.resource_type, unit.link, self.adapter.name_of(unit.link))
        self._record(action_of(kinds_of(unit), unit.changes), unit.changes, status)
        return written

    def _represent(self, link: Any, projection: Projection | None) -> Written:
        if projection is None:
            return Written(None, self.adapter.version(link))
        resource = self.adapter.get(link.scim_id, projection)
        return Written(resource, pop_version(resource) or self.adapter.version(link))

    def _record(self, action: str, changes: list[Any], status: int) -> None:
        used = self.tolerances.used
        self.recorder.save_success(action, status, changes=changes, tolerances=used)
        self.recorder.save_side_effects(self.registry.side_effects)


def finish_batch(written: Sequence[tuple[Writer, UnitOfWork]], status: int) -> list[Written]:
    """Record several writes of one resource type, and return the versions."""
    versions = written[0][0].adapter.versions([unit.link for _, unit in written])
    events = []
    for writer, unit in written:
        recorder, action = writer.recorder, action_of(kinds_of(unit), unit.changes)
        recorder.set_resource(writer.resource_type, unit.link, writer.adapter.name_of(unit.link))
        events.append(
            recorder.build_success(
                action, status, changes=unit.changes, tolerances=writer.tolerances.used
            )
        )
    Event.objects.bulk_create(events)
    for writer, _ in written:
        writer.recorder.save_side_effects(writer.registry.side_effects)
    return [Written(None, versions[unit.link.scim_id]) for _, unit in written]


def record_failure(
    recorder: Recorder, action: str, error: ScimError, body: Any, answer: Any, used: Any
) -> None:
    """Write the event of what was refused or failed, after its rollback."""
    if isinstance(error, GuardTripped) and recorder.connection is not None:
        guarding.trip(recorder.connection, error.counted)
    recorder.save_failure(action, error, body, answer, used)

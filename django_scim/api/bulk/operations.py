"""One operation of a bulk request: parse it, resolve its references, and carry it out."""

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from ...adapters import Registry
from ...adapters.accounts.passwords import await_hashes
from ...adapters.batch_create import can_batch
from ...adapters.interfaces import Assigned
from ...audit import Recorder
from ...protocol.errors import Forbidden, InvalidSyntax, ScimError
from ...protocol.messages.bulk import BulkOperation
from ...protocol.messages.patch import Operation
from ...protocol.messages.responses import error_message
from ...protocol.tolerances import Tolerances
from ..exceptions import Unavailable, as_scim_error
from ..http import etags
from ..outcome_events import record_failure
from ..resource_writer import ResourceWriter
from ..views import ACTIONS, ScimView
from . import references

STATUS = {"POST": 201, "PUT": 200, "PATCH": 200, "DELETE": 204}


class OperationRunner:
    """Carries out one operation of a bulk request.

    The operation is parsed on creation, so that all operations can be ordered before the first one
    is carried out. ``error`` is the reason why it cannot be, or was not, carried out.
    """

    writer: ResourceWriter
    #: False if the result may contain nothing of the resource but its URI.
    may_read = True

    def __init__(self, view: ScimView, operation: BulkOperation, pool: Executor) -> None:
        self.view, self.operation, self._pool = view, operation, pool
        self.recorder = self._new_recorder()
        self.tolerances = Tolerances(view.tolerances.profile)
        self.error: ScimError | None = operation.fault
        #: The scopes that the token must have.
        self.scopes: tuple[str, ...] = ()
        self._may_refer = references.may_refer(operation.data)
        self.values: Assigned = {}
        self.patch: list[Operation] = []
        self.resource_id, self._location = operation.resource_id, ""
        self._response: dict[str, Any] = {}
        if self.error is None:
            try:
                self._read()
            except Exception as error:
                self.error = as_scim_error(error, view.correlation_id)

    def _new_recorder(self) -> Recorder:
        request = self.view.request
        recorder = Recorder(
            correlation_id=self.view.correlation_id,
            method=self.operation.method,
            path=f"{request.path} {self.operation.path}",
            address=self.view.recorder.event.address,
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
            authorization=request.META.get("HTTP_AUTHORIZATION", ""),
        )
        recorder.authenticated(self.view.token)
        return recorder

    def _read(self) -> None:
        operation, view = self.operation, self.view
        adapters = {each.endpoint.lower(): each for each in view.registry.all_classes}
        adapter = adapters.get(operation.endpoint.lower())
        if adapter is None:
            endpoints = ", ".join(f"/{each.endpoint}" for each in adapters.values())
            raise InvalidSyntax(f"path: must be under one of {endpoints}")
        self.recorder.set_resource(adapter.name, scim_id=operation.resource_id)
        area = adapter.endpoint.lower()
        if not view.token.permits(scope := f"{area}:write"):
            raise Forbidden(f"the token lacks the scope {scope}", "scope_missing", scope=scope)
        self.scopes, self.may_read = (scope,), view.token.permits(f"{area}:read")
        expected = etags.tags(operation.version) if operation.version else None
        connection = view.token.connection
        base_url = view.registry.base_url
        registry = Registry(connection, self.tolerances, base_url, self._pool)
        self.writer = ResourceWriter(
            registry.adapter(adapter.name), self.recorder, expected, self.may_read
        )
        if not operation.resource_id.isprintable():
            raise self.writer.adapter.not_found(operation.resource_id)
        if operation.method == "PATCH":
            self.patch = self.writer.read_patch(operation.data, operation.resource_id)
        elif operation.method != "DELETE":
            self.values = self.writer.read_body(operation.data, operation.resource_id)
        if operation.method == "POST":  # passwords are hashed while other operations run
            self.values = self.writer.prepare_body(self.values)

    # References

    def referenced_ids(self) -> list[str]:
        """Return the ``bulkId`` of every resource that this operation refers to."""
        if self.error is not None:
            return []
        bulk_ids: list[str] = []

        def note(bulk_id: str) -> str:
            bulk_ids.append(bulk_id)
            return bulk_id

        self._resolved(note)
        references.resolve_path_id(self.operation.resource_id, note)
        return bulk_ids

    def check_types(self, types: Mapping[str, str]) -> None:
        """Set ``error`` for a reference to an operation that creates another resource type.

        ``types`` are the resource types of the operations by their ``bulkId``.
        """
        if self.error is not None or not self._may_refer:
            return
        writer = self.writer
        patch = ((each.path, each.value) for each in writer.kept_operations(self.patch))
        values = [*writer.kept_values(self.values).items(), *patch]
        try:
            references.check_types(values, writer.adapter, types)
        except ScimError as error:
            if writer.leaves_out(error):
                self.check_types(types)
            else:
                self.error = error

    def _resolved(self, id_of: references.IdOf) -> tuple[Assigned, list[Operation]]:
        if not self._may_refer:
            return self.values, self.patch
        writer = self.writer
        values, patch = writer.kept_values(self.values), writer.kept_operations(self.patch)
        return (
            references.resolve_body(values, writer.adapter, id_of),
            [references.resolve(each, writer.adapter, id_of) for each in patch],
        )

    def _resolve(self, id_of: references.IdOf) -> None:
        """Resolve all references. Those that cannot be resolved keep no account open."""
        self.resource_id = references.resolve_path_id(self.operation.resource_id, id_of)
        try:
            self.values, self.patch = self._resolved(id_of)
        except ScimError as error:
            if not self.writer.leaves_out(error):
                raise
            self._resolve(id_of)

    @property
    def resource(self) -> tuple[str, str]:
        """The endpoint and id of the operation's resource, as in the operation's path."""
        return self.operation.endpoint.lower(), self.operation.resource_id

    def has_type_of(self, other: "OperationRunner") -> bool:
        """Return whether both operations have the same resource type."""
        return self.writer.resource_type == other.writer.resource_type

    def can_batch(self) -> bool:
        """Return whether it creates a resource that can be created in a batch with others."""
        is_valid_post = self.error is None and self.operation.method == "POST"
        if not is_valid_post or self.writer.is_partial:
            return False
        return can_batch(self.writer.adapter, self.values)

    # Carrying out

    def prepare(self, id_of: references.IdOf) -> None:
        """Resolve the references, and do slow work before the transaction.

        Raise the operation's error if it has one.
        """
        if self.error is not None:
            raise self.error
        self._resolve(id_of)
        match self.operation.method:
            case "PUT":
                self.values = self.writer.prepare_body(self.values, self.resource_id)
            case "PATCH":
                self.patch = self.writer.prepare_patch(self.patch, self.resource_id)
        self.begin()

    def begin(self) -> None:
        """Start the time of the event, and wait for hashed passwords before rows are locked."""
        self.recorder.begin()
        await_hashes([*self.values.values(), *(each.value for each in self.patch)])

    def write(self) -> tuple[str, str]:
        """Carry out the operation inside a transaction. Return the resource's id and version."""
        writer, resource_id = self.writer, self.resource_id
        match self.operation.method:
            case "DELETE":
                writer.delete(resource_id)
                return resource_id, ""
            case "POST":
                unit = writer.create(self.values)
            case "PUT":
                unit = writer.replace(resource_id, self.values)
            case _:
                unit = writer.patch(resource_id, self.patch)
        written = writer.finish(unit, self.success_status, None)
        return unit.link.scim_id, written.version

    # Results

    def _adapter(self) -> Any:
        """Return the adapter of the operation's resource type, None for an unknown one."""
        registry, name = self.view.registry, self.recorder.event.resource_type
        return registry.adapter(name) if name in registry.names() else None

    @property
    def success_status(self) -> int:
        """The status that the operation has if it succeeds."""
        method = self.operation.method
        is_empty = method == "PATCH" and not self.writer.returns_patched
        if is_empty or not (self.may_read or method == "POST"):
            return 204
        return STATUS[method]

    @property
    def is_done(self) -> bool:
        return bool(self._response)

    def fail(self, error: ScimError) -> None:
        """Set the operation's error, and save its event."""
        self.error = error
        body = error_message(error, self.view.correlation_id)
        action = ACTIONS.get(self.operation.method, ACTIONS["POST"])
        if not isinstance(error, Unavailable):  # then the database could not store it
            record_failure(
                self.recorder,
                action,
                error,
                self.operation.data,
                body,
                self.tolerances.used,
                self._adapter(),
                self.resource_id,
            )
        if self.operation.method != "POST":
            self._location = f"{self.view.base_url()}/{self.operation.path.lstrip('/')}"
        self._response = {"status": str(error.status), "response": body}

    def succeed(self, resource_id: str, version: str) -> None:
        """Set the operation's successful result."""
        self.resource_id = resource_id
        writer = self.writer
        self._location = writer.adapter.location_of(writer.resource_type, resource_id)
        self._response = {"status": str(self.success_status)}
        if not self.may_read:
            return
        if self.tolerances.profile.returns_bulk_ids:
            self._response["id"] = resource_id
        if version:
            self._response["version"] = version

    def result(self) -> dict[str, Any]:
        """Return the operation's part of the response (RFC 7644 section 3.7.3)."""
        result = {
            "method": self.operation.method,
            "bulkId": self.operation.bulk_id,
            "location": self._location,
        }
        return {name: text for name, text in result.items() if text} | self._response

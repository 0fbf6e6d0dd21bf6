"""Carry out the operations of a bulk request, in an order in which references can be resolved."""

import logging
from collections.abc import Callable
from typing import Any

from ...adapters.batch_create import BatchRefused, batch_create
from ...adapters.writing.unit_of_work import UnitOfWork
from ...protocol.errors import Conflict, InvalidValue, ScimError
from ...protocol.messages.bulk import dependency_order
from ...protocol.messages.patch import Operation
from ...transactions import in_transaction
from ..authentication import Authority
from ..exceptions import Unavailable, as_scim_error
from ..outcome_events import finish_batch
from . import references
from .operations import OperationRunner

logger = logging.getLogger("django_scim")
#: The largest number of users that are created in one transaction.
BATCH_SIZE = 100


class BulkExecutor:
    """Carries out the operations of one request, ordered by their references."""

    def __init__(
        self, runners: list[OperationRunner], authority: Authority, fail_on_errors: int = 0
    ) -> None:
        self.runners, self._allowed = runners, fail_on_errors or len(runners) + 1
        self._authority = authority
        self._errors = 0
        self._unavailable: ScimError | None = None
        self.posts = {
            runner.operation.bulk_id: index
            for index, runner in enumerate(runners)
            if runner.operation.method == "POST"
        }

    def results(self) -> list[dict[str, Any]]:
        """Carry out the operations, and return their results in the order of the request.

        After too many errors, stop and return only the results so far.
        """
        posts = self.posts
        types = {
            bulk_id: self.runners[index].writer.resource_type
            for bulk_id, index in posts.items()
            if self.runners[index].error is None
        }
        for runner in self.runners:
            runner.check_types(types)
        needs = [
            [posts[name] for name in runner.referenced_ids() if name in posts]
            for runner in self.runners
        ]
        last: dict[tuple[str, str], int] = {}
        # Operations on the same resource keep their order.
        for index, runner in enumerate(self.runners):
            if runner.operation.method != "POST":
                if runner.resource in last:
                    needs[index].append(last[runner.resource])
                last[runner.resource] = index
        batch: list[OperationRunner] = []
        for group in dependency_order(needs):
            runners = [self.runners[index] for index in group]
            is_cyclic = len(group) > 1 or group[0] in needs[group[0]]
            can_batch = not is_cyclic and runners[0].can_batch()
            needed = {id(self.runners[index]) for each in group for index in needs[each]}
            is_full = len(batch) == BATCH_SIZE
            is_other_type = bool(batch and can_batch and not batch[0].has_type_of(runners[0]))
            is_needed = any(id(runner) in needed for runner in batch)
            if not can_batch or is_full or is_other_type or is_needed:
                self._create_batch(batch)
                batch = []
            if can_batch:
                batch.append(runners[0])
            elif self._may_continue:
                (self._create_cyclic if is_cyclic else self._run_individually)(runners)
        self._create_batch(batch)
        return [runner.result() for runner in self.runners if runner.is_done]

    @property
    def _may_continue(self) -> bool:
        return self._errors < self._allowed

    def _id_of(self, bulk_id: str) -> str:
        """Return the id of the resource with a ``bulkId``.

        Raise InvalidValue if no operation has it, Conflict if that operation failed.
        """
        if bulk_id not in self.posts:
            raise InvalidValue(f"bulkId: no POST in this request has the bulkId {bulk_id[:80]!r}")
        created = self.runners[self.posts[bulk_id]]
        if created.error is not None:
            raise Conflict(f"bulkId: the operation {bulk_id[:80]!r} failed")
        return created.resource_id

    def _run_individually(self, runners: list[OperationRunner]) -> None:
        """Carry out operations, each in a separate transaction."""
        for runner in runners:
            if not self._may_continue:
                return
            if self._unavailable is not None:  # do not wait for the database again and again
                self._fail(runner, self._unavailable)
                continue
            try:
                try:
                    runner.prepare(self._id_of)
                finally:  # the token counts first, whatever else is wrong
                    self._authority.confirm(*runner.scopes)
                writer = runner.writer
                runner.succeed(
                    *in_transaction(
                        runner.write, writer.start_again, writer.note, writer.leaves_out
                    )
                )
            except Exception as error:
                self._fail(runner, as_scim_error(error, runner.view.correlation_id))

    def _fail(self, runner: OperationRunner, error: ScimError) -> None:
        self._errors += 1
        if self._authority.connection_is_gone:
            runner.recorder.forget_connection()
        if isinstance(error, Unavailable):
            self._unavailable = error
        runner.fail(error)

    def _create_batch(self, runners: list[OperationRunner]) -> None:
        """Create users in one batch, or one by one if that fails."""
        if not (runners and self._may_continue):
            return

        def create() -> list[tuple[str, str]]:
            bodies = [(runner.writer.adapter, runner.values) for runner in runners]
            units = batch_create(bodies)
            writers = [runner.writer for runner in runners]
            written = finish_batch(list(zip(writers, units, strict=True)), 201)
            return [
                (unit.link.scim_id, each.version) for unit, each in zip(units, written, strict=True)
            ]

        try:
            for runner in runners:
                runner.prepare(self._id_of)
            if not all(runner.can_batch() for runner in runners):
                raise BatchRefused("a request that closes an account has lost a reference")
            self._authority.confirm(*runners[0].scopes)
            created = in_transaction(create, lambda: _start_again(runners), _note(runners))
        except Exception as error:  # the individual runs show which operation failed
            reason = type(error).__name__
            logger.info("%d users of a bulk are created one by one: %s", len(runners), reason)
            _start_again(runners)
            self._run_individually(runners)
        else:
            for runner, (resource_id, version) in zip(runners, created, strict=True):
                runner.succeed(resource_id, version)

    def _create_cyclic(self, runners: list[OperationRunner]) -> None:
        """Create resources that refer to each other, and then add the references.

        This is one transaction, so that no resource is created without its references.
        """
        group = _CyclicGroup(runners, self._id_of)
        for runner in runners:
            runner.begin()
        try:
            self._authority.confirm(*(scope for runner in runners for scope in runner.scopes))
        except ScimError as error:
            for runner in runners:
                self._fail(runner, error)
            return
        try:
            created = in_transaction(
                group.create,
                lambda: _start_again(runners),
                _note(runners),
                lambda error: group.current.writer.leaves_out(error),
            )
        except Exception as error:
            failed = group.current
            for runner in runners:
                if runner is not failed:
                    name = failed.operation.bulk_id[:80]
                    conflict = Conflict(
                        f"bulkId: the operation {name!r} failed, which is part of the same "
                        f"circular reference"
                    )
                    self._fail(runner, conflict)
            self._fail(failed, as_scim_error(error, failed.view.correlation_id))
        else:
            for runner, (resource_id, version) in zip(runners, created, strict=True):
                runner.succeed(resource_id, version)


def _start_again(runners: list[OperationRunner]) -> None:
    for runner in runners:
        runner.writer.start_again()


def _note(runners: list[OperationRunner]) -> Callable[[Exception], None]:
    """Return a function that notes in every event that something failed after the commit."""

    def note(error: Exception) -> None:
        for runner in runners:
            runner.writer.note(error)

    return note


class _CyclicGroup:
    """POST operations that refer to each other; ``current`` is the one being carried out."""

    def __init__(self, runners: list[OperationRunner], id_of: Callable[[str], str]) -> None:
        self.runners, self.id_of, self.current = runners, id_of, runners[0]
        self.names = {runner.operation.bulk_id for runner in runners}

    def create(self) -> list[tuple[str, str]]:
        """Create the resources. Return the id and version of each."""
        ids: dict[str, str] = {}
        units: list[tuple[OperationRunner, UnitOfWork, list[Operation]]] = []
        for runner in self.runners:
            self.current, adapter = runner, runner.writer.adapter
            values = runner.writer.kept_values(runner.values)
            now, later = references.defer_references(values, adapter, self.names)
            unit = runner.writer.create(references.resolve_body(now, adapter, self.id_of))
            ids[runner.operation.bulk_id] = unit.link.scim_id
            units.append((runner, unit, later))

        def id_of(bulk_id: str) -> str:
            return ids.get(bulk_id) or self.id_of(bulk_id)

        result = []
        for runner, unit, later in units:
            self.current, adapter = runner, runner.writer.adapter
            operations = [references.resolve(each, adapter, id_of) for each in later]
            kept = runner.writer.kept_operations(operations)
            unit.changes += adapter.patch(unit.link, kept).changes
            result.append((unit.link.scim_id, runner.writer.finish(unit, 201, None).version))
        return result

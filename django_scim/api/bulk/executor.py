"""The operations of a bulk request, in an order in which references can be resolved."""

import logging
from collections.abc import Callable
from typing import Any

from ...adapters.batch_create import batch_create
from ...adapters.writing.unit_of_work import UnitOfWork
from ...protocol.errors import Conflict, InvalidValue, ScimError
from ...protocol.messages.bulk import dependency_order
from ...protocol.messages.patch import Operation
from ...transactions import in_transaction
from ..exceptions import as_scim_error
from ..resource_writer import finish_batch
from . import references as bulk_ids
from .operations import OperationRunner

logger = logging.getLogger("django_scim")
#: Users that are created in one transaction, with no error among them.
BATCH_SIZE = 100


class BulkExecutor:
    """The operations of one request, in an order in which references can be resolved."""

    def __init__(self, runners: list[OperationRunner], fail_on_errors: int = 0) -> None:
        self.runners, self._allowed = runners, fail_on_errors or len(runners) + 1
        self._errors = 0
        self.posts = {
            runner.operation.bulk_id: index
            for index, runner in enumerate(runners)
            if runner.operation.method == "POST"
        }

    def results(self) -> list[dict[str, Any]]:
        """Carry out the operations; after too many errors the rest is left undone."""
        posts = self.posts
        needs = [
            [posts[name] for name in runner.names() if name in posts] for runner in self.runners
        ]
        last: dict[tuple[str, str], int] = {}
        for index, runner in enumerate(
            self.runners
        ):  # what is done to one resource keeps its order
            if runner.operation.method != "POST":
                if runner.place in last:
                    needs[index].append(last[runner.place])
                last[runner.place] = index
        batch: list[OperationRunner] = []
        for unit in dependency_order(needs):
            runners = [self.runners[index] for index in unit]
            is_circle = len(unit) > 1 or unit[0] in needs[unit[0]]
            is_plain = not is_circle and runners[0].can_batch()
            needed = {id(self.runners[index]) for each in unit for index in needs[each]}
            is_full = len(batch) == BATCH_SIZE
            is_other = bool(batch and is_plain and not batch[0].is_like(runners[0]))
            is_needed = any(id(runner) in needed for runner in batch)
            if not is_plain or is_full or is_other or is_needed:
                self._create_plain(batch)
                batch = []
            if is_plain:
                batch.append(runners[0])
            elif self._goes_on:
                (self._create_circle if is_circle else self._one_by_one)(runners)
        self._create_plain(batch)
        return [runner.result() for runner in self.runners if runner.is_done]

    @property
    def _goes_on(self) -> bool:
        return self._errors < self._allowed

    def _id_of(self, bulk_id: str) -> str:
        """Return the id behind a ``bulkId``. Raises InvalidValue, Conflict where there is none."""
        if bulk_id not in self.posts:
            raise InvalidValue(f"bulkId: no POST of this request has {bulk_id[:80]!r}")
        created = self.runners[self.posts[bulk_id]]
        if created.error is not None:
            raise Conflict(f"bulkId: the operation {bulk_id[:80]!r} failed")
        return created.resource_id

    def _one_by_one(self, runners: list[OperationRunner]) -> None:
        """Carry out operations, each in a transaction of its own."""
        for runner in runners:
            if not self._goes_on:
                return
            try:
                runner.make_ready(self._id_of)
                runner.succeed(*in_transaction(runner.write, runner.writer.start_again))
            except Exception as error:
                self._refuse(runner, as_scim_error(error, runner.view.correlation_id))

    def _refuse(self, runner: OperationRunner, error: ScimError) -> None:
        self._errors += 1
        runner.refuse(error)

    def _create_plain(self, runners: list[OperationRunner]) -> None:
        """Create users in a few statements for all; if one of them cannot be, one by one."""
        if not (runners and self._goes_on):
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
                runner.make_ready(self._id_of)
            created = in_transaction(create, lambda: _start_again(runners))
        except Exception as error:  # whose it is shows when each comes alone
            reason = type(error).__name__
            logger.info("%d users of a bulk are created one by one: %s", len(runners), reason)
            _start_again(runners)
            self._one_by_one(runners)
        else:
            for runner, (resource_id, version) in zip(runners, created, strict=True):
                runner.succeed(resource_id, version)

    def _create_circle(self, runners: list[OperationRunner]) -> None:
        """Create resources that refer to each other: all of them first, then the references.

        One transaction, so that none is left with half of what it should be.
        """
        circle = _CyclicGroup(runners, self._id_of)
        for runner in runners:
            runner.begin()
        try:
            created = in_transaction(circle.create, lambda: _start_again(runners))
        except Exception as error:
            culprit = circle.current
            for runner in runners:
                if runner is not culprit:
                    name = culprit.operation.bulk_id[:80]
                    refusal = Conflict(f"bulkId: the operation {name!r} of its circle failed")
                    self._refuse(runner, refusal)
            self._refuse(culprit, as_scim_error(error, culprit.view.correlation_id))
        else:
            for runner, (resource_id, version) in zip(runners, created, strict=True):
                runner.succeed(resource_id, version)


def _start_again(runners: list[OperationRunner]) -> None:
    for runner in runners:
        runner.writer.start_again()


class _CyclicGroup:
    """Creations that need each other; ``current`` is the one being carried out."""

    def __init__(self, runners: list[OperationRunner], id_of: Callable[[str], str]) -> None:
        self.runners, self.id_of, self.current = runners, id_of, runners[0]
        self.names = {runner.operation.bulk_id for runner in runners}

    def create(self) -> list[tuple[str, str]]:
        """Return the id and the version of each."""
        ids: dict[str, str] = {}
        units: list[tuple[OperationRunner, UnitOfWork, list[Operation]]] = []
        for runner in self.runners:
            self.current, adapter = runner, runner.writer.adapter
            now, later = bulk_ids.defer_references(runner.values, adapter, self.names)
            unit = runner.writer.create(bulk_ids.rename_body(now, adapter, self.id_of))
            ids[runner.operation.bulk_id] = unit.link.scim_id
            units.append((runner, unit, later))

        def name(bulk_id: str) -> str:
            return ids.get(bulk_id) or self.id_of(bulk_id)

        result = []
        for runner, unit, later in units:
            self.current, adapter = runner, runner.writer.adapter
            operations = [bulk_ids.rename(each, adapter, name) for each in later]
            unit.changes += adapter.patch(unit.link, operations).changes
            result.append((unit.link.scim_id, runner.writer.finish(unit, 201, None).version))
        return result

"""The operations of a bulk request, in an order in which references can be resolved."""

import logging
from collections.abc import Callable
from typing import Any

from ...adapters.batch_create import create_together
from ...adapters.writing.unit_of_work import Draft
from ...protocol.errors import Conflict, InvalidValue, ScimError
from ...protocol.messages.bulk import in_order
from ...protocol.messages.patch import Operation
from ...transactions import in_transaction
from ..exceptions import as_scim_error
from ..resource_writer import finish_together
from . import references as bulk_ids
from .operations import Step

logger = logging.getLogger("django_scim")
#: Users that are created in one transaction, with no error among them.
TOGETHER = 100


class Run:
    """The operations of one request, in an order in which references can be resolved."""

    def __init__(self, steps: list[Step], fail_on_errors: int = 0) -> None:
        self.steps, self._allowed = steps, fail_on_errors or len(steps) + 1
        self._errors = 0
        self.posts = {
            step.operation.bulk_id: index
            for index, step in enumerate(steps)
            if step.operation.method == "POST"
        }

    def results(self) -> list[dict[str, Any]]:
        """Carry out the operations; after too many errors the rest is left undone."""
        posts = self.posts
        needs = [[posts[name] for name in step.names() if name in posts] for step in self.steps]
        last: dict[tuple[str, str], int] = {}
        for index, step in enumerate(self.steps):  # what is done to one resource keeps its order
            if step.operation.method != "POST":
                if step.place in last:
                    needs[index].append(last[step.place])
                last[step.place] = index
        together: list[Step] = []
        for unit in in_order(needs):
            steps = [self.steps[index] for index in unit]
            is_circle = len(unit) > 1 or unit[0] in needs[unit[0]]
            is_plain = not is_circle and steps[0].fits_together()
            needed = {id(self.steps[index]) for each in unit for index in needs[each]}
            is_full = len(together) == TOGETHER
            is_other = bool(together and is_plain and not together[0].is_like(steps[0]))
            is_needed = any(id(step) in needed for step in together)
            if not is_plain or is_full or is_other or is_needed:
                self._create_plain(together)
                together = []
            if is_plain:
                together.append(steps[0])
            elif self._goes_on:
                (self._create_circle if is_circle else self._one_by_one)(steps)
        self._create_plain(together)
        return [step.result() for step in self.steps if step.is_done]

    @property
    def _goes_on(self) -> bool:
        return self._errors < self._allowed

    def _id_of(self, bulk_id: str) -> str:
        """Return the id behind a ``bulkId``. Raises InvalidValue, Conflict where there is none."""
        if bulk_id not in self.posts:
            raise InvalidValue(f"bulkId: no POST of this request has {bulk_id[:80]!r}")
        created = self.steps[self.posts[bulk_id]]
        if created.error is not None:
            raise Conflict(f"bulkId: the operation {bulk_id[:80]!r} failed")
        return created.resource_id

    def _one_by_one(self, steps: list[Step]) -> None:
        """Carry out operations, each in a transaction of its own."""
        for step in steps:
            if not self._goes_on:
                return
            try:
                step.make_ready(self._id_of)
                step.succeed(*in_transaction(step.write, step.writer.start_again))
            except Exception as error:
                self._refuse(step, as_scim_error(error, step.view.correlation_id))

    def _refuse(self, step: Step, error: ScimError) -> None:
        self._errors += 1
        step.refuse(error)

    def _create_plain(self, steps: list[Step]) -> None:
        """Create users in a few statements for all; if one of them cannot be, one by one."""
        if not (steps and self._goes_on):
            return

        def create() -> list[tuple[str, str]]:
            bodies = [(step.writer.adapter, step.values) for step in steps]
            drafts = create_together(bodies)
            writers = [step.writer for step in steps]
            written = finish_together(list(zip(writers, drafts, strict=True)), 201)
            return [
                (draft.link.scim_id, each.version)
                for draft, each in zip(drafts, written, strict=True)
            ]

        try:
            for step in steps:
                step.make_ready(self._id_of)
            created = in_transaction(create, lambda: _start_again(steps))
        except Exception as error:  # whose it is shows when each comes alone
            reason = type(error).__name__
            logger.info("%d users of a bulk are created one by one: %s", len(steps), reason)
            _start_again(steps)
            self._one_by_one(steps)
        else:
            for step, (resource_id, version) in zip(steps, created, strict=True):
                step.succeed(resource_id, version)

    def _create_circle(self, steps: list[Step]) -> None:
        """Create resources that refer to each other: all of them first, then the references.

        One transaction, so that none is left with half of what it should be.
        """
        circle = _Circle(steps, self._id_of)
        for step in steps:
            step.begin()
        try:
            created = in_transaction(circle.create, lambda: _start_again(steps))
        except Exception as error:
            culprit = circle.current
            for step in steps:
                if step is not culprit:
                    name = culprit.operation.bulk_id[:80]
                    refusal = Conflict(f"bulkId: the operation {name!r} of its circle failed")
                    self._refuse(step, refusal)
            self._refuse(culprit, as_scim_error(error, culprit.view.correlation_id))
        else:
            for step, (resource_id, version) in zip(steps, created, strict=True):
                step.succeed(resource_id, version)


def _start_again(steps: list[Step]) -> None:
    for step in steps:
        step.writer.start_again()


class _Circle:
    """Creations that need each other; ``current`` is the one being carried out."""

    def __init__(self, steps: list[Step], id_of: Callable[[str], str]) -> None:
        self.steps, self.id_of, self.current = steps, id_of, steps[0]
        self.names = {step.operation.bulk_id for step in steps}

    def create(self) -> list[tuple[str, str]]:
        """Return the id and the version of each."""
        ids: dict[str, str] = {}
        drafts: list[tuple[Step, Draft, list[Operation]]] = []
        for step in self.steps:
            self.current, adapter = step, step.writer.adapter
            now, later = bulk_ids.put_off(step.values, adapter, self.names)
            draft = step.writer.create(bulk_ids.rename_body(now, adapter, self.id_of))
            ids[step.operation.bulk_id] = draft.link.scim_id
            drafts.append((step, draft, later))

        def name(bulk_id: str) -> str:
            return ids.get(bulk_id) or self.id_of(bulk_id)

        result = []
        for step, draft, later in drafts:
            self.current, adapter = step, step.writer.adapter
            operations = [bulk_ids.rename(each, adapter, name) for each in later]
            draft.changes += adapter.patch(draft.link, operations).changes
            result.append((draft.link.scim_id, step.writer.finish(draft, 201, None).version))
        return result

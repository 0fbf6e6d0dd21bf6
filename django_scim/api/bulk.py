"""POST /Bulk (RFC 7644 section 3.7): many operations in one request, each as if it came alone.

Each has its own permission, transaction, event and error. Those that refer to each other in a
circle are created together or not at all.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from ..adapters import bulk_ids
from ..adapters.draft import Draft
from ..conf import settings
from ..protocol.bulk import in_order, parse_bulk
from ..protocol.errors import Conflict, InvalidValue, NotImplementedByServer
from ..protocol.messages import bulk_response
from ..protocol.patch import Operation
from .bulk_steps import Step
from .exceptions import as_scim_error
from .transactions import in_transaction
from .views import ScimView


class Bulk(ScimView):
    """The endpoint. What it answers is 200 however many operations failed."""

    http_method_names = ["post", "options"]

    def body_limit(self) -> tuple[int, str]:
        return settings.BULK_MAX_PAYLOAD, "maxPayloadSize, which is "

    def post(self, request: Request) -> Response:
        if not settings.BULK_MAX_OPERATIONS:
            raise NotImplementedByServer("this server does not offer Bulk")
        bulk = parse_bulk(request.data, settings.BULK_MAX_OPERATIONS)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            run = Run([Step(self, operation, pool) for operation in bulk.operations])
            return Response(bulk_response(run.results(bulk.fail_on_errors)))


class Run:
    """The operations of one request, in an order in which references can be resolved."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self.posts = {
            step.operation.bulk_id: index
            for index, step in enumerate(steps)
            if step.operation.method == "POST"
        }

    def results(self, fail_on_errors: int) -> list[dict[str, Any]]:
        """Carry out the operations; after ``fail_on_errors`` errors the rest is left undone."""
        posts, errors = self.posts, 0
        needs = [[posts[name] for name in step.names() if name in posts] for step in self.steps]
        for unit in in_order(needs):
            steps = [self.steps[index] for index in unit]
            if len(unit) > 1 or unit[0] in needs[unit[0]]:
                self._create_together(steps)
            else:
                self._carry_out(steps[0])
            errors += sum(step.error is not None for step in steps)
            if fail_on_errors and errors >= fail_on_errors:
                break
        return [step.result() for step in self.steps if step.is_done]

    def _id_of(self, bulk_id: str) -> str:
        """Return the id behind a ``bulkId``. Raises InvalidValue, Conflict where there is none."""
        if bulk_id not in self.posts:
            raise InvalidValue(f"bulkId: no POST of this request has {bulk_id[:80]!r}")
        created = self.steps[self.posts[bulk_id]]
        if created.error is not None:
            raise Conflict(f"bulkId: the operation {bulk_id[:80]!r} failed")
        return created.resource_id

    def _carry_out(self, step: Step) -> None:
        """Carry out one operation in a transaction of its own."""
        try:
            step.make_ready(self._id_of)
            step.succeed(*in_transaction(step.write, step.writer.start_again))
        except Exception as error:
            step.refuse(as_scim_error(error, step.view.correlation_id))

    def _create_together(self, steps: list[Step]) -> None:
        """Create resources that refer to each other: all of them first, then the references.

        One transaction, so that none is left with half of what it should be.
        """
        circle = _Circle(steps, self._id_of)
        for step in steps:
            step.begin()
        try:
            created = in_transaction(circle.create, circle.start_again)
        except Exception as error:
            culprit = circle.current
            for step in steps:
                if step is not culprit:
                    name = culprit.operation.bulk_id[:80]
                    step.refuse(Conflict(f"bulkId: the operation {name!r} of its circle failed"))
            culprit.refuse(as_scim_error(error, culprit.view.correlation_id))
        else:
            for step, (resource_id, version) in zip(steps, created, strict=True):
                step.succeed(resource_id, version)


class _Circle:
    """Creations that need each other; ``current`` is the one being carried out."""

    def __init__(self, steps: list[Step], id_of: Callable[[str], str]) -> None:
        self.steps, self.id_of, self.current = steps, id_of, steps[0]
        self.names = {step.operation.bulk_id for step in steps}

    def start_again(self) -> None:
        for step in self.steps:
            step.writer.start_again()

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

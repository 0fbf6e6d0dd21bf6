"""POST /Bulk (RFC 7644 section 3.7): many operations in one request.

Each has its own permission check, transaction, event and error. The token is looked up again before
each of them, so that an admin can stop a bulk request. Resources with circular references
are created in one transaction.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from ...conf import settings
from ...protocol.errors import NotImplementedByServer, PayloadTooLarge
from ...protocol.messages.bulk import parse_bulk
from ...protocol.messages.responses import bulk_response
from ..authentication import Authority
from ..throttling import count_operations
from ..views import ScimView
from .executor import BulkExecutor
from .operations import OperationRunner


class HashingPool(ThreadPoolExecutor):
    """Hashes the passwords of one bulk request, up to BULK_MAX_PASSWORDS of them."""

    def __init__(self) -> None:
        super().__init__(os.cpu_count())
        self._accepted = 0

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Run a call in the background. Raise PayloadTooLarge after too many calls."""
        if self._accepted >= settings.BULK_MAX_PASSWORDS:
            raise PayloadTooLarge(
                f"password: a bulk request can set at most {settings.BULK_MAX_PASSWORDS} "
                f"passwords; send this operation in another request"
            )
        self._accepted += 1
        return super().submit(call, *args, **kwargs)


class Bulk(ScimView):
    """The endpoint of bulk requests. The status is 200 even if operations failed."""

    http_method_names = ["post", "options"]

    body_limit, body_limit_name = "BULK_MAX_PAYLOAD", "maxPayloadSize"

    def post(self, request: Request) -> Response:
        if not settings.BULK_MAX_OPERATIONS:
            raise NotImplementedByServer("this server does not support bulk requests")
        bulk = parse_bulk(request.data, settings.BULK_MAX_OPERATIONS, self.tolerances)
        count_operations(self.token.connection, len(bulk.operations))
        pool = HashingPool()
        try:
            runners = [OperationRunner(self, operation, pool) for operation in bulk.operations]
            executor = BulkExecutor(
                runners, Authority(request, self.token.connection), bulk.fail_on_errors
            )
            return Response(bulk_response(executor.results()))
        finally:  # after too many errors, do not hash the remaining passwords
            pool.shutdown(cancel_futures=True)

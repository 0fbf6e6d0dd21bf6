"""Queries at the SCIM base, over all resource types (RFC 7644 section 3.4.2.1)."""

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from ...protocol.messages.search import SEARCH_URN, empty_search, search_parameters
from ..pagination import page
from ..permissions import InsufficientScope
from ..views import ScimView


class BaseQuery(ScimView):
    """``GET /``: the resources of all types, filtered, sorted and paged as one list.

    The token must have the read scope of every type; otherwise the total would be wrong.
    """

    depth = 0

    def is_query(self) -> bool:
        return True

    def get(self, request: Request) -> Response:
        return self._list(None)

    def _list(self, parameters: Mapping[str, str] | None) -> Response:
        adapters: list[Any] = [self.registry.adapter(name) for name in self.registry.names()]
        for adapter in adapters:
            scope = f"{adapter.endpoint.lower()}:read"
            if not self.token.permits(scope):
                raise InsufficientScope(
                    f"the token does not have the scope {scope}", "scope_missing", scope=scope
                )
        body = page(self, adapters, parameters)
        self.record_read()
        return Response(body)


class BaseSearch(BaseQuery):
    """``POST /.search``: like ``GET /``, with the query in the body."""

    depth = 1
    http_method_names = ["post", "options"]

    def empty_body(self, detail: str) -> Any:
        if empty_search(self.tolerances):
            return {"schemas": [SEARCH_URN]}
        return super().empty_body(detail)

    def post(self, request: Request) -> Response:
        return self._list(search_parameters(request.data, self.tolerances))

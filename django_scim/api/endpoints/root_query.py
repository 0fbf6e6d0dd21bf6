"""Queries at the SCIM base, over all resource types (RFC 7644 section 3.4.2.1)."""

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from ...protocol.errors import Forbidden
from ...protocol.messages.search import search_parameters
from ..pagination import page
from ..views import ScimView


class BaseQuery(ScimView):
    """``GET /``: the resources of all types, filtered, sorted and paged as one list.

    The token must have the read scope of every type; otherwise the total would be wrong.
    """

    depth = 0

    def is_query(self) -> bool:
        return True

    def get(self, request: Request) -> Response:
        return self._list(request.query_params, in_url=True)

    def _list(self, parameters: Mapping[str, str], *, in_url: bool) -> Response:
        adapters: list[Any] = [self.registry.adapter(name) for name in self.registry.names()]
        for adapter in adapters:
            scope = f"{adapter.endpoint.lower()}:read"
            if not self.token.permits(scope):
                raise Forbidden(f"the token does not have the scope {scope}")
        body = page(self, adapters, parameters, in_url=in_url)
        self.record_read()
        return Response(body)


class BaseSearch(BaseQuery):
    """``POST /.search``: like ``GET /``, with the query in the body."""

    depth = 1
    http_method_names = ["post", "options"]

    def post(self, request: Request) -> Response:
        return self._list(search_parameters(request.data, self.tolerances), in_url=False)

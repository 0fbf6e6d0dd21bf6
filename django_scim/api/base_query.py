"""A query at the SCIM base, over every resource type (RFC 7644 section 3.4.2.1)."""

from collections.abc import Mapping
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from ..adapters.plan import take_version
from ..protocol.errors import Forbidden
from ..protocol.messages import list_response
from ..query.search import search_all
from .pagination import read_search, search_parameters
from .views import ScimView


class BaseQuery(ScimView):
    """``GET /``: the types one after the other, each in its own order, paged as one list.

    The token needs to read every type: fewer would be a total that is not true.
    """

    depth = 0

    def is_query(self) -> bool:
        return True

    def get(self, request: Request) -> Response:
        return self._list(request.query_params)

    def _list(self, parameters: Mapping[str, str]) -> Response:
        adapters: list[Any] = [self.registry.adapter(name) for name in self.registry.names()]
        for adapter in adapters:
            scope = f"{adapter.endpoint.lower()}:read"
            if not self.token.permits(scope):
                raise Forbidden(f"the token lacks the scope {scope}")
        schemas = [adapter.resource_schema for adapter in adapters]
        queries = [read_search(parameters, each, self.tolerances, schemas) for each in schemas]
        resources, total = search_all(list(zip(adapters, queries, strict=True)))
        for resource in resources:
            take_version(resource)
        return Response(list_response(resources, total, queries[0].start_index))


class BaseSearch(BaseQuery):
    """``POST /.search``: the same with the query in the body."""

    depth = 1
    http_method_names = ["post", "options"]

    def post(self, request: Request) -> Response:
        return self._list(search_parameters(request.data, self.tolerances))

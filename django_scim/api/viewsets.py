"""The endpoints of resource types: create, read, list, replace, patch and delete resources.

RFC 7644 sections 3.3 to 3.6.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from django.db import router
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.schemas import DefaultSchema
from rest_framework.viewsets import ViewSetMixin

from ..adapters.base import ResourceAdapter
from ..adapters.interfaces import Assigned
from ..adapters.reading.plan import pop_version
from ..adapters.writing.unit_of_work import UnitOfWork
from ..conf import settings
from ..protocol.messages.search import SEARCH_URN, empty_search, search_parameters
from ..protocol.projection import FULL, Projection, after_write
from ..query.timeout import limited_reads
from ..transactions import in_transaction
from .http import etags
from .pagination import page, read_parameters, read_projection
from .renderers import ScimRenderer
from .resource_writer import ResourceWriter, Written
from .serializers import ResourceSerializer, serializer_for
from .views import ScimView, exempt_from_host_defaults


class ResourceViewSet(ViewSetMixin, ScimView):
    """The endpoint of one resource type. The adapter reads and writes the resources."""

    @classmethod
    def as_view(cls, *args: Any, **kwargs: Any) -> Any:
        # ViewSetMixin.as_view does not call ScimView.as_view.
        return exempt_from_host_defaults(super().as_view(*args, **kwargs))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.depth = 2 if self.detail or self.action == "search" else 1
        super().initial(request, *args, **kwargs)
        scim_id = kwargs.get("scim_id", "")
        self.recorder.set_resource(self.resource_type, scim_id=scim_id)
        if not scim_id.isprintable():  # PostgreSQL rejects NUL, even in a SELECT
            raise self.adapter.not_found(scim_id)

    def is_query(self) -> bool:
        return self.action in ("list", "search", "retrieve")

    #: The part of a token's scopes before the colon.
    scope_area = ""
    adapter_class: type[ResourceAdapter] = ResourceAdapter

    @cached_property
    def adapter(self) -> Any:
        return self.registry.adapter(self.resource_type)

    # Reading

    def list(self, request: Request) -> Response:
        return self._list(None)

    def search(self, request: Request) -> Response:
        """Return the resources for a query in the body of a POST (RFC 7644 section 3.4.3)."""
        return self._list(search_parameters(request.data, self.tolerances))

    def empty_body(self, detail: str) -> Any:
        if self.action == "search" and empty_search(self.tolerances):
            return {"schemas": [SEARCH_URN]}
        return super().empty_body(detail)

    def _list(self, parameters: Mapping[str, str] | None) -> Response:
        body = page(self, [self.adapter], parameters)
        self.record_read()
        return Response(body)

    def retrieve(self, request: Request, scim_id: str) -> Response:
        with limited_reads(router.db_for_read(self.adapter.link)):
            resource = self.adapter.get(scim_id, self._projection())
        # A projection of some attributes does not contain the version.
        version = pop_version(resource) or str(
            pop_version(self.adapter.get(scim_id, self.adapter.version_projection))
        )
        if (expected := etags.if_match(request)) is not None:
            etags.require_match(expected, version)
            # Django's ConditionalGetMiddleware would compare it again, and reject every weak tag.
            del request.META["HTTP_IF_MATCH"]
        self.record_read()
        if etags.is_unchanged(request, version):
            return Response(status=304, headers={"ETag": version})
        return self._response(resource, version)

    # Writing

    @cached_property
    def writer(self) -> ResourceWriter:
        expected = etags.if_match(self.request)
        return ResourceWriter(self.adapter, self.recorder, expected, self.may_read)

    def create(self, request: Request) -> Response:
        projection, writer = self._projection(), self.writer
        body = writer.prepare_body(writer.read_body(request.data))
        if not self.may_read:
            return self._created_unread(body)
        projection = after_write(projection, body.items())
        written = self._write(lambda: writer.create(body), projection, 201)
        return self._response(*written, 201)

    def _created_unread(self, body: Assigned) -> Response:
        """Create a resource for a client that may not read it, and return only its URI.

        RFC 7644 section 3.3 requires 201 and ``Location``; the body is a SHOULD.
        """
        units: list[UnitOfWork] = []

        def create() -> UnitOfWork:
            units.append(self.writer.create(body))
            return units[-1]

        self._write(create, None, 201)
        location = self.adapter.location_of(self.resource_type, units[-1].link.scim_id)
        return Response(status=201, headers={"Location": location})

    def update(self, request: Request, scim_id: str) -> Response:
        projection, writer = self._projection(), self.writer
        body = writer.prepare_body(writer.read_body(request.data, scim_id), scim_id)
        if not self.may_read:
            self._write(lambda: writer.replace(scim_id, body), None, 204)
            return Response(status=204)
        projection = after_write(projection, body.items())
        written = self._write(lambda: writer.replace(scim_id, body), projection, 200)
        return self._response(*written)

    def partial_update(self, request: Request, scim_id: str) -> Response:
        projection, writer = self._projection(), self.writer
        operations = writer.read_patch(request.data, scim_id)
        operations = writer.prepare_patch(operations, scim_id)

        def patch() -> UnitOfWork:
            return writer.patch(scim_id, operations)

        if self.may_read and self._returns_patched(projection):
            written = ((each.path, each.value) for each in operations)
            return self._response(*self._write(patch, after_write(projection, written), 200))
        version = self._write(patch, None, 204).version
        headers = {"Location": self.adapter.location_of(self.resource_type, scim_id)}
        if self.may_read:
            headers["ETag"] = version
        response = Response(status=204, headers=headers)
        if self.tolerances.profile.types_empty_answers:
            response.add_post_render_callback(_set_content_type)
        return response

    def destroy(self, request: Request, scim_id: str) -> Response:
        writer = self.writer
        in_transaction(lambda: writer.delete(scim_id), writer.start_again, writer.note)
        return Response(status=204)

    def _write(
        self, work: Callable[[], UnitOfWork], projection: Projection | None, status: int
    ) -> Written:
        writer = self.writer
        return in_transaction(
            lambda: writer.finish(work(), status, projection),
            writer.start_again,
            writer.note,
            writer.leaves_out,
        )

    def get_serializer_class(self) -> type[ResourceSerializer]:
        adapter_class: Any = type(self.adapter)
        return serializer_for(adapter_class)

    def get_serializer(self, *args: Any, **kwargs: Any) -> ResourceSerializer:
        """Return the serializer of this request's adapter."""
        return self.writer.serializer(*args, **kwargs)

    def _returns_patched(self, projection: Projection) -> bool:
        """Return whether the response to a PATCH contains the resource (RFC 7644 section 3.5.2).

        For groups it does not by default, since it would list every member.
        """
        return (
            self.adapter.returns_patched
            or self.tolerances.profile.returns_patched_groups
            or projection.attributes is not None
        )

    # Responses

    def _projection(self) -> Projection:
        if not self.request.META.get("QUERY_STRING"):
            return FULL
        schema = self.adapter.resource_schema
        return read_projection(read_parameters(self), schema, self.tolerances)

    def _response(
        self, resource: dict[str, Any] | None, version: str | None, status: int = 200
    ) -> Response:
        assert resource is not None
        location = self.adapter.location_of(self.resource_type, resource["id"])
        headers = {"Location": location}
        if status != 201:
            headers["Content-Location"] = location
        if version:
            headers["ETag"] = version
        return Response(resource, status=status, headers=headers)


def _set_content_type(response: Any) -> None:
    """Set the Content-Type of an empty response, which some clients require."""
    response["Content-Type"] = ScimRenderer.media_type


def viewset_for(
    adapter: type[ResourceAdapter], *, is_documented: bool = True
) -> type[ResourceViewSet]:
    """Return the viewset of an adapter's resource type."""
    attributes: dict[str, Any] = {
        "adapter_class": adapter,
        "resource_type": adapter.name,
        "scope_area": adapter.endpoint.lower(),
    }
    if settings.OPENAPI and is_documented:
        attributes["schema"] = DefaultSchema()
    return type(f"{adapter.name}ViewSet", (ResourceViewSet,), attributes)

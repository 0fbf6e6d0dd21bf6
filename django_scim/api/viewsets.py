"""The resources: create, read, list, replace, patch, delete (RFC 7644 sections 3.3 to 3.6)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from django.db import IntegrityError, OperationalError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.schemas import DefaultSchema
from rest_framework.viewsets import ViewSetMixin

from ..adapters.base import Assigned, ResourceAdapter
from ..adapters.draft import Draft
from ..adapters.plan import take_version
from ..adapters.writes import action_of, kinds_of
from ..conf import settings
from ..models import Event
from ..protocol.patch import Operation, parse_patch
from ..protocol.projection import Projection
from . import etags
from .pagination import page, read_projection, search_parameters
from .serializers import ResourceSerializer, assigned, serializer_for
from .transactions import is_lost_race, writing
from .views import ScimView, stand_alone

T = TypeVar("T")
RETRIES = 2


class ResourceViewSet(ViewSetMixin, ScimView):
    """The endpoint of one resource type, whose adapter does what the protocol asks."""

    @classmethod
    def as_view(cls, *args: Any, **kwargs: Any) -> Any:
        return stand_alone(super().as_view(*args, **kwargs))  # DRF's mixin passes nothing on

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.depth = 2 if self.detail or self.action == "search" else 1
        super().initial(request, *args, **kwargs)
        scim_id = kwargs.get("scim_id", "")
        self.recorder.about(self.resource_type, scim_id=scim_id)
        if not scim_id.isprintable():  # PostgreSQL takes no NUL, not even to find nothing
            raise self.adapter.not_found(scim_id)

    def is_query(self) -> bool:
        return self.action in ("list", "search", "retrieve")

    @property
    def scope_area(self) -> str:
        return self.adapter_class.endpoint.lower()

    adapter_class: type[ResourceAdapter] = ResourceAdapter

    @property
    def adapter(self) -> Any:
        return self.registry.adapter(self.resource_type)

    # Reading

    def list(self, request: Request) -> Response:
        return self._list(request.query_params, in_url=True)

    def search(self, request: Request) -> Response:
        """A query in the body of a POST (RFC 7644 section 3.4.3)."""
        return self._list(search_parameters(request.data, self.tolerances), in_url=False)

    def _list(self, parameters: Mapping[str, str], *, in_url: bool) -> Response:
        body = page(self, [self.adapter], parameters, in_url=in_url)
        self.record_read()
        return Response(body)

    def retrieve(self, request: Request, scim_id: str) -> Response:
        resource = self.adapter.get(scim_id, self._projection())
        version = take_version(resource)
        self.record_read()
        if etags.is_unchanged(request._request, version):
            return Response(status=304, headers={"ETag": version or ""})
        return self._answer(resource, version)

    # Writing

    def create(self, request: Request) -> Response:
        projection, body = self._projection(), self._read_body()

        def create() -> Draft:
            return self.adapter.create(body)  # type: ignore[no-any-return]

        resource, version = self._write(create, projection, 201)
        return self._answer(resource, version, 201)

    def update(self, request: Request, scim_id: str) -> Response:
        projection, body = self._projection(), self._read_body(scim_id)

        def put() -> Draft:
            link = self._locked(scim_id)
            return self.adapter.replace(link, body)  # type: ignore[no-any-return]

        resource, version = self._write(put, projection, 200)
        return self._answer(resource, version)

    def partial_update(self, request: Request, scim_id: str) -> Response:
        projection = self._projection()
        operations = parse_patch(
            request.data,
            self.adapter.resource_schema,
            self.tolerances,
            scim_id,
            settings.MAX_PATCH_OPERATIONS,
        )
        serializer = self.get_serializer()
        operations = [self._prepared(serializer.check(each), scim_id) for each in operations]

        def patch() -> Draft:
            link = self._locked(scim_id)
            return self.adapter.patch(link, operations)  # type: ignore[no-any-return]

        if self._returns_patched(projection):
            resource, version = self._write(patch, projection, 200)
            return self._answer(resource, version)
        _, version = self._write(patch, None, 204)
        return Response(status=204, headers={"ETag": version})

    def get_serializer_class(self) -> type[ResourceSerializer]:
        adapter: Any = type(self.adapter)
        return serializer_for(adapter)

    def get_serializer(self, *args: Any, **kwargs: Any) -> ResourceSerializer:
        """Return the serializer of this request's adapter."""
        return self.get_serializer_class()(*args, context={"adapter": self.adapter}, **kwargs)

    def _read_body(self, scim_id: str = "") -> Assigned:
        serializer = self.get_serializer()
        body = serializer.run_validation(self.request.data)
        values = assigned(body, self.adapter.resource_schema)
        return {
            path: None if value is None else self.adapter.prepare(path, value, scim_id, values)
            for path, value in values.items()
        }

    def _prepared(self, operation: Operation, scim_id: str) -> Operation:
        if operation.op == "remove":
            return operation
        value = self.adapter.prepare(operation.path, operation.value, scim_id, {})
        return replace(operation, value=value)

    def _returns_patched(self, projection: Projection) -> bool:
        """Groups are answered without a body: it could list every member (RFC 7644 3.5.2)."""
        profile = self.tolerances.profile
        return (
            self.adapter.returns_patched
            or profile.returns_patched_groups
            or projection.attributes is not None
        )

    def destroy(self, request: Request, scim_id: str) -> Response:
        def delete() -> None:
            link = self._locked(scim_id)
            self.recorder.about(self.resource_type, link, self.adapter.name_of(link))
            changes = self.adapter.delete(link)
            self.recorder.success(
                Event.Action.DELETE, 204, changes=changes, tolerances=self.tolerances.used
            )
            self.recorder.consequences(self.registry.consequences)

        self._in_transaction(delete)
        return Response(status=204)

    def _locked(self, scim_id: str) -> Any:
        """Lock the resource and check If-Match against what is locked."""
        link = self.adapter.lock(scim_id)
        wanted = etags.if_match(self.request._request)
        if wanted is not None:
            etags.require_match(wanted, self.adapter.version(link))
        return link

    def _write(
        self, work: Callable[[], Draft], projection: Projection | None, status: int
    ) -> tuple[dict[str, Any] | None, str]:
        """Run a write and its event in one transaction; return the resource as it is then."""

        def write() -> tuple[dict[str, Any] | None, str]:
            draft = work()
            represented = self._represent(draft.link, projection)
            self.recorder.about(self.resource_type, draft.link, self.adapter.name_of(draft.link))
            action = action_of(kinds_of(draft), draft.changes)
            self.recorder.success(
                action, status, changes=draft.changes, tolerances=self.tolerances.used
            )
            self.recorder.consequences(self.registry.consequences)
            return represented

        return self._in_transaction(write)

    def _in_transaction(self, work: Callable[[], T]) -> T:
        """Run ``work`` in a transaction; after a lost race again, with what the other wrote."""
        for _ in range(RETRIES):
            try:
                with writing():
                    return work()
            except (IntegrityError, OperationalError) as error:
                if not is_lost_race(error):
                    raise
                self.forget_adapters()
        with writing():
            return work()

    def _represent(
        self, link: Any, projection: Projection | None
    ) -> tuple[dict[str, Any] | None, str]:
        if projection is None:
            return None, self.adapter.version(link)
        resource = self.adapter.get(link.scim_id, projection)
        return resource, take_version(resource) or self.adapter.version(link)

    # Answers

    def _projection(self) -> Projection:
        return read_projection(self.request.query_params, self.adapter.resource_schema)

    def _answer(
        self, resource: dict[str, Any] | None, version: str | None, status: int = 200
    ) -> Response:
        assert resource is not None
        location = self.adapter.location_of(self.resource_type, resource["id"])
        headers = {"Location" if status == 201 else "Content-Location": location}
        if version:
            headers["ETag"] = version
        return Response(resource, status=status, headers=headers)


def viewset_for(adapter: type[ResourceAdapter]) -> type[ResourceViewSet]:
    """Return the viewset of an adapter's resource type."""
    attributes: dict[str, Any] = {"adapter_class": adapter, "resource_type": adapter.name}
    if settings.OPENAPI:
        attributes["schema"] = DefaultSchema()
    return type(f"{adapter.name}ViewSet", (ResourceViewSet,), attributes)

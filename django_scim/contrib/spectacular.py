"""drf-spectacular: describe the resource types in the site's OpenAPI document (``OPENAPI``)."""

from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiViewExtension
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_serializer,
    extend_schema_view,
)
from rest_framework import serializers

from ..api.serializers import serializer_for

PATH_ID = OpenApiParameter("scim_id", str, OpenApiParameter.PATH, description="The resource's id.")
PROJECTION = [
    OpenApiParameter(
        "attributes", str, description="The attributes to return, separated by commas."
    ),
    OpenApiParameter(
        "excludedAttributes", str, description="The attributes to omit, separated by commas."
    ),
]
QUERY = [
    OpenApiParameter("filter", str, description="A filter as in RFC 7644 section 3.4.2.2."),
    OpenApiParameter("sortBy", str, description="The attribute to sort by."),
    OpenApiParameter("sortOrder", str, enum=["ascending", "descending"]),
    OpenApiParameter("startIndex", int, description="The first result, counted from 1."),
    OpenApiParameter("count", int, description="The number of results per page."),
    OpenApiParameter(
        "cursor",
        str,
        description="Empty for the first page, then the nextCursor of the previous one.",
    ),
    *PROJECTION,
]


class ScimOperation(serializers.Serializer):
    op = serializers.ChoiceField(["add", "remove", "replace"])
    path = serializers.CharField(required=False)
    value = serializers.JSONField(required=False)


class ScimPatch(serializers.Serializer):
    schemas = serializers.ListField(child=serializers.CharField())
    Operations = ScimOperation(many=True)


class ScimSearch(serializers.Serializer):
    schemas = serializers.ListField(child=serializers.CharField())
    filter = serializers.CharField(required=False)
    sortBy = serializers.CharField(required=False)
    sortOrder = serializers.ChoiceField(["ascending", "descending"], required=False)
    startIndex = serializers.IntegerField(required=False)
    count = serializers.IntegerField(required=False)
    cursor = serializers.CharField(required=False, allow_blank=True)
    attributes = serializers.ListField(child=serializers.CharField(), required=False)
    excludedAttributes = serializers.ListField(child=serializers.CharField(), required=False)


@cache
def list_serializer(adapter: Any) -> Any:
    """Return the serializer for a page of an adapter's resources."""
    fields = {
        "schemas": serializers.ListField(child=serializers.CharField()),
        "totalResults": serializers.IntegerField(),
        "startIndex": serializers.IntegerField(required=False),
        "itemsPerPage": serializers.IntegerField(),
        "nextCursor": serializers.CharField(required=False),
        "Resources": serializer_for(adapter)(many=True),
    }
    serializer = type(f"Scim{adapter.name}ListSerializer", (serializers.Serializer,), fields)
    return extend_schema_serializer(many=False)(serializer)


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "django_scim.api.authentication.BearerAuthentication"
    name = "scimToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class ResourceView(OpenApiViewExtension):
    target_class = "django_scim.api.viewsets.ResourceViewSet"
    match_subclasses = True

    def view_replacement(self) -> Any:
        """Return the viewset with descriptions of its adapter's requests and responses."""
        view: Any = self.target
        resource, listed = serializer_for(view.adapter_class), list_serializer(view.adapter_class)

        def described(name: str, **options: Any) -> Any:
            return extend_schema(
                operation_id=f"scim_{name}_{view.resource_type}", tags=["SCIM"], **options
            )

        search = described("search", request=ScimSearch, responses={200: listed})
        one = {"request": resource, "parameters": [PATH_ID, *PROJECTION]}
        return extend_schema_view(
            list=described("list", responses=listed, parameters=QUERY),
            create=described("create", request=resource, responses={201: resource}),
            retrieve=described("retrieve", responses=resource, **one),
            update=described("replace", responses=resource, **one),
            partial_update=described("patch", responses=resource, **(one | {"request": ScimPatch})),
            destroy=described("delete", responses={204: None}, parameters=[PATH_ID]),
        )(type(view.__name__, (view,), {"search": search(view.search)}))

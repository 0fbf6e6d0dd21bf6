"""The URLs below the SCIM base: endpoints in any case, with or without a slash at the end.

A last pattern takes everything else, so that neither Django's HTML page nor a redirect by
APPEND_SLASH ever answers a connector.
"""

from typing import Any

from django.urls import URLPattern, re_path

from ..adapters import adapter_classes
from .base_query import BaseQuery, BaseSearch
from .discovery import ResourceTypes, Schemas, ServiceProviderConfig
from .views import NoSuchEndpoint
from .viewsets import viewset_for

COLLECTION = {"get": "list", "post": "create"}
RESOURCE = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}


def scim_urls() -> list[URLPattern]:
    """Return the patterns of the discovery documents and of every resource type."""
    patterns = [
        _path("ServiceProviderConfig", ServiceProviderConfig.as_view()),
        _path("ResourceTypes", ResourceTypes.as_view()),
        _path("ResourceTypes/(?P<key>[^/]+)", ResourceTypes.as_view()),
        _path("Schemas", Schemas.as_view()),
        _path("Schemas/(?P<key>[^/]+)", Schemas.as_view()),
    ]
    for adapter in adapter_classes().values():
        viewset = viewset_for(adapter)
        patterns += [
            _path(adapter.endpoint, viewset.as_view(COLLECTION)),
            _path(rf"{adapter.endpoint}/\.search", viewset.as_view({"post": "search"})),
            _path(f"{adapter.endpoint}/(?P<scim_id>[^/]+)", viewset.as_view(RESOURCE, detail=True)),
        ]
    patterns += [
        re_path(r"^$", BaseQuery.as_view(), name="base"),
        _path(r"\.search", BaseSearch.as_view()),
    ]
    return [*patterns, re_path(r"^.*$", NoSuchEndpoint.as_view())]


def _path(pattern: str, view: Any) -> URLPattern:
    return re_path(rf"(?i)^{pattern}/?$", view)

"""The URLs below the SCIM base: endpoints in any case, with or without a slash at the end.

A last pattern takes everything else, so that neither Django's HTML page nor a redirect by
APPEND_SLASH ever answers a connector.
"""

from typing import Any

from django.urls import URLPattern, path, re_path

from ..adapters import adapter_classes
from ..compat import AnyCasePattern
from ..conf import IMPORT_ERRORS
from .bulk.views import Bulk
from .endpoints.discovery import ResourceTypes, Schemas, ServiceProviderConfig
from .endpoints.me import Me
from .endpoints.root_query import BaseQuery, BaseSearch
from .views import NoSuchEndpoint, OutOfService
from .viewsets import viewset_for

COLLECTION = {"get": "list", "post": "create"}
RESOURCE = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}


def scim_urls() -> list[URLPattern]:
    """Return the patterns of the discovery documents and of every resource type.

    Where an adapter cannot be had, a system check says why, which the URLs must not come before.
    """
    try:
        return _endpoints()
    except IMPORT_ERRORS:
        closed = OutOfService.as_view()
        return [path("", closed, name="base"), re_path(r"^.*$", closed)]


def _endpoints() -> list[URLPattern]:
    patterns = [
        _path("ServiceProviderConfig", ServiceProviderConfig.as_view()),
        _path("ResourceTypes", ResourceTypes.as_view()),
        _path("ResourceTypes/<key>", ResourceTypes.as_view()),
        _path("Schemas", Schemas.as_view()),
        _path("Schemas/<key>", Schemas.as_view()),
    ]
    for adapter in adapter_classes().values():
        viewset = viewset_for(adapter)
        resource = viewset.as_view(RESOURCE, detail=True)
        patterns += [
            _path(adapter.endpoint, viewset.as_view(COLLECTION)),
            _path(f"{adapter.endpoint}/.search", viewset.as_view({"post": "search"})),
            _path(f"{adapter.endpoint}/<scim_id>", resource),
        ]
    patterns += [
        path("", BaseQuery.as_view(), name="base"),
        _path(".search", BaseSearch.as_view()),
        _path("Me", Me.as_view({**RESOURCE, "post": "create"}, detail=True)),
        _path("Bulk", Bulk.as_view()),
    ]
    return [*patterns, re_path(r"^.*$", NoSuchEndpoint.as_view())]


def _path(route: str, view: Any) -> URLPattern:
    return URLPattern(AnyCasePattern(route), view)

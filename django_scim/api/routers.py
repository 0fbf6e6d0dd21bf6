"""The URLs below the SCIM base: endpoints in any case, with or without a slash at the end.

A last pattern takes everything else, so that neither Django's HTML page nor a redirect by
APPEND_SLASH ever answers a connector.
"""

import re
from typing import Any

from django.urls import URLPattern, re_path

from ..adapters import adapter_classes
from .base_query import BaseQuery, BaseSearch
from .discovery import ResourceTypes, Schemas, ServiceProviderConfig
from .views import NoSuchEndpoint, NotOffered
from .viewsets import viewset_for

COLLECTION = {"get": "list", "post": "create"}
RESOURCE = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}


def scim_urls() -> list[URLPattern]:
    """Return the patterns of the discovery documents and of every resource type."""
    patterns = [
        _path(any_case("ServiceProviderConfig"), ServiceProviderConfig.as_view()),
        _path(any_case("ResourceTypes"), ResourceTypes.as_view()),
        _path(any_case("ResourceTypes") + "/(?P<key>[^/]+)", ResourceTypes.as_view()),
        _path(any_case("Schemas"), Schemas.as_view()),
        _path(any_case("Schemas") + "/(?P<key>[^/]+)", Schemas.as_view()),
    ]
    for adapter in adapter_classes().values():
        viewset = viewset_for(adapter)
        endpoint = any_case(adapter.endpoint)
        resource = viewset.as_view(RESOURCE, detail=True)
        patterns += [
            _path(endpoint, viewset.as_view(COLLECTION)),
            _path(rf"{endpoint}/\.search", viewset.as_view({"post": "search"})),
            _path(f"{endpoint}/(?P<scim_id>[^/]+)", resource),
        ]
    patterns += [
        re_path(r"^$", BaseQuery.as_view(), name="base"),
        _path(r"\.search", BaseSearch.as_view()),
        _path(f"({any_case('Me')}|{any_case('Bulk')})", NotOffered.as_view()),
    ]
    return [*patterns, re_path(r"^.*$", NoSuchEndpoint.as_view())]


def any_case(name: str) -> str:
    """Return a pattern for a name in any case. An inline flag would break the site's reverse()."""
    return "".join(f"[{c}{c.swapcase()}]" if c.isalpha() else re.escape(c) for c in name)


def _path(pattern: str, view: Any) -> URLPattern:
    return re_path(rf"^{pattern}/?$", view)

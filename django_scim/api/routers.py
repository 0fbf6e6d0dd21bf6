"""The URLs below the SCIM base, matched without case, with or without a slash at the end.

The last pattern matches every other URL, so that a connector never gets Django's HTML page or a
redirect by APPEND_SLASH.
"""

from typing import Any

from django.urls import URLPattern, include, path, re_path

from ..adapters import adapter_classes
from ..compat import AnyCasePattern
from ..conf import IMPORT_ERRORS
from .bulk.views import Bulk
from .endpoints.discovery import ResourceTypes, Schemas, ServiceProviderConfig
from .endpoints.me import Me
from .endpoints.root_query import BaseQuery, BaseSearch
from .endpoints.wrong_address import Misconfigured, OtherVersion, UnknownEndpoint
from .viewsets import viewset_for

COLLECTION = {"get": "list", "post": "create"}
RESOURCE = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}


def scim_urls(name: str = "base") -> list[URLPattern]:
    """Return the patterns of everything below a base URL, whose pattern has a name.

    If an adapter cannot be imported, every URL fails. No error is raised here, so that a system
    check can report the cause.
    """
    base, rest = BaseQuery.as_view(), UnknownEndpoint.as_view()
    try:
        patterns = _endpoints(is_documented=bool(name))
    except IMPORT_ERRORS:
        patterns, base, rest = [], Misconfigured.as_view(), Misconfigured.as_view()
    return [*patterns, path("", base, name=name or None), re_path(r"^(?P<rest>.*)$", rest)]


def addresses_around() -> list[Any]:
    """Return the patterns for URLs next to the SCIM base ``v2/``.

    ``V2/`` and addresses without a version mean the same (RFC 7644 section 3.13); another version
    gets an error that says which base URL is right. All other addresses are left to the site.
    """
    base = BaseQuery.as_view()
    try:
        unversioned = _endpoints(is_documented=False)
    except IMPORT_ERRORS:
        base, unversioned = Misconfigured.as_view(), []
    return [
        path("V2/", include(scim_urls(""))),
        any_case("v2", base),
        re_path(r"^(?P<rest>[vV]\d+(?:\.\d+)*(?:/.*)?)$", OtherVersion.as_view()),
        *unversioned,
    ]


def _endpoints(*, is_documented: bool) -> list[URLPattern]:
    """Return the patterns of the discovery documents and of every resource type.

    An OpenAPI document contains each endpoint once.
    """
    patterns = [
        any_case("ServiceProviderConfig", ServiceProviderConfig.as_view()),
        any_case("ResourceTypes", ResourceTypes.as_view()),
        any_case("ResourceTypes/<key>", ResourceTypes.as_view()),
        any_case("Schemas", Schemas.as_view()),
        any_case("Schemas/<key>", Schemas.as_view()),
    ]
    for adapter in adapter_classes().values():
        viewset = viewset_for(adapter, is_documented=is_documented)
        resource = viewset.as_view(RESOURCE, detail=True)
        patterns += [
            any_case(adapter.endpoint, viewset.as_view(COLLECTION)),
            any_case(f"{adapter.endpoint}/.search", viewset.as_view({"post": "search"})),
            any_case(f"{adapter.endpoint}/<scim_id>", resource),
        ]
    return [
        *patterns,
        any_case(".search", BaseSearch.as_view()),
        any_case("Me", Me.as_view({**RESOURCE, "post": "create"}, detail=True)),
        any_case("Bulk", Bulk.as_view()),
    ]


def any_case(route: str, view: Any) -> URLPattern:
    """Return the pattern of a route that is matched without case."""
    return URLPattern(AnyCasePattern(route), view)

"""The URLs below the SCIM base, matched without case, with or without a slash at the end.

The last pattern matches every other URL, so that a connector never gets Django's HTML page or a
redirect by APPEND_SLASH.
"""

import re
from typing import Any

from django.urls import URLPattern, path, re_path

from ..adapters import adapter_classes
from ..compat import AnyCasePattern
from ..conf import IMPORT_ERRORS
from .bulk.views import Bulk
from .endpoints.discovery import ResourceTypes, Schemas, ServiceProviderConfig
from .endpoints.me import Me
from .endpoints.root_query import BaseQuery, BaseSearch
from .views import Misconfigured, OtherVersion, UnknownEndpoint, WrongAddress
from .viewsets import viewset_for

COLLECTION = {"get": "list", "post": "create"}
RESOURCE = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}


def scim_urls() -> list[URLPattern]:
    """Return the patterns of the discovery documents and of every resource type.

    If an adapter cannot be imported, every URL fails. No error is raised here, so that a system
    check can report the cause.
    """
    try:
        return _endpoints()
    except IMPORT_ERRORS:
        failing = Misconfigured.as_view()
        return [path("", failing, name="base"), re_path(r"^.*$", failing)]


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
    return [*patterns, re_path(r"^(?P<rest>.*)$", UnknownEndpoint.as_view())]


def addresses_around() -> list[URLPattern]:
    """Return the patterns beside the SCIM base ``v2/``: without its slash, and common mistakes.

    An address without the version, or with ``V2``, gets a SCIM error and an event that say which
    base URL is right, not the site's HTML page. Other addresses are left to the site.
    """
    try:
        adapters = adapter_classes().values()
        base: Any = BaseQuery.as_view()
        names = [re.escape(adapter.endpoint) for adapter in adapters]
    except IMPORT_ERRORS:
        base, names = Misconfigured.as_view(), []
    names += ["ServiceProviderConfig", "ResourceTypes", "Schemas", "Bulk", "Me"]
    wrong = WrongAddress.as_view()
    return [
        path("v2", base),
        re_path(r"^(?P<rest>v\d+(?:/.*)?)$", OtherVersion.as_view()),
        re_path(r"^(?P<rest>V2(?:/.*)?)$", wrong),
        re_path(rf"^(?P<rest>(?:{'|'.join(names)})(?:/.*)?)$", wrong),
    ]


def _path(route: str, view: Any) -> URLPattern:
    return URLPattern(AnyCasePattern(route), view)

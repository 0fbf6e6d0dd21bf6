"""Serve SCIM under ``scim/v2/`` with ``path("scim/", include("django_scim.urls"))``.

Without a version, a URL means the latest one (RFC 7644 section 3.13).
"""

from django.urls import include, path, re_path

from ..api.endpoints.root_query import BaseQuery
from ..api.routers import any_case, scim_urls, unversioned_urls
from ..api.views import OtherVersion

urlpatterns = [
    path("v2/", include("django_scim.urls.v2")),
    path("V2/", include(scim_urls(""))),
    any_case("v2", BaseQuery.as_view()),
    re_path(r"^[vV]\d+(/.*)?$", OtherVersion.as_view()),
    path("", include(unversioned_urls())),
]

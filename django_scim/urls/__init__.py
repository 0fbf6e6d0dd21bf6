"""Serve SCIM under ``scim/v2/`` and the audit log under ``scim/audit/``.

A site writes ``path("scim/", include("django_scim.urls"))``. Without a version, a URL means the
latest one (RFC 7644 section 3.13). Own pages of a site below ``scim/`` must come first.
"""

from django.urls import include, path

from ..api.routers import addresses_around

urlpatterns = [
    path("v2/", include("django_scim.urls.v2")),
    path("audit/", include("django_scim.urls.audit")),
    *addresses_around(),
]

"""Serve SCIM under ``scim/v2/`` and the audit log under ``scim/audit/``.

A site writes ``path("scim/", include("django_scim.urls"))``.
"""

from django.urls import include, path, re_path

from ..api.views import OtherVersion

urlpatterns = [
    path("v2/", include("django_scim.urls.v2")),
    path("audit/", include("django_scim.urls.audit")),
    re_path(r"^v\d+(/.*)?$", OtherVersion.as_view()),
]

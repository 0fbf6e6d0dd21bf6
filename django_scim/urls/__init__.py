"""Serve SCIM under ``scim/v2/`` with ``path("scim/", include("django_scim.urls"))``."""

from django.urls import include, path

from ..api.routers import addresses_around

urlpatterns = [
    path("v2/", include("django_scim.urls.v2")),
    *addresses_around(),
]

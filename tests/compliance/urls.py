"""SCIM at several URLs: with a tenant in the prefix, and without a version."""

from django.urls import include, path

urlpatterns = [
    path("scim/", include("django_scim.urls")),
    path("tenants/<slug:tenant>/scim/", include("django_scim.urls")),
    path("unversioned/", include("django_scim.urls.v2")),
]

"""SCIM under a prefix that names the tenant, and nowhere else."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("tenants/<slug:tenant>/scim/", include("django_scim.urls")),
]

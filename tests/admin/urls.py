"""SCIM only below a prefix that captures the tenant."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("tenants/<slug:tenant>/scim/", include("django_scim.urls")),
]

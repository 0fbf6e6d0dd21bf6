"""``path("scim/", include("django_scim.urls"))`` serves SCIM under ``scim/v2/``."""

from django.urls import include, path

urlpatterns = [path("v2/", include("django_scim.urls.v2"))]

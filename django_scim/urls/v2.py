"""SCIM 2.0 alone, for a site that chooses the prefix itself."""

from django.urls import path

from ..api.routers import scim_urls
from ..api.views import NoSuchEndpoint

app_name = "django_scim"
urlpatterns = [path("", NoSuchEndpoint.as_view(), name="base"), *scim_urls()]

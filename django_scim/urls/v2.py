"""SCIM 2.0 alone, for a site that chooses the prefix itself."""

from ..api.routers import scim_urls

app_name = "django_scim"
urlpatterns = scim_urls()

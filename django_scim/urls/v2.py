"""The SCIM 2.0 endpoints, for a site that chooses the whole prefix itself."""

from ..api.routers import scim_urls

app_name = "django_scim"
urlpatterns = scim_urls()

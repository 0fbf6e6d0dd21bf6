"""An admin site with a name of its own, and SCIM."""

from django.contrib import admin
from django.urls import include, path

site = admin.AdminSite(name="acme")
for model, model_admin in admin.site._registry.items():
    site.register(model, type(model_admin))

urlpatterns = [path("acme/", site.urls), path("scim/", include("django_scim.urls"))]

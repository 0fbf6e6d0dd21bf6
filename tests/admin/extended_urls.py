"""An admin site whose pages of users and groups are extended, and SCIM."""

from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.urls import include, path

from django_scim.admin.site_objects.stock import ScimGroupAdmin, ScimUserAdmin

site = admin.AdminSite()
for model, model_admin in admin.site._registry.items():
    if model not in (User, Group):
        site.register(model, type(model_admin))
site.register(User, ScimUserAdmin)
site.register(Group, ScimGroupAdmin)

urlpatterns = [path("admin/", site.urls), path("scim/", include("django_scim.urls"))]

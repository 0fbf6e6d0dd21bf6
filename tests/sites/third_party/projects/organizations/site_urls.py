from django.contrib import admin
from django.urls import include, path
from organizations.backends import invitation_backend

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("organizations.urls")),
    path("invitations/", include(invitation_backend().get_urls())),
    path("scim/", include("django_scim.urls")),
]

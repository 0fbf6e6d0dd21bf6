from django.urls import path

from . import provisioning, views

urlpatterns = [
    path("", views.directory, name="directory"),
    path(
        "organisations/<slug:slug>/provisioning/", provisioning.settings_page, name="provisioning"
    ),
]

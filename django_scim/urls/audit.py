"""The audit log, for a site that chooses its prefix itself."""

from django.urls import path, re_path

from ..api.endpoints.audit import AuditEvent, AuditEvents
from ..api.endpoints.wrong_address import UnknownEndpoint

app_name = "django_scim_audit"
urlpatterns = [
    path("", AuditEvents.as_view(), name="events"),
    re_path(r"^(?P<key>[0-9]+)/?$", AuditEvent.as_view(), name="event"),
    re_path(r"^.+$", UnknownEndpoint.as_view()),
]

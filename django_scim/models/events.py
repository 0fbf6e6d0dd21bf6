"""The audit log."""

from django.db import models
from django.utils import timezone

from .connections import Connection


class Event(models.Model):
    """What one request did, or why it was refused.

    The object is named, not referenced: an event outlives what it is about.
    """

    class Action(models.TextChoices):
        CREATE = "create"
        UPDATE = "update"
        DEACTIVATE = "deactivate"
        REACTIVATE = "reactivate"
        DELETE = "delete"
        MEMBERSHIP = "membership"
        READ = "read"
        AUTHENTICATION = "authentication"
        ADMINISTRATION = "administration"

    class Outcome(models.TextChoices):
        SUCCESS = "success"
        NO_CHANGE = "no_change", "No change"
        FAILURE = "failure"
        STOPPED = "stopped", "Stopped by guard"

    created = models.DateTimeField("time", default=timezone.now)
    connection = models.ForeignKey(
        Connection, models.SET_NULL, null=True, blank=True, related_name="events", db_index=False
    )
    connection_name = models.CharField(max_length=100, blank=True)
    token_prefix = models.CharField("token", max_length=16, blank=True)
    action = models.CharField(max_length=20, choices=Action.choices)
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    resource_type = models.CharField(max_length=40, blank=True)
    scim_id = models.CharField("SCIM id", max_length=36, blank=True)
    external_id = models.CharField("externalId", max_length=255, blank=True)
    object_type = models.CharField(max_length=100, blank=True)
    object_key = models.CharField(max_length=64, blank=True)
    object_name = models.CharField("object", max_length=256, blank=True)
    changes = models.JSONField(default=list, blank=True)
    method = models.CharField(max_length=10, blank=True)
    path = models.CharField(max_length=500, blank=True)
    status = models.PositiveSmallIntegerField(default=0)
    scim_type = models.CharField("scimType", max_length=20, blank=True)
    detail = models.TextField(blank=True)
    correlation_id = models.CharField("request id", max_length=64, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=255, blank=True)
    duration = models.PositiveIntegerField("duration (ms)", default=0)
    tolerances = models.JSONField(default=list, blank=True)
    request_body = models.TextField(blank=True)
    response_body = models.TextField(blank=True)
    occurrences = models.PositiveIntegerField(
        default=1, help_text="Failed authentications of one minute are counted in one event."
    )

    class Meta:
        ordering = ("-created", "-id")
        get_latest_by = "created"
        indexes = [
            models.Index(fields=["-created", "-id"], name="scim_event_time"),
            models.Index(fields=["connection", "-created"], name="scim_event_connection"),
            models.Index(
                fields=["object_type", "object_key", "-created"], name="scim_event_object"
            ),
            models.Index(fields=["scim_id"], name="scim_event_scim_id"),
            models.Index(fields=["external_id"], name="scim_event_external"),
            models.Index(fields=["object_name"], name="scim_event_name"),
            models.Index(fields=["correlation_id"], name="scim_event_correlation"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_name or self.resource_type} ({self.outcome})".strip()

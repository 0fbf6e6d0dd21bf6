"""The audit log."""

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .connections import Connection
from .fields import KEY_LENGTH, SCIM_ID_LENGTH, ExactCharField


def search_key(name: Any) -> ExactCharField:
    """Return a column with a folded text; NULL, which costs an index nearly nothing, without one.

    It compares by code point, so that an index serves prefixes on every database.
    """
    return ExactCharField(name, max_length=KEY_LENGTH, null=True, blank=True, editable=False)


class Event(models.Model):
    """The effect of one request, or the reason why it was rejected.

    The object is stored by name and key instead of a foreign key, so that its events survive it.
    """

    class Action(models.TextChoices):
        CREATE = "create", _("Create")
        UPDATE = "update", _("Update")
        DEACTIVATE = "deactivate", _("Deactivate")
        REACTIVATE = "reactivate", _("Reactivate")
        DELETE = "delete", _("Delete")
        MEMBERSHIP = "membership", _("Membership")
        READ = "read", _("Read")
        AUTHENTICATION = "authentication", _("Authentication")
        ADMINISTRATION = "administration", _("Administration")

    class Outcome(models.TextChoices):
        SUCCESS = "success", _("Success")
        NO_CHANGE = "no_change", _("No change")
        FAILURE = "failure", _("Failure")
        STOPPED = "stopped", _("Stopped by guard")

    created = models.DateTimeField(_("time"), default=timezone.now)
    first = models.DateTimeField(
        _("first time"),
        null=True,
        blank=True,
        help_text=_("When the first of several equal refusals was; the time is that of the last."),
    )
    connection = models.ForeignKey(
        Connection,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="events",
        db_index=False,
        verbose_name=_("connection"),
    )
    connection_name = models.CharField(_("connection name"), max_length=100, blank=True)
    token_prefix = models.CharField(_("token"), max_length=16, blank=True)
    action = models.CharField(_("action"), max_length=20, choices=Action.choices)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    resource_type = models.CharField(_("resource type"), max_length=40, blank=True)
    scim_id = ExactCharField(_("SCIM id"), max_length=SCIM_ID_LENGTH, blank=True)
    external_id = models.CharField(_("externalId"), max_length=255, blank=True)
    object_type = models.CharField(_("object type"), max_length=100, blank=True)
    object_key = models.CharField(_("object key"), max_length=64, blank=True)
    object_name = models.CharField(_("object"), max_length=256, blank=True)
    name_key = search_key(_("folded name"))
    display_key = search_key(_("folded display name"))
    last_name_key = search_key(_("folded last name"))
    email_key = search_key(_("folded e-mail address"))
    external_key = search_key(_("folded externalId"))
    changes = models.JSONField(_("changes"), default=list, blank=True)
    method = models.CharField(_("method"), max_length=10, blank=True)
    path = models.CharField(_("path"), max_length=500, blank=True)
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    scim_type = models.CharField(_("scimType"), max_length=20, blank=True)
    reason = models.CharField(_("reason"), max_length=30, blank=True)
    reason_params = models.JSONField(_("parameters of the reason"), default=dict, blank=True)
    detail = models.TextField(_("detail"), blank=True)
    correlation_id = ExactCharField(_("request id"), max_length=64, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    user_agent = models.CharField(_("user agent"), max_length=255, blank=True)
    duration = models.PositiveIntegerField(_("duration (ms)"), default=0)
    tolerances = models.JSONField(_("tolerances"), default=list, blank=True)
    request_body = models.TextField(_("request body"), blank=True)
    response_body = models.TextField(_("response body"), blank=True)
    occurrences = models.PositiveIntegerField(
        _("occurrences"),
        default=1,
        help_text=_("Equal refusals within a day share an event."),
    )
    refused = models.DateTimeField(
        _("refused"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The time of an event that needs attention."),
    )
    repeat_key = models.CharField(
        _("repeat key"), max_length=32, null=True, blank=True, editable=False
    )

    class Meta:
        ordering = ("-created", "-id")
        get_latest_by = "created"
        verbose_name = _("event")
        verbose_name_plural = _("events")
        permissions = [("export_events", _("Can export events"))]
        indexes = [
            models.Index(fields=["-created", "-id"], name="scim_event_time"),
            models.Index(fields=["connection", "-created", "-id"], name="scim_event_connection"),
            models.Index(
                fields=["object_type", "object_key", "-created"], name="scim_event_object"
            ),
            models.Index(fields=["refused"], name="scim_event_refused"),
            models.Index(fields=["connection", "refused"], name="scim_event_failure"),
            models.Index(fields=["repeat_key"], name="scim_event_repeat"),
            models.Index(fields=["name_key"], name="scim_event_name"),
            models.Index(fields=["display_key"], name="scim_event_display"),
            models.Index(fields=["last_name_key"], name="scim_event_last_name"),
            models.Index(fields=["email_key"], name="scim_event_email"),
            models.Index(fields=["external_key"], name="scim_event_external"),
            models.Index(fields=["scim_id"], name="scim_event_scim_id"),
            models.Index(fields=["correlation_id"], name="scim_event_correlation"),
        ]

    def __str__(self) -> str:
        name = self.object_name or self.resource_type
        return f"{self.get_action_display()} {name} ({self.get_outcome_display()})".strip()

"""How many events a connection had on each day, and up to which event they are counted."""

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .connections import Connection
from .events import Event


class DailyTotal(models.Model):
    """A number of events of a connection, on a day, with an outcome.

    A day can have several rows, which add up, so that requests never wait for each other's rows.
    Totals stay when their events are deleted. Acts of admins are not counted.
    """

    connection = models.ForeignKey(
        Connection,
        models.CASCADE,
        related_name="daily_totals",
        db_index=False,
        verbose_name=_("connection"),
    )
    day = models.DateField(_("day"), help_text=_("The day in the time zone of the site."))
    outcome = models.CharField(_("outcome"), max_length=20, choices=Event.Outcome.choices)
    count = models.PositiveIntegerField(_("count"))
    last_event = models.PositiveBigIntegerField(_("last event"))

    class Meta:
        verbose_name = _("daily total")
        verbose_name_plural = _("daily totals")
        indexes = [models.Index(fields=["connection", "day"], name="scim_total_day")]

    def __str__(self) -> str:
        return f"{self.connection}: {self.count} {self.get_outcome_display()} ({self.day})"


class CountedEvents(models.Model):
    """The only row: every event up to ``last_event`` is part of the daily totals.

    Whoever adds events to the totals locks it.
    """

    last_event = models.PositiveBigIntegerField(_("last event"), default=0)

    class Meta:
        verbose_name = _("counted events")
        verbose_name_plural = _("counted events")

    def __str__(self) -> str:
        return gettext("events up to %(event)s") % {"event": self.last_event}


class Overview(Connection):
    """The connections as the start page of the admin shows them; it has no table."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("overview")
        verbose_name_plural = _("overview")

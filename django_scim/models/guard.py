"""The state of the guard, which stops a connection that removes too much, and its counts."""

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .connections import Connection


class Guard(models.Model):
    """The state of a connection's guard: whether it has tripped, or is temporarily turned off."""

    connection = models.OneToOneField(
        Connection, models.CASCADE, related_name="guard", verbose_name=_("connection")
    )
    tripped = models.DateTimeField(_("tripped"), null=True, blank=True)
    overridden_until = models.DateTimeField(_("overridden until"), null=True, blank=True)

    class Meta:
        verbose_name = _("guard")
        verbose_name_plural = _("guards")

    def __str__(self) -> str:
        return gettext("guard of %(connection)s") % {"connection": self.connection}


class GuardCount(models.Model):
    """The losses of one kind by a connection since ``started``, and the total at that time.

    ``kind`` is the name of a resource type, or one of the constants. Every loss locks the row: two
    processes could otherwise exceed the limits together.
    """

    WINDOW = timedelta(hours=1)
    # Names of resource types contain no blanks.
    MEMBERSHIPS = "lost memberships"
    SIGN_IN = "changed sign-in names"

    connection = models.ForeignKey(
        Connection,
        models.CASCADE,
        related_name="guard_counts",
        db_index=False,
        verbose_name=_("connection"),
    )
    kind = models.CharField(_("kind"), max_length=100)
    started = models.DateTimeField(_("started"))
    lost = models.PositiveIntegerField(_("lost"), default=0)
    total = models.PositiveIntegerField(_("total"), default=0)

    class Meta:
        verbose_name = _("count of the guard")
        verbose_name_plural = _("counts of the guard")
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind"], name="django_scim_guard_kind")
        ]

    def __str__(self) -> str:
        return f"{self.lost} of {self.total} ({self.kind})"

    @property
    def is_running(self) -> bool:
        return self.started > timezone.now() - self.WINDOW

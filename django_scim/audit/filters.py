"""The filters of the audit log. The admin, the API and the exports share them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db import connections
from django.db.models import QuerySet, Subquery
from django.db.models.functions import Collate
from django.utils.translation import gettext_lazy as _

from ..models import Connection, Event, ExactCharField, fold_key
from .search import names_beginning_with

#: Conditions that select few events, each with a separate index.
_SELECTIVE = ("scim_id", "external_id", "request_id", "name")

#: Times outside of these cannot be converted to every time zone.
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


def _check_time(moment: datetime) -> None:
    if not _EARLIEST <= moment <= _LATEST:
        raise ValidationError(_("The year must be between 1970 and 8999."))


class EventFilter(django_filters.FilterSet):
    """Filter events. Every condition must hold; the values of one condition are alternatives."""

    since = django_filters.IsoDateTimeFilter(
        "created", "gte", label=_("since"), validators=[_check_time]
    )
    until = django_filters.IsoDateTimeFilter(
        "created", "lt", label=_("until"), validators=[_check_time]
    )
    connection = django_filters.CharFilter(method="by_connection", label=_("connection"))
    action = django_filters.MultipleChoiceFilter(choices=Event.Action.choices, label=_("action"))
    outcome = django_filters.MultipleChoiceFilter(choices=Event.Outcome.choices, label=_("outcome"))
    resource_type = django_filters.CharFilter(label=_("resource type"))
    status = django_filters.NumberFilter(min_value=0, max_value=599, label=_("status"))
    scim_type = django_filters.CharFilter(label=_("scimType"))
    scim_id = django_filters.CharFilter(label=_("SCIM id"))
    reason = django_filters.CharFilter(label=_("reason"))
    external_id = django_filters.CharFilter(
        method="by_external_id", label=_("externalId"), strip=False
    )
    request_id = django_filters.CharFilter("correlation_id", label=_("request id"))
    name = django_filters.CharFilter(
        method="by_name", min_length=2, label=_("name"), max_length=256
    )

    class Meta:
        model = Event
        fields: list[str] = []

    def by_connection(self, events: QuerySet, name: str, value: str) -> QuerySet:
        """Return the events of the connection with this name, found by its key in an index."""
        found = Connection.objects.filter(name=value).order_by().values("pk")[:1]
        return events.filter(connection=Subquery(found))

    def by_name(self, events: QuerySet, name: str, value: str) -> QuerySet:
        """Return the events whose person or group has a name that begins with the value."""
        return events.filter(names_beginning_with(value))

    def by_external_id(self, events: QuerySet, name: str, value: str) -> QuerySet:
        """Return the events with exactly this externalId. The folded key has the index."""
        events = events.filter(external_key=fold_key(value))
        if connections[events.db].vendor == "mysql":  # its usual collations ignore case
            collation = ExactCharField().db_parameters(connections[events.db])["collation"]
            return events.annotate(exact=Collate("external_id", collation)).filter(exact=value)
        return events.filter(external_id=value)

    def errors_by_parameter(self, given: Iterable[str]) -> dict[str, str]:
        """Return the errors by the names of the parameters.

        ``given`` contains the names in the request. Unknown ones are errors, because ignoring them
        would return more events.
        """
        known = ", ".join(self.filters)
        wrong = {
            name: f"is not a filter; the filters are {known}"
            for name in given
            if name not in self.filters
        }
        for name, errors in self.form.errors.items():
            wrong.setdefault(str(name), " ".join(map(str, errors)))
        return wrong

    @property
    def is_selective(self) -> bool:
        """Return whether a condition selects few events, which an index finds directly."""
        values: Any = self.form.cleaned_data
        return any(values.get(name) for name in _SELECTIVE)

    @property
    def is_filtered(self) -> bool:
        """Return whether there is a condition that no index combines with the time."""
        values: Any = self.form.cleaned_data
        names = ("action", "outcome", "resource_type", "scim_type", "reason")
        return values.get("status") is not None or any(values.get(name) for name in names)

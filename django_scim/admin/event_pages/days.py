"""Select the requests of a day, the events that the start page counts for it."""

from collections.abc import Iterator
from datetime import UTC, date
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...audit.totals import bounds
from ...models import Event


class RequestsOnFilter(admin.ListFilter):
    """The events of requests on a day of the site, without acts of admins.

    A refusal that was repeated counts on each day from the first occurrence to the last. The
    filter is shown while it is in use.
    """

    title, parameter_name = _("requests on"), "requests_on"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        if values := params.pop(self.parameter_name, None):
            self.used_parameters[self.parameter_name] = values[-1]

    def has_output(self) -> bool:
        return bool(self.used_parameters)

    def expected_parameters(self) -> list[str | None]:
        return [self.parameter_name]

    def _day(self) -> date:
        """Return the chosen day. Raise IncorrectLookupParameters if the text is not a day."""
        try:
            day = date.fromisoformat(str(self.used_parameters[self.parameter_name]))
            for time in bounds(day):
                time.astimezone(UTC)  # fails at the ends of the calendar
        except (ValueError, OverflowError):
            raise IncorrectLookupParameters from None
        return day

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        start, end = bounds(self._day())
        on_that_day = Q(created__gte=start, created__lt=end)
        began_before_its_end = Q(refused__gte=end, first__lt=end)
        events = queryset.filter(on_that_day | began_before_its_end)
        return events.exclude(action=Event.Action.ADMINISTRATION)

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        yield {
            "selected": False,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": gettext("All"),
        }
        yield {
            "selected": True,
            "query_string": changelist.get_query_string(),
            "display": date_format(self._day(), "DATE_FORMAT"),
        }

"""The sidebar filters of the list of events: one for each parameter of ``EventFilter``."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...adapters import adapter_classes
from ...audit.filters import EventFilter
from ...conf import IMPORT_ERRORS
from ...models import Connection, Event
from ...protocol import errors
from ...protocol.errors import ScimError


class ParameterFilter(admin.ListFilter):
    """One parameter of ``EventFilter``. Without choices it is only shown while it is in use."""

    parameter_name = ""

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        values = params.pop(self.parameter_name, None)
        if values is not None:
            self.used_parameters[self.parameter_name] = values
        self.values: list[Any] = list(values or ())
        self.offered = list(self.lookups())

    def lookups(self) -> Iterable[tuple[str, Any]]:
        """Return the values to choose from, and their names."""
        return ()

    def has_output(self) -> bool:
        return bool(self.offered or self.used_parameters)

    def expected_parameters(self) -> list[str | None]:
        return [self.parameter_name]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Return the events with the value. Raise IncorrectLookupParameters if it is invalid."""
        if self.parameter_name not in self.used_parameters:
            return queryset
        query = QueryDict(mutable=True)
        query.setlist(self.parameter_name, self.values)
        filters = EventFilter(query, queryset, request=request)
        if not filters.is_valid():
            raise IncorrectLookupParameters
        return filters.qs

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        values = self.values
        yield {
            "selected": not values,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": gettext("All"),
        }
        offered = self.offered or [(value, value) for value in values]
        for value, name in offered:
            yield {
                "selected": [str(value)] == [str(each) for each in values],
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": name,
            }


class OutcomeFilter(ParameterFilter):
    title, parameter_name = _("outcome"), "outcome"

    def lookups(self) -> Iterable[tuple[str, Any]]:
        return Event.Outcome.choices


class ActionFilter(ParameterFilter):
    title, parameter_name = _("action"), "action"

    def lookups(self) -> Iterable[tuple[str, Any]]:
        return Event.Action.choices


class ConnectionFilter(ParameterFilter):
    title, parameter_name = _("connection"), "connection"

    def lookups(self) -> Iterable[tuple[str, Any]]:
        names = Connection.objects.order_by("name").values_list("name", flat=True)[:50]
        return [(name, name) for name in names]


class ResourceTypeFilter(ParameterFilter):
    title, parameter_name = _("resource type"), "resource_type"

    def lookups(self) -> Iterable[tuple[str, Any]]:
        try:
            return [(name, name) for name in adapter_classes()]
        except IMPORT_ERRORS:  # the system checks report it, and the log still opens
            return []


class ScimTypeFilter(ParameterFilter):
    title, parameter_name = _("scimType"), "scim_type"

    def lookups(self) -> Iterable[tuple[str, Any]]:
        kinds = {
            each.scim_type
            for each in vars(errors).values()
            if isinstance(each, type) and issubclass(each, ScimError) and each.scim_type
        }
        return [(kind, kind) for kind in sorted(kinds)]


def _plain(name: str) -> type[ParameterFilter]:
    label = EventFilter.base_filters[name].label
    return type(f"{name}_filter", (ParameterFilter,), {"parameter_name": name, "title": label})


#: A filter for each parameter, those with choices first.
CHOICES = (OutcomeFilter, ActionFilter, ConnectionFilter, ResourceTypeFilter, ScimTypeFilter)
_WITH_CHOICES = {each.parameter_name for each in CHOICES}
EVENT_FILTERS: tuple[type[ParameterFilter], ...] = (
    *CHOICES,
    *(_plain(name) for name in EventFilter.base_filters if name not in _WITH_CHOICES),
)

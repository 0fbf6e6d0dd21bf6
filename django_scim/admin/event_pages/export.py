"""Download the events that the list shows, as CSV or as JSON lines."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from ...audit.administration import Description, record_act
from ...audit.event_data import FIELDS, csv_row, event_data
from ...audit.pages import in_batches
from ...audit.redaction import redact_url
from ...models import Event
from ..actors import actor_of


class _Line:
    """A file for the csv module that returns each line instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(events: Iterable[Event]) -> Iterator[str]:
    """Yield the lines of a CSV file, with a mark by which Excel recognises UTF-8."""
    writer: Any = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(FIELDS)
    for event in events:
        yield writer.writerow(csv_row(event))


def json_lines(events: Iterable[Event]) -> Iterator[str]:
    """Yield the lines of a JSONL file."""
    for event in events:
        yield json.dumps(event_data(event), ensure_ascii=False) + "\n"


Lines = Callable[[Iterable[Event]], Iterator[str]]
FORMATS: dict[str, tuple[str, Lines]] = {
    "csv": ("text/csv; charset=utf-8", csv_lines),
    "jsonl": ("application/x-ndjson", json_lines),
}


class EventExportMixin(admin.ModelAdmin):
    """Adds the buttons above the list of events, for those with the permission to export."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.export)
        return [
            path("export/<str:kind>/", view, name="django_scim_event_export"),
            *super().get_urls(),
        ]

    def has_export_permission(self, request: HttpRequest) -> bool:
        permitted = request.user.has_perm("django_scim.export_events")  # type: ignore[union-attr]
        return permitted and self.has_view_permission(request)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = extra_context or {}
        if self.has_export_permission(request):
            query = request.GET.urlencode()
            context["exports"] = [
                (kind.upper(), f"{self._url('export', kind)}?{query}") for kind in FORMATS
            ]
        return super().changelist_view(request, context)

    @method_decorator(require_POST)
    def export(self, request: HttpRequest, kind: str) -> Any:
        """Stream the events that the list shows for the same parameters, and record that."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        if kind not in FORMATS:
            raise Http404
        events = self.listed(request)
        if events is None:
            return redirect(f"{self._url('changelist')}?e=1")
        shown = redact_url(f"?{request.GET.urlencode()}")[1:]
        record_act(
            Description.EXPORTED,
            actor_of(request),
            changes=[{"path": "format", "old": None, "new": kind}]
            + ([{"path": "filter", "old": None, "new": shown[:2_000]}] if shown else []),
        )
        content_type, lines = FORMATS[kind]
        response = StreamingHttpResponse(lines(in_batches(events)), content_type=content_type)
        name = f"events-{timezone.now():%Y%m%d-%H%M%S}.{kind}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "private, no-store"
        return response

    def listed(self, request: HttpRequest) -> QuerySet | None:
        """Return the events on all pages of the list, None for invalid parameters."""
        try:
            return self.get_changelist_instance(request).queryset.defer(None)
        except IncorrectLookupParameters:
            return None

    def _url(self, view: str, *args: str) -> str:
        name = f"admin:django_scim_event_{view}"
        return reverse(name, args=args, current_app=self.admin_site.name)

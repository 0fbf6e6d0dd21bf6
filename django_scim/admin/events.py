"""The audit log, read-only. Its pages stay fast however many events there are."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..audit.explanations import sentence
from ..models import Event
from .event_pages import (
    AttentionFilter,
    EventLinkingMixin,
    EventListMixin,
    EventPage,
    RequestsOnFilter,
)
from .event_pages.export import EventExportMixin
from .event_pages.filters import EVENT_FILTERS
from .event_pages.page import pretty


class CappedPaginator(Paginator):
    """Limit the count query to 100 pages."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows.values_list("pk", flat=True)[: self.per_page * 100 + 1])


class ReadOnlyAdmin(admin.ModelAdmin):
    """Deny adding, changing and deleting rows by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Event)
class EventAdmin(EventExportMixin, EventListMixin, EventLinkingMixin, ReadOnlyAdmin):
    list_display = ("when", "happened", "badge")
    list_display_links = ("when", "happened")
    list_filter = (AttentionFilter, RequestsOnFilter, *EVENT_FILTERS, "created")
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count all events
    paginator = CappedPaginator
    sortable_by = ("when",)
    search_fields = ("name_key",)  # for the search box; see get_search_results
    search_help_text = _(
        "Enter the beginning of a user or group name, a person's name, an e-mail address, an "
        "externalId, a SCIM id or a request id."
    )
    fieldsets = (
        (
            _("What happened"),
            {
                "fields": (
                    "happened",
                    "when",
                    "badge",
                    "step_list",
                    "object_link",
                    "connection_link",
                    "detail",
                    "repetition",
                )
            },
        ),
        (_("What to do"), {"fields": ("why", "remedy", "retry", "settled", "buttons")}),
        (_("What changed"), {"fields": ("change_table",)}),
        (
            _("Request and response, redacted"),
            {
                "fields": (
                    ("action", "resource_type"),
                    ("scim_id", "external_id"),
                    ("method", "path"),
                    ("status", "scim_type"),
                    ("reason", "used_tolerances"),
                    ("request", "duration"),
                    ("address", "user_agent"),
                    "token_prefix",
                    "request_json",
                    "response_json",
                ),
                "classes": ("collapse",),
            },
        ),
    )

    class Media:
        css = {"all": ("django_scim/admin.css",)}

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return an event together with its page for this admin."""
        event: Any = super().get_object(request, object_id, from_field)
        if event is not None:
            event.page = EventPage(self.admin_site, request, event)
        return event

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Render the page with the event's sentence as its heading."""
        event = context.get("original")
        if isinstance(event, Event):
            context["subtitle"] = sentence(event)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("steps"))
    def step_list(self, event: Any) -> SafeString | str:
        return _page(event).step_list()

    @admin.display(description=_("person or group"))
    def object_link(self, event: Any) -> SafeString | str:
        return _page(event).object_link()

    @admin.display(description=_("connection"))
    def connection_link(self, event: Any) -> SafeString | str:
        return _page(event).connection_link()

    @admin.display(description=_("occurrences"))
    def repetition(self, event: Any) -> str:
        return _page(event).repetition()

    @admin.display(description=_("why"))
    def why(self, event: Any) -> SafeString | str:
        return _page(event).why()

    @admin.display(description=_("remedy"))
    def remedy(self, event: Any) -> str:
        return _page(event).remedy()

    @admin.display(description=_("next attempt"))
    def retry(self, event: Any) -> str:
        return _page(event).retry()

    @admin.display(description=_("settled"))
    def settled(self, event: Any) -> SafeString | str:
        return _page(event).settled()

    @admin.display(description=_("go to"))
    def buttons(self, event: Any) -> SafeString | str:
        return _page(event).buttons()

    @admin.display(description=_("changes"))
    def change_table(self, event: Any) -> SafeString | str:
        return _page(event).change_table()

    @admin.display(description=_("request id"))
    def request(self, event: Any) -> SafeString | str:
        return _page(event).request_link()

    @admin.display(description=_("tolerances used"))
    def used_tolerances(self, event: Event) -> str:
        return ", ".join(event.tolerances) or gettext("none")

    @admin.display(description=_("request"))
    def request_json(self, event: Event) -> SafeString | str:
        return pretty(event.request_body)

    @admin.display(description=_("response"))
    def response_json(self, event: Event) -> SafeString | str:
        return pretty(event.response_body)


def _page(event: Any) -> EventPage:
    page: EventPage = event.page
    return page

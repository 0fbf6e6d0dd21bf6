"""The audit log, read-only. Its pages stay fast however many events there are."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from django.apps import apps
from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..audit.explanations import explain
from ..audit.search import search
from ..models import Event
from .object_urls import change_url
from .status_badges import State


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
class EventAdmin(ReadOnlyAdmin):
    date_hierarchy = "created"
    list_display = (
        "created",
        "badge",
        "action",
        "object_name",
        "resource_type",
        "connection_name",
        "status",
        "scim_type",
        "request",
    )
    list_filter = ("outcome", "action", "connection", "resource_type", "scim_type")
    list_per_page = 50
    show_full_result_count = False
    paginator = CappedPaginator
    search_fields = ("name_key",)
    search_help_text = _("Enter a complete SCIM id, externalId, user or group name, or request id.")
    fieldsets = (
        (
            _("What happened"),
            {
                "fields": (
                    "created",
                    "badge",
                    ("action", "resource_type"),
                    "object_link",
                    ("scim_id", "external_id"),
                    ("connection_name", "token_prefix"),
                    ("method", "path"),
                    ("status", "scim_type"),
                    "detail",
                    "used_tolerances",
                    ("request", "duration"),
                    "occurrences",
                    ("address", "user_agent"),
                )
            },
        ),
        (_("What to do"), {"fields": ("advice",)}),
        (_("What changed"), {"fields": ("change_table",)}),
        (
            _("Request and response, redacted"),
            {"fields": ("request_json", "response_json"), "classes": ("collapse",)},
        ),
    )

    class Media:
        css = {"all": ("django_scim/admin.css",)}

    @admin.display(description=_("outcome"), ordering="outcome")
    def badge(self, event: Event) -> SafeString:
        return State(event.outcome, event.get_outcome_display()).badge

    @admin.display(description=_("request id"))
    def request(self, event: Event) -> SafeString | str:
        if not event.correlation_id:
            return ""
        query = urlencode({"correlation_id": event.correlation_id})
        url = reverse("admin:django_scim_event_changelist", current_app=self.admin_site.name)
        return format_html('<a href="{}?{}">{}</a>', url, query, event.correlation_id)

    @admin.display(description=_("object"))
    def object_link(self, event: Event) -> SafeString | str:
        """Link the object's admin page, if there is one and the object still exists."""
        with suppress(LookupError, ValueError):  # no such model any more, or no such key
            model = apps.get_model(event.object_type)
            exists = model._default_manager.filter(pk=event.object_key).exists()
            if exists and (url := change_url(self.admin_site, model, event.object_key)):
                return format_html('<a href="{}">{}</a>', url, event.object_name)
        return event.object_name or str(self.get_empty_value_display())

    @admin.display(description=_("advice"))
    def advice(self, event: Event) -> str:
        return explain(event) or gettext("Nothing needs to be done.")

    @admin.display(description=_("tolerances used"))
    def used_tolerances(self, event: Event) -> str:
        return ", ".join(event.tolerances) or gettext("none")

    @admin.display(description=_("changes"))
    def change_table(self, event: Event) -> SafeString | str:
        if not event.changes:
            return gettext("Nothing changed.")
        rows = format_html_join(
            "",
            "<tr><th>{}</th><td>{}</td><td>{}</td></tr>",
            ((c.get("path"), _shown(c.get("old")), _shown(c.get("new"))) for c in event.changes),
        )
        titles = (gettext("Attribute"), gettext("Old"), gettext("New"))
        head = format_html("<tr><th>{}</th><th>{}</th><th>{}</th></tr>", *titles)
        return format_html('<table class="scim-changes">{}{}</table>', head, rows)

    @admin.display(description=_("request"))
    def request_json(self, event: Event) -> SafeString | str:
        return _pretty(event.request_body)

    @admin.display(description=_("response"))
    def response_json(self, event: Event) -> SafeString | str:
        return _pretty(event.response_body)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Search by the beginning of a name, an address or an id, in indexes."""
        return search(queryset, search_term), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup == "correlation_id" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _pretty(text: str) -> SafeString | str:
    if not text:
        return "–"
    with suppress(ValueError):  # a long body was cut off
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    return format_html('<pre class="scim-raw">{}</pre>', text)

"""The list of events: what happened in one sentence, filters from the code, and the search."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ...audit.explanations import sentence
from ...audit.search import search
from ...models import Event, Overview
from ..object_urls import list_url, may_view
from ..status_badges import State
from .times import to_the_second

REFUSED = (Event.Outcome.FAILURE, Event.Outcome.STOPPED)


class AttentionFilter(admin.SimpleListFilter):
    """Select the refused requests, which need an admin's attention, by a separate index."""

    title, parameter_name = _("attention"), "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("needed", _("Needs attention"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(refused__isnull=False) if self.value() == "needed" else queryset


class EventListMixin(admin.ModelAdmin):
    """The columns, the order and the search of the list."""

    @admin.display(description=_("time"), ordering="created")
    def when(self, event: Event) -> str:
        return to_the_second(event.created)

    @admin.display(description=_("event"))
    def happened(self, event: Event) -> str:
        """Return the sentence of the event; one line stands for all its repetitions."""
        if event.occurrences < 2:
            return sentence(event)
        text = ngettext("%(count)d time", "%(count)d times", event.occurrences)
        times = text % {"count": event.occurrences}
        if event.first is not None:
            since = to_the_second(event.first)
            times = gettext("%(times)s since %(first)s") % {"times": times, "first": since}
        return f"{sentence(event)} ({times})"

    @admin.display(description=_("outcome"))
    def badge(self, event: Event) -> SafeString:
        return State(event.outcome, event.get_outcome_display()).badge

    def get_queryset(self, request: HttpRequest) -> Any:
        events = super().get_queryset(request)
        if self._is_list(request):
            events = events.defer("request_body", "response_body")
            if _is_refusal_wanted(request):  # the index contains only refusals
                events = events.filter(refused__isnull=False)
        return events

    def get_ordering(self, request: HttpRequest) -> Any:
        """Order the refusals by their own index."""
        attention = request.GET.get(AttentionFilter.parameter_name)
        if self._is_list(request) and (attention or _is_refusal_wanted(request)):
            return ("-refused", "-id")
        return ("-created", "-id")

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Search by the beginning of a name, an address or an id, in indexes."""
        return search(queryset, search_term), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        own = lookup in ("correlation_id", "reason")
        return own or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list. If nothing was found, explain the search, and suggest other pages."""
        context = {"overview_url": list_url(self.admin_site, Overview), **(extra_context or {})}
        answer = super().changelist_view(request, context)
        changelist = getattr(answer, "context_data", {}).get("cl")
        if changelist is not None and changelist.query and not changelist.result_list:
            messages.info(request, self._nothing_found(request, changelist.query))
        return answer

    def _nothing_found(self, request: HttpRequest, text: str) -> SafeString | str:
        known = _filters_in(request)
        message = (
            gettext(
                "No event with the chosen filters has a user or group name, a person's name, an "
                "e-mail address, an externalId, a SCIM id or a request id that begins with “%s”."
            )
            if known
            else gettext(
                "No event has a user or group name, a person's name, an e-mail address, an "
                "externalId, a SCIM id or a request id that begins with “%s”. If the person is "
                "missing, the identity provider never sent them: look at the assignment there."
            )
        ) % text
        url = self._people_url(request, text)
        if not url:
            return message
        label = gettext("Search the accounts of this site")
        return format_html('{} <a href="{}">{}</a>', message, url, label)

    def _people_url(self, request: HttpRequest, text: str) -> str:
        model = get_user_model()
        if not may_view(self.admin_site, request, model):
            return ""
        url = list_url(self.admin_site, model)
        return url and f"{url}?{urlencode({'q': text})}"

    def _is_list(self, request: HttpRequest) -> bool:
        match = request.resolver_match
        return match is not None and match.kwargs.get("object_id") is None


def _is_refusal_wanted(request: HttpRequest) -> bool:
    """Return whether the list is filtered by an outcome that only refusals have."""
    return (request.GET.get("outcome__exact") or request.GET.get("outcome")) in REFUSED


def _filters_in(request: HttpRequest) -> set[str]:
    return set(request.GET) - {"q", "p", "o", "e"}

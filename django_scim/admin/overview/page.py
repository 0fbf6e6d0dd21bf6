"""The start page: an entry of the admin's index, and the list behind it."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _

from ...models import Connection, Event, Overview
from ..events import ReadOnlyAdmin
from ..object_urls import list_url, may_view
from .cards import Viewer, by_attention, cards_of

#: Connections on a page.
PER_PAGE = 20


@admin.register(Overview)
class OverviewAdmin(ReadOnlyAdmin):
    """The start page, for everybody who may view connections or events."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.changelist_view)
        return [path("", view, name="django_scim_overview_changelist")]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return any(may_view(self.admin_site, request, model) for model in (Connection, Event))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        viewer = Viewer(self.admin_site, request)
        number = _page_number(request)
        first = (number - 1) * PER_PAGE
        connections = list(
            by_attention(self._connections(request), viewer)[first : first + PER_PAGE + 1]
        )
        cards, is_complete = cards_of(connections[:PER_PAGE], viewer)
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Overview"),
            "opts": self.opts,
            "cards": cards,
            "is_complete": is_complete,
            "previous": number - 1,
            "next": number + 1 if len(connections) > PER_PAGE else 0,
            "events_url": viewer.events_url,
            "connections_url": list_url(self.admin_site, Connection)
            if viewer.sees_connections
            else "",
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/django_scim/overview.html", context)

    def _connections(self, request: HttpRequest) -> QuerySet:
        """Return the connections that the admin's list of connections shows."""
        if self.admin_site.is_registered(Connection):
            return self.admin_site.get_model_admin(Connection).get_queryset(request)
        return Connection.objects.all()


def _page_number(request: HttpRequest) -> int:
    """Return the number of the page in the URL, 1 for one that does not exist."""
    text = request.GET.get("p", "")
    return max(int(text), 1) if text.isdecimal() and len(text) < 7 else 1

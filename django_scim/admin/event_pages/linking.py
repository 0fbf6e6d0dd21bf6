"""Link the account with a taken name to the connection that could not create it.

The page explains the consequences, and a POST links the account. It requires the permissions to
assign accounts to the connection and to see the account.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _

from ... import connections
from ...audit.explanations import explanation
from ...audit.explanations.holders import HolderKind
from ...models import Event
from ..actions import may_assign
from ..actors import logging_actor
from ..object_urls import change_url
from .page import EventPage


class EventLinkingMixin(admin.ModelAdmin):
    """Adds the page that links an account to the connection of a refused creation."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.link_account)
        return [
            path("<path:object_id>/link/", view, name="django_scim_event_link"),
            *super().get_urls(),
        ]

    def link_account(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the consequences of linking; with POST, link the account."""
        event: Event | None = self.get_object(request, unquote(object_id))
        allowed = may_assign(self.admin_site, request)
        if not (allowed and self.has_view_permission(request, event)):
            raise PermissionDenied
        if event is None:
            missing: HttpResponse = self.change_view(request, object_id)  # redirects
            return missing
        page = EventPage(self.admin_site, request, event)
        back = reverse(
            "admin:django_scim_event_change", args=[event.pk], current_app=self.admin_site.name
        )
        if not page.may_link:
            messages.error(request, _("There is no account to link for this event any more."))
            return redirect(back)
        assert page.holder is not None and event.connection is not None
        holder, connection = page.holder, event.connection
        if request.method == "POST":
            self._link(request, event, holder.account)
            return redirect(back)
        account = holder.account
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        email = type(account).get_email_field_name()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Link %(account)s to %(connection)s")
            % {"account": account.get_username(), "connection": connection},
            "opts": self.opts,
            "event": event,
            "back_url": back,
            "account": account,
            "account_url": change_url(self.admin_site, type(account), account.pk),
            "email": getattr(account, email, ""),
            "connection": connection,
            "why": holder.why,
            "is_shared": holder.kind == HolderKind.OTHER_CONNECTION,
        }
        return TemplateResponse(request, "admin/django_scim/event/link.html", context)

    def _link(self, request: HttpRequest, event: Event, account: Any) -> None:
        assert event.connection is not None
        try:
            connections.assign(event.connection, account, actor=logging_actor(request, self))
        except ValidationError as error:
            for message in error.messages:
                messages.error(request, message)
        except IntegrityError:
            messages.error(request, _("Another request changed it at the same time. Try again."))
        else:
            found = explanation(event)
            message = _("%(account)s is linked to %(connection)s. %(retry)s") % {
                "account": account.get_username(),
                "connection": event.connection,
                "retry": found.retry if found else "",
            }
            messages.success(request, message)

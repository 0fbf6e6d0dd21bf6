"""The page that changes the scope of a connection, after a preview of the effects."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _

from .. import connections
from ..models import Connection, UserLink
from .actions import connection_action
from .actors import logging_actor
from .assignments import AssignmentsMixin
from .status_badges import grouped


class ScopeMixin(AssignmentsMixin):
    """Adds the change of a connection's scope."""

    def get_urls(self) -> list[URLPattern]:
        routes: list[Any] = [("scope/", "scope", self.change_scope)]
        return [*self.connection_urls(routes), *super().get_urls()]

    @staticmethod
    def has_scope_left(connection: Connection) -> bool:
        """Return whether the withdrawal of a scope was interrupted."""
        links = UserLink.objects.filter(connection=connection, granted_by_scope=True)
        is_own = connection.scope == Connection.Scope.OWN
        return is_own and links.filter(target__isnull=False).exists()

    @connection_action(has_page=True, manages_access=True)
    def change_scope(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        """Show the consequences of another scope; with POST, set the scope in the form."""
        if request.method == "POST":
            return self._set_scope(request, connection)
        counts = connections.count_scope(connection)
        is_own = connection.scope == Connection.Scope.OWN
        return self.page(
            request,
            connection,
            "scope.html",
            _("Scope of %(connection)s") % {"connection": connection},
            counts=counts,
            granted=counts.by_scope + counts.written,
            kept=counts.own + counts.written,
            is_own=is_own,
            more=max(get_user_model()._default_manager.count() - counts.total, 0) if is_own else 0,
        )

    def _set_scope(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        try:
            change = connections.set_scope(
                connection,
                request.POST.get("scope", ""),
                keep_written=bool(request.POST.get("keep_written")),
                actor=logging_actor(request, self),
            )
        except ValidationError as error:
            return self._back(request, connection, " ".join(error.messages), messages.ERROR)
        message = _(
            "The scope is now “%(scope)s”. The connection had %(before)s accounts and has "
            "%(after)s."
        )
        numbers = {
            "scope": connection.scope,
            "before": grouped(change.before.total),
            "after": grouped(change.after.total),
        }
        return self._back(request, connection, message % numbers)

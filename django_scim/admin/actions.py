"""What an admin does to a connection beside editing it: tokens, pause, close, the guard.

Everything needs the permission to change the connection, and POST; a GET changes nothing.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.views.decorators.debug import sensitive_variables

from .. import connections
from ..api.http.network import public_base
from ..models import Connection, Token
from ..transactions import writing
from .actors import actor_of, log
from .status_badges import has_tripped, shown

TEMPLATES = "admin/django_scim/connection"


def operation(view: Any = None, *, has_page: bool = False) -> Callable[..., Any]:
    """Turn ``view(self, request, connection)`` into a view of the connection's admin.

    One that ``has_page`` also answers a GET.
    """
    if view is None:
        return lambda function: operation(function, has_page=has_page)

    @wraps(view)
    def guarded(self: Any, request: HttpRequest, object_id: str, **kwargs: Any) -> HttpResponse:
        connection = self.get_object(request, unquote(object_id))
        if not self.has_change_permission(request, connection):
            raise PermissionDenied
        if connection is None:
            missing: HttpResponse = self.change_view(request, object_id)  # redirects
            return missing
        if request.method != "POST" and not has_page:
            return redirect(self.page_url(connection))
        answer: HttpResponse = view(self, request, connection, **kwargs)
        return answer

    return guarded


class OperationsMixin(admin.ModelAdmin):
    """The pages and buttons of one connection."""

    def get_urls(self) -> list[URLPattern]:
        routes: list[tuple[str, str, Callable[..., HttpResponse]]] = [
            ("issue-token/", "issue_token", self.issue_token),
            ("tokens/<int:token_id>/rotate/", "rotate_token", self.rotate_token),
            ("tokens/<int:token_id>/revoke/", "revoke_token", self.revoke_token),
            ("pause/", "pause", self.pause),
            ("resume/", "resume", self.resume),
            ("close/", "close", self.close),
            ("override-guard/", "override_guard", self.override_guard),
        ]
        return [*self.routes(routes), *super().get_urls()]

    def routes(self, routes: list[tuple[str, str, Callable[..., HttpResponse]]]) -> list[Any]:
        return [
            path(
                f"<path:object_id>/{route}",
                self.admin_site.admin_view(view),
                name=f"django_scim_connection_{name}",
            )
            for route, name, view in routes
        ]

    # Tokens

    @operation
    @sensitive_variables("issued")
    def issue_token(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        """Issue a token and show its secret, on this one page and nowhere else."""
        with writing():
            issued = connections.issue_token(connection, actor=actor_of(request))
            log(self, request, connection, f"token {issued.token} issued")
        return self._show_secret(request, connection, issued)

    @operation
    @sensitive_variables("issued")
    def rotate_token(
        self, request: HttpRequest, connection: Connection, token_id: int
    ) -> HttpResponse:
        """Issue a successor, and show its secret as that of a new token."""
        token = connection.tokens.filter(pk=token_id).first()
        if token is None:
            return self._back(request, connection, "There is no such token.", messages.ERROR)
        try:
            with writing():
                issued = connections.rotate(token, actor=actor_of(request))
                log(self, request, connection, f"token {token} rotated")
        except ValueError as error:
            return self._back(request, connection, f"{capfirst(str(error))}.", messages.ERROR)
        return self._show_secret(request, connection, issued, old=token)

    @operation
    def revoke_token(
        self, request: HttpRequest, connection: Connection, token_id: int
    ) -> HttpResponse:
        with writing():
            token = connection.tokens.filter(pk=token_id, revoked=None).first()
            if token is not None:
                connections.revoke(token, actor=actor_of(request))
                log(self, request, connection, f"token {token} revoked")
        if token is None:
            return self._back(request, connection, "There is no such token.", messages.ERROR)
        return self._back(request, connection, f"Revoked {token}. It works no more.")

    @sensitive_variables("issued")
    def _show_secret(
        self,
        request: HttpRequest,
        connection: Connection,
        issued: connections.IssuedToken,
        old: Token | None = None,
    ) -> HttpResponse:
        return self.page(
            request,
            connection,
            "token_issued.html",
            f"Token for {connection}",
            token=issued.token,
            secret=issued.secret,
            old=old,
            base_url=public_base(request.build_absolute_uri("/")),
        )

    # The connection as a whole

    @operation
    def pause(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        with writing():
            connections.pause(connection, actor=actor_of(request))
            log(self, request, connection, "connection paused")
        return self._back(request, connection, "Paused: every request is refused until you resume.")

    @operation
    def resume(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        with writing():
            connections.resume(connection, actor=actor_of(request))
            log(self, request, connection, "connection resumed")
        return self._back(request, connection, "Resumed: its requests are served again.")

    @operation(has_page=True)
    def close(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        """Ask first: the tokens never work again."""
        tokens = connection.tokens.filter(revoked=None)
        if request.method != "POST":
            return self.page(
                request,
                connection,
                "close.html",
                f"Close {connection}",
                tokens=tokens.count(),
                accounts=connection.django_scim_userlinks.filter(target__isnull=False).count(),
                groups=connection.django_scim_grouplinks.filter(target__isnull=False).count(),
            )
        with writing():
            connections.close(connection, actor=actor_of(request))
            log(self, request, connection, "connection closed, its tokens revoked")
        return self._back(request, connection, "Closed: it is paused and its tokens are revoked.")

    @operation
    def override_guard(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        guard = connections.guard_of(connection)
        if guard is None or not has_tripped(connection):
            return self._back(request, connection, "The guard has not stopped it.", messages.ERROR)
        with writing():
            connections.override_guard(connection, actor=actor_of(request))
            log(self, request, connection, "guard overridden")
            guard.refresh_from_db()
        assert guard.overridden_until is not None
        until = shown(guard.overridden_until)
        return self._back(
            request, connection, f"Overridden: unguarded until {until}, then it counts anew."
        )

    # Answers

    def page_url(self, connection: Connection, name: str = "change", *args: Any) -> str:
        return reverse(
            f"admin:django_scim_connection_{name}",
            args=[connection.pk, *args],
            current_app=self.admin_site.name,
        )

    def page(
        self,
        request: HttpRequest,
        connection: Connection,
        template: str,
        title: str,
        **context: Any,
    ) -> HttpResponse:
        """Return one of the pages below the connection's own."""
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context |= {
            **self.admin_site.each_context(request),
            "title": title,
            "connection": connection,
            "change_url": self.page_url(connection),
            "opts": self.opts,
        }
        return TemplateResponse(request, f"{TEMPLATES}/{template}", context)

    def _back(
        self,
        request: HttpRequest,
        connection: Connection,
        message: str,
        level: int = messages.SUCCESS,
    ) -> HttpResponseRedirect:
        self.message_user(request, message, level)
        return HttpResponseRedirect(self.page_url(connection))

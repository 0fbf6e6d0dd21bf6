"""The buttons and pages of one connection: issue tokens, pause, close, override the guard.

Each of them requires the permission to change the connection, or those for tokens a permission for
tokens. Those that change its access also require ``manage_connection_access``. Only a POST changes
anything.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from .. import connections
from ..api.http.network import public_base
from ..api.http.sealed_text import seal, unseal
from ..models import Connection
from ..transactions import writing
from .actors import logging_actor
from .object_urls import may_change_connections
from .status_badges import formatted, has_tripped

TEMPLATES = "admin/django_scim/connection"
#: The cookie with the sealed secret of a new token, and how long its page shows the secret.
SECRET_COOKIE, SECRET_AGE = "scim_token", timedelta(minutes=10)


def may_manage_access(request: HttpRequest) -> bool:
    """Return whether a user may change the access of connections.

    They also need the permission to change connections, or links.
    """
    return request.user.has_perm("django_scim.manage_connection_access")


def may_assign(admin_site: AdminSite, request: HttpRequest) -> bool:
    """Return whether an admin may assign accounts and groups to connections."""
    return may_change_connections(admin_site, request) and may_manage_access(request)


def connection_action(
    view: Any = None, *, has_page: bool = False, manages_access: bool = False, permission: str = ""
) -> Callable[..., Any]:
    """Turn ``view(self, request, connection)`` into a view of the connection's admin.

    Pass ``has_page`` for a view that also supports GET, and ``manages_access`` for a view that
    changes the access of the connection. With ``permission``, the view needs this one and that to
    view the connection, not the one to change it.
    """
    if view is None:
        return lambda function: connection_action(
            function, has_page=has_page, manages_access=manages_access, permission=permission
        )

    @wraps(view)
    def guarded(self: Any, request: HttpRequest, object_id: str, **kwargs: Any) -> HttpResponse:
        connection = self.get_object(request, unquote(object_id))
        if permission:
            may_view = self.has_view_permission(request, connection)
            is_allowed = may_view and request.user.has_perm(f"django_scim.{permission}")
        else:
            is_allowed = self.has_change_permission(request, connection)
        if not is_allowed:
            raise PermissionDenied
        if manages_access and not may_manage_access(request):
            raise PermissionDenied
        if connection is None:
            missing: HttpResponse = self.change_view(request, object_id)  # redirects
            return missing
        if request.method != "POST" and not has_page:
            return redirect(self.page_url(connection))
        response: HttpResponse = view(self, request, connection, **kwargs)
        return response

    return guarded


class ActionsMixin(admin.ModelAdmin):
    """Adds the actions on one connection to its admin."""

    def get_urls(self) -> list[URLPattern]:
        routes: list[tuple[str, str, Callable[..., HttpResponse]]] = [
            ("issue-token/", "issue_token", self.issue_token),
            ("tokens/<int:token_id>/secret/", "token_secret", self.token_secret),
            ("tokens/<int:token_id>/rotate/", "rotate_token", self.rotate_token),
            ("tokens/<int:token_id>/revoke/", "revoke_token", self.revoke_token),
            ("pause/", "pause", self.pause),
            ("resume/", "resume", self.resume),
            ("close/", "close", self.close),
            ("override-guard/", "override_guard", self.override_guard),
        ]
        return [*self.connection_urls(routes), *super().get_urls()]

    def connection_urls(
        self, routes: list[tuple[str, str, Callable[..., HttpResponse]]]
    ) -> list[Any]:
        """Return URL patterns below a connection for (route, name, view)."""
        return [
            path(
                f"<path:object_id>/{route}",
                self.admin_site.admin_view(view),
                name=f"django_scim_connection_{name}",
            )
            for route, name, view in routes
        ]

    # Tokens

    @connection_action(permission="add_token")
    @sensitive_variables("issued")
    def issue_token(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        """Issue a token, and go to the page that shows its secret."""
        issued = connections.issue_token(connection, actor=logging_actor(request, self))
        return self._to_secret(request, connection, issued)

    @connection_action(permission="add_token")
    @sensitive_variables("issued")
    def rotate_token(
        self, request: HttpRequest, connection: Connection, token_id: int
    ) -> HttpResponse:
        """Issue a successor of a token, and go to the page that shows its secret."""
        token = connection.tokens.filter(pk=token_id).first()
        if token is None:
            return self._no_such_token(request, connection)
        try:
            issued = connections.rotate(token, actor=logging_actor(request, self))
        except ValueError:
            message = _("Only a usable token that has no successor can be rotated.")
            return self._back(request, connection, message, messages.ERROR)
        return self._to_secret(request, connection, issued)

    @sensitive_variables("issued")
    def _to_secret(
        self, request: HttpRequest, connection: Connection, issued: connections.IssuedToken
    ) -> HttpResponse:
        """Redirect to the page of a new token's secret, so that a reload issues no other one.

        The site stores no secrets. The browser keeps this one, sealed for the admin, in a cookie
        that it sends to that page only.
        """
        url = self.page_url(connection, "token_secret", issued.token.pk)
        answer = HttpResponseRedirect(url)
        answer.set_cookie(
            SECRET_COOKIE,
            seal(issued.secret, _purpose(request, issued.token.pk)),
            max_age=SECRET_AGE,
            path=url,
            secure=request.is_secure(),
            httponly=True,
            samesite="Strict",
        )
        return answer

    @connection_action(has_page=True, permission="add_token")
    @sensitive_variables("secret")
    def token_secret(
        self, request: HttpRequest, connection: Connection, token_id: int
    ) -> HttpResponse:
        """Show the secret of a new token to the admin who issued it; no other page shows it."""
        token = connection.tokens.filter(
            pk=token_id, created__gte=timezone.now() - SECRET_AGE
        ).first()
        secret = unseal(request.COOKIES.get(SECRET_COOKIE, ""), _purpose(request, token_id))
        if token is None or secret is None:
            message = _(
                "A token is shown for %(count)d minutes, to the admin who issued it. Rotate it if "
                "you need another one."
            ) % {"count": SECRET_AGE.seconds // 60}
            return self._back(request, connection, message, messages.WARNING)
        return self.page(
            request,
            connection,
            "token_issued.html",
            _("Token for %(connection)s") % {"connection": connection},
            token=token,
            secret=secret,
            minutes=SECRET_AGE.seconds // 60,
            old=connection.tokens.filter(replaced_by=token).first(),
            base_url=public_base(request.build_absolute_uri("/")),
        )

    @connection_action(permission="change_token")
    def revoke_token(
        self, request: HttpRequest, connection: Connection, token_id: int
    ) -> HttpResponse:
        with writing():
            token = connection.tokens.filter(pk=token_id, revoked=None).first()
            if token is not None:
                connections.revoke(token, actor=logging_actor(request, self))
        if token is None:
            return self._no_such_token(request, connection)
        message = _("The token %(token)s was revoked. It no longer works.") % {"token": token}
        return self._back(request, connection, message)

    def _no_such_token(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        message = _("The connection has no such token.")
        return self._back(request, connection, message, messages.ERROR)

    # The connection as a whole

    @connection_action
    def pause(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        connections.pause(connection, actor=logging_actor(request, self))
        message = _("The connection is paused. Its requests are rejected until you resume it.")
        return self._back(request, connection, message)

    @connection_action
    def resume(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        connections.resume(connection, actor=logging_actor(request, self))
        message = _("The connection is active. Its requests are accepted again.")
        return self._back(request, connection, message)

    @connection_action(has_page=True)
    def close(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        """Close a connection after a confirmation, because its tokens never work again."""
        tokens = connection.tokens.filter(revoked=None)
        if request.method != "POST":
            return self.page(
                request,
                connection,
                "close.html",
                _("Close %(connection)s") % {"connection": connection},
                tokens=tokens.count(),
                accounts=connection.django_scim_userlinks.filter(target__isnull=False).count(),
                groups=connection.django_scim_grouplinks.filter(target__isnull=False).count(),
            )
        connections.close(connection, actor=logging_actor(request, self))
        message = _("The connection is closed: it is paused and its tokens are revoked.")
        return self._back(request, connection, message)

    @connection_action(manages_access=True)
    def override_guard(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        guard = connections.guard_of(connection)
        if guard is None or not has_tripped(connection):
            message = _("The guard has not tripped.")
            return self._back(request, connection, message, messages.ERROR)
        connections.override_guard(connection, actor=logging_actor(request, self))
        guard.refresh_from_db()
        assert guard.overridden_until is not None
        message = _("The guard is overridden until %(time)s, then it counts from zero again.")
        until = formatted(guard.overridden_until)
        return self._back(request, connection, message % {"time": until})

    # Responses

    def page_url(self, connection: Connection, name: str = "change", *args: Any) -> str:
        """Return the URL of one of the connection's pages."""
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
        """Render one of the pages below the connection's change page."""
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
        """Redirect to the connection's change page, and show a message there."""
        self.message_user(request, message, level)
        return HttpResponseRedirect(self.page_url(connection))


def _purpose(request: HttpRequest, token_id: int) -> str:
    """Return what the seal of a token's secret is for: the token, and the admin who issued it."""
    return f"the secret of token {token_id} for admin {request.user.pk}"

"""The list of connections, and the page of one with its form, tokens and actions."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from .. import connections
from ..audit.administration import Description, record
from ..conf import settings
from ..models import AbstractLink, Connection, Overview, Token
from ..transactions import writing
from .actions import may_manage_access
from .actors import actor_of
from .forms import ConnectionForm
from .health import health_of
from .object_urls import list_url
from .privileges import ConnectionPrivilegesMixin
from .scope import ScopeMixin
from .single_sign_on import SingleSignOnInline, changes_of
from .status_badges import (
    connection_state,
    grouped,
    guard_state,
    has_tripped,
    is_overridden,
    loss_counts,
    token_state,
    tokens_state,
)

#: The fields that decide which accounts a connection can access, what it can do to them, and who
#: can use it from where. They need the permission ``manage_connection_access``.
ACCESS_FIELDS = (
    "scope",
    "adoption",
    "deletion",
    "passwords",
    "keeps_passwords",
    "networks",
    "guard_count",
    "guard_percent",
    "oauth_client_id",
)


@admin.register(Connection)
class ConnectionAdmin(ScopeMixin, ConnectionPrivilegesMixin):
    list_display = (
        "name",
        "profile",
        "short_scope",
        "state",
        "token_state",
        "guard_state",
        "created",
    )
    list_filter = ("profile", "scope", "is_active")
    list_select_related = ("guard",)
    search_fields = ("name",)
    form = ConnectionForm
    inlines = (SingleSignOnInline,)
    fieldsets = (
        (None, {"fields": ("name", "profile", "scope")}),
        (_("Accounts"), {"fields": ("adoption", "deletion", "passwords", "keeps_passwords")}),
        (_("Safety"), {"fields": ("networks", "guard_count", "guard_percent")}),
        (_("Access and log"), {"fields": ("oauth_client_id", "log_reads", "is_active")}),
    )
    change_form_template = "admin/django_scim/connection/change_form.html"

    class Media:
        css = {"all": ("django_scim/admin.css",)}
        js = ("django_scim/copy.js",)

    # The list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        unrevoked = Prefetch("tokens", Token.objects.filter(revoked=None), to_attr="unrevoked")
        return super().get_queryset(request).prefetch_related(unrevoked, "guard_counts")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, with a link to the overview."""
        context = {"overview_url": list_url(self.admin_site, Overview), **(extra_context or {})}
        return super().changelist_view(request, context)

    @admin.display(description=_("scope"), ordering="scope")
    def short_scope(self, connection: Connection) -> str:
        return connection.scope

    @admin.display(description=_("state"), ordering="is_active")
    def state(self, connection: Connection) -> SafeString:
        return connection_state(connection).badge

    @admin.display(description=_("tokens"))
    def token_state(self, connection: Any) -> SafeString:
        return tokens_state(connection.unrevoked).badge

    @admin.display(description=_("guard"))
    def guard_state(self, connection: Connection) -> SafeString:
        return guard_state(connection).badge

    # The page of one connection

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields that this user cannot change here; the scope has a separate page."""
        if not may_manage_access(request):
            return ACCESS_FIELDS
        return () if obj is None else ("scope",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"may_manage_access": may_manage_access(request)})

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Add the context of the page of an existing connection."""
        if obj is not None and obj.pk is not None:
            context["scim"] = self._page_context(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _page_context(self, request: HttpRequest, connection: Connection) -> dict[str, Any]:
        may_change = self.has_change_permission(request, connection)
        guard = connections.guard_of(connection)
        may_manage = may_change and may_manage_access(request)
        context: dict[str, Any] = {
            "health": health_of(self.admin_site, request, connection),
            "may_change": may_change,
            "may_manage_access": may_manage,
            "guard_tripped": has_tripped(connection),
            "state": connection_state(connection),
            "guard": guard,
            "guard_state": guard_state(connection),
            "guard_overridden": guard is not None and is_overridden(guard),
            "overlap_days": settings.TOKEN_OVERLAP_DAYS,
        }
        acts = {
            act
            for act in ("view", "add", "change")
            if request.user.has_perm(f"django_scim.{act}_token")
        }
        context["may_issue"], context["may_revoke"] = "add" in acts, "change" in acts
        if acts:
            context["tokens"] = self._token_rows(connection)
        if context["guard_tripped"]:
            context["loss_counts"] = loss_counts(connection)
        if may_manage:
            context["has_scope_left"] = self.has_scope_left(connection)
            context["assignment_pages"] = self.assignment_pages(connection)
            context["unconfirmed"] = self.unconfirmed_rows(connection)
            context["privileged"] = self.privileged_rows(request, connection)
        return context

    @staticmethod
    def _token_rows(connection: Connection) -> list[dict[str, Any]]:
        now = timezone.now()
        return [
            {
                "token": token,
                "state": token_state(token),
                "can_rotate": token.is_usable(now) and token.replaced_by_id is None,
            }
            for token in connection.tokens.select_related("replaced_by")
        ]

    # Saving and deleting

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        """Save a connection, and prepare the site's users for a new one."""
        super().save_model(request, obj, form, change)
        if not change:
            self._record(request, obj, Description.CREATED, form)
            connections.prepare(obj, actor=actor_of(request))
        elif form.changed_data:
            self._record(request, obj, Description.CHANGED, form)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the single sign-on of a connection, with an event."""
        if changes := changes_of(formset, form.instance):
            record(form.instance, Description.CHANGED, actor_of(request), changes=changes)
        super().save_formset(request, form, formset, change)

    def _record(
        self, request: HttpRequest, connection: Connection, description: str, form: Any
    ) -> None:
        changes = [
            {"path": name, "old": form.initial.get(name), "new": form.cleaned_data[name]}
            for name in form.changed_data
        ]
        record(connection, description, actor_of(request), changes=changes)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Protect connections that have links: nothing else records which accounts they manage.

        To delete a connection with its tokens, no permission to delete tokens is needed.
        """
        if in_use := [reason for each in objs if (reason := _in_use(each))]:
            return [], {}, set(), in_use
        found, counts, missing, protected = super().get_deleted_objects(objs, request)
        return found, counts, set(missing) - {Token._meta.verbose_name}, protected

    def delete_model(self, request: HttpRequest, obj: Connection) -> None:
        with writing():
            record(obj, Description.DELETED, actor_of(request))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        with writing():
            for connection in queryset:
                record(connection, Description.DELETED, actor_of(request))
            super().delete_queryset(request, queryset)


def _in_use(connection: Connection) -> str:
    """Return why a connection cannot be deleted, or "" if it never had a link."""
    related = [relation.related_model for relation in Connection._meta.related_objects]
    links = [each for each in related if isinstance(each, type) and issubclass(each, AbstractLink)]
    count = sum(link._default_manager.filter(connection=connection).count() for link in links)
    if not count:
        return ""
    message = ngettext(
        "%(connection)s has or had %(count)s account or group. Close it instead: its tokens stop "
        "working for good, and its accounts and events stay.",
        "%(connection)s has or had %(count)s accounts and groups. Close it instead: its tokens "
        "stop working for good, and its accounts and events stay.",
        count,
    )
    return message % {"connection": connection, "count": grouped(count)}

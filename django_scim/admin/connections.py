"""Connections and tokens: make, look after, end."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from .. import connections
from ..models import Connection, GroupLink, Token, UserLink
from .events import ReadOnlyAdmin


def state_of(token: Token) -> str:
    if token.revoked:
        return "revoked"
    return "usable" if token.is_usable(timezone.now()) else "expired"


class TokenInline(admin.TabularInline):
    model = Token
    extra = 0
    can_delete = False
    fields = readonly_fields = ("prefix", "state", "created", "expires", "last_used")

    @admin.display(description="state")
    def state(self, token: Token) -> str:
        return state_of(token)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Connection)
class ConnectionAdmin(admin.ModelAdmin):
    list_display = ("name", "profile", "scope", "deletion", "is_active", "created")
    list_filter = ("profile", "scope", "is_active")
    search_fields = ("name",)
    fields = (
        "name",
        "profile",
        "scope",
        "deletion",
        "oauth_client_id",
        "log_reads",
        "is_active",
    )
    inlines = (TokenInline,)
    change_form_template = "admin/django_scim/connection/change_form.html"

    class Media:
        css = {"all": ("django_scim/admin.css",)}

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        """Save, and give the site's users what the connection needs of them."""
        super().save_model(request, obj, form, change)
        if not change or "scope" in form.changed_data:
            connections.prepare(obj)

    def get_urls(self) -> list[URLPattern]:
        issue = path(
            "<path:object_id>/issue-token/",
            self.admin_site.admin_view(never_cache(self.issue_token)),
            name="django_scim_connection_issue_token",
        )
        return [issue, *super().get_urls()]

    @sensitive_variables("issued")
    def issue_token(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Issue a token on POST and show its secret, on this one page and nowhere else."""
        connection = get_object_or_404(Connection, pk=object_id)
        if not self.has_change_permission(request, connection):
            raise PermissionDenied
        change_url = reverse("admin:django_scim_connection_change", args=[connection.pk])
        if request.method != "POST":
            return redirect(change_url)
        issued = connections.issue_token(connection)
        self.log_change(request, connection, f"Issued token {issued.token.prefix}")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Token for {connection}",
            "connection": connection,
            "change_url": change_url,
            "token": issued.token,
            "secret": issued.secret,
            "base_url": request.build_absolute_uri(reverse("django_scim:base")).rstrip("/"),
            "opts": self.model._meta,
        }
        template = "admin/django_scim/connection/token_issued.html"
        return TemplateResponse(request, template, context)


@admin.register(Token)
class TokenAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "connection", "state", "created", "expires", "last_used")
    list_filter = ("connection",)
    list_select_related = ("connection",)
    search_fields = ("^prefix",)
    fields = ("prefix", "connection", "state", "scopes", "created", "expires", "last_used")
    actions = ("revoke",)

    class Media:
        css = {"all": ("django_scim/admin.css",)}

    @admin.display(description="state")
    def state(self, token: Token) -> SafeString:
        state = state_of(token)
        kind = "success" if state == "usable" else "failure"
        return format_html('<span class="scim-pill scim-{}">{}</span>', kind, state)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_scim.change_token")

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        count = 0
        for token in queryset.filter(revoked=None):
            token.revoke()
            self.log_change(request, token, "Revoked")  # type: ignore[arg-type]
            count += 1
        self.message_user(request, f"Revoked {count} tokens.", messages.SUCCESS)


@admin.register(UserLink, GroupLink)
class LinkAdmin(ReadOnlyAdmin):
    list_display = ("scim_id", "connection", "target", "external_id", "last_modified")
    list_filter = ("connection",)
    list_select_related = ("connection", "target")
    search_fields = ("=scim_id", "=external_id")
    show_full_result_count = False

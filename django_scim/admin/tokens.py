"""Tokens of all connections: how they are, and an end to them."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from .. import connections
from ..models import Token
from ..transactions import writing
from .actors import actor_of, log
from .events import ReadOnlyAdmin
from .status_badges import SOON, token_state


class TokenStateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("usable", "usable"),
            ("soon", f"expires within {SOON.days} days"),
            ("expired", "expired"),
            ("revoked", "revoked"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Token] | None:
        now, state = timezone.now(), self.value()
        wanted = {
            "usable": Q(revoked=None) & (Q(expires=None) | Q(expires__gt=now)),
            "soon": Q(revoked=None, replaced_by=None, expires__gt=now, expires__lte=now + SOON),
            "expired": Q(revoked=None, expires__lte=now),
            "revoked": Q(revoked__isnull=False),
        }
        return queryset.filter(wanted[state]) if state in wanted else None


@admin.register(Token)
class TokenAdmin(ReadOnlyAdmin):
    list_display = ("prefix", "connection", "state", "expires", "last_used", "created")
    list_filter = (TokenStateFilter, "connection")
    list_select_related = ("connection",)
    search_fields = ("^prefix",)
    fields = (
        "prefix",
        "connection",
        "state",
        "scopes",
        "created",
        "expires",
        "last_used",
        "revoked",
        "replaced_by",
    )
    actions = ("revoke",)

    class Media:
        css = {"all": ("django_scim/admin.css",)}

    @admin.display(description="state")
    def state(self, token: Token) -> SafeString:
        return token_state(token).badge

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_scim.change_token")

    @admin.action(description="Revoke selected tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        with writing():
            tokens = list(queryset.filter(revoked=None).select_related("connection"))
            for token in tokens:
                connections.revoke(token, actor=actor_of(request))
                log(self, request, token, f"token {token} revoked")
        self.message_user(request, f"Revoked {len(tokens)} tokens.", messages.SUCCESS)

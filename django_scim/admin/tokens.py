"""List and revoke the tokens of all connections."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .. import connections
from ..models import Token
from ..transactions import writing
from .actors import logging_actor
from .events import ReadOnlyAdmin
from .status_badges import SOON, token_state


class TokenStateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("usable", gettext("usable")),
            ("soon", gettext("expires within %(days)d days") % {"days": SOON.days}),
            ("expired", gettext("expired")),
            ("revoked", gettext("revoked")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[Token]:
        now = timezone.now()
        match self.value():
            case "usable":
                queryset = queryset.usable()
            case "soon":
                queryset = queryset.usable().filter(replaced_by=None, expires__lte=now + SOON)
            case "expired":
                queryset = queryset.filter(revoked=None, expires__lte=now)
            case "revoked":
                queryset = queryset.filter(revoked__isnull=False)
        return queryset


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

    @admin.display(description=_("state"))
    def state(self, token: Token) -> SafeString:
        return token_state(token).badge

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("django_scim.change_token")

    @admin.action(description=_("Revoke selected tokens"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        actor = logging_actor(request, self)
        with writing():
            tokens = list(queryset.filter(revoked=None).select_related("connection"))
            for token in tokens:
                connections.revoke(token, actor=actor)
        message = ngettext(
            "%(count)d token was revoked.", "%(count)d tokens were revoked.", len(tokens)
        )
        self.message_user(request, message % {"count": len(tokens)}, messages.SUCCESS)

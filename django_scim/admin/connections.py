"""Connections: the list with what needs a look, and the form."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from .. import connections
from ..adapters.writing import guard as guarding
from ..audit.administration import record
from ..conf import settings
from ..models import AbstractLink, Connection, Token
from ..transactions import writing
from .actors import actor_of
from .assignments import GivingMixin
from .forms import ConnectionForm
from .status_badges import connection_state, guard_state, has_tripped, token_state, tokens_state


@admin.register(Connection)
class ConnectionAdmin(GivingMixin):
    list_display = ("name", "profile", "reach", "state", "token_state", "guard_state", "created")
    list_filter = ("profile", "scope", "is_active")
    list_select_related = ("guard",)
    search_fields = ("name",)
    form = ConnectionForm
    fieldsets = (
        (None, {"fields": ("name", "profile", "scope")}),
        ("Accounts", {"fields": ("adoption", "deletion", "passwords", "keeps_passwords")}),
        ("Safety", {"fields": ("networks", "guard_count", "guard_percent")}),
        ("Access and log", {"fields": ("oauth_client_id", "log_reads", "is_active")}),
    )
    change_form_template = "admin/django_scim/connection/change_form.html"

    class Media:
        css = {"all": ("django_scim/admin.css",)}

    # The list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connection]:
        live = Token.objects.filter(revoked=None)
        return (
            super()
            .get_queryset(request)
            .prefetch_related(Prefetch("tokens", live, to_attr="unrevoked"))
        )

    @admin.display(description="scope", ordering="scope")
    def reach(self, connection: Connection) -> str:
        return connection.scope

    @admin.display(description="state", ordering="is_active")
    def state(self, connection: Connection) -> SafeString:
        return connection_state(connection).badge

    @admin.display(description="tokens")
    def token_state(self, connection: Any) -> SafeString:
        return tokens_state(connection.unrevoked).badge

    @admin.display(description="guard")
    def guard_state(self, connection: Connection) -> SafeString:
        return guard_state(connection).badge

    # The page of one

    def render_change_form(
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Add what the page shows beside the form."""
        if obj is not None and obj.pk is not None:
            context["scim"] = self._beside_form(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _beside_form(self, request: HttpRequest, connection: Connection) -> dict[str, Any]:
        may_change = self.has_change_permission(request, connection)
        beside: dict[str, Any] = {
            "may_change": may_change,
            "is_stopped": has_tripped(connection),
            "state": connection_state(connection),
            "guard": connections.guard_of(connection),
            "guard_state": guard_state(connection),
            "overlap_days": settings.TOKEN_OVERLAP_DAYS,
        }
        if may_change or request.user.has_perm("django_scim.view_token"):
            beside["tokens"] = self._token_rows(connection)
        if beside["is_stopped"]:
            beside["counted"] = guarding.counted_until_trip(beside["guard"])
        if may_change:
            beside["gifts"] = self.gifts(connection)
            beside["waiting"] = self.waiting_page(connection)
        return beside

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

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        """Save, and give the site's users what the connection needs of them."""
        super().save_model(request, obj, form, change)
        if not change or "scope" in form.changed_data:
            connections.prepare(obj)
        if not change:
            self._note(request, obj, "connection created", form)
        elif form.changed_data:
            self._note(request, obj, "settings changed", form)

    def _note(self, request: HttpRequest, connection: Connection, deed: str, form: Any) -> None:
        changes = [
            {"path": name, "old": form.initial.get(name), "new": form.cleaned_data[name]}
            for name in form.changed_data
        ]
        record(connection, deed, actor_of(request), changes=changes)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Refuse to delete what has been in use: without its links nobody knows whose they are.

        Whoever may delete a connection may delete its tokens with it, though no others.
        """
        if in_use := [reason for each in objs if (reason := _in_use(each))]:
            return [], {}, set(), in_use
        found, counts, missing, protected = super().get_deleted_objects(objs, request)
        return found, counts, set(missing) - {Token._meta.verbose_name}, protected

    def delete_model(self, request: HttpRequest, obj: Connection) -> None:
        with writing():
            record(obj, "connection deleted", actor_of(request))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        with writing():
            for connection in queryset:
                record(connection, "connection deleted", actor_of(request))
            super().delete_queryset(request, queryset)


def _in_use(connection: Connection) -> str:
    """Return why a connection is not deleted, "" for one that never had anything."""
    kinds = [relation.related_model for relation in Connection._meta.related_objects]
    links = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, AbstractLink)]
    count = sum(kind._default_manager.filter(connection=connection).count() for kind in links)
    if not count:
        return ""
    what = "account or group" if count == 1 else "accounts and groups"
    return (
        f"{connection}: has or had {count:,} {what}. Close it instead: none of its tokens works "
        f"again, and its accounts and events stay."
    )

"""Links: what each connection has, whose adoption waits for an admin, and what is taken back."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from .. import connections
from ..models import GroupLink, UserLink
from ..transactions import writing
from .actors import actor_of, log
from .events import ReadOnlyAdmin
from .status_badges import State


class LinkAdmin(ReadOnlyAdmin):
    list_display: Any = ("scim_id", "connection", "target", "external_id", "last_modified")
    list_filter: ClassVar[Any] = ("connection",)
    list_select_related = ("connection", "target")
    search_fields = ("=scim_id", "=external_id")
    show_full_result_count = False
    actions: Any = ("take",)

    class Media:
        css = {"all": ("django_scim/admin.css",)}

    def has_administer_permission(self, request: HttpRequest) -> bool:
        """Links are not edited by hand, but who may change them may do what the actions do."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    @admin.action(description="Take from the connection", permissions=["administer"])
    def take(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """To the identity provider it is gone, on the site nothing changes."""
        with writing():
            links = list(self._live(queryset))
            for link in links:
                log(self, request, link, f"{link.target} taken from the connection")
                connections.unassign(link.connection, link.target, actor=actor_of(request))
        self.message_user(request, f"{len(links)} taken from the connection.", messages.SUCCESS)

    @staticmethod
    def _live(queryset: QuerySet[Any]) -> QuerySet[Any]:
        """All but tombstones."""
        return queryset.filter(target__isnull=False).select_related("connection", "target")


@admin.register(GroupLink)
class GroupLinkAdmin(LinkAdmin):
    pass


@admin.register(UserLink)
class UserLinkAdmin(LinkAdmin):
    list_display = ("scim_id", "connection", "target", "state", "external_id", "last_modified")
    list_filter = (*LinkAdmin.list_filter, "unconfirmed")
    actions = ("confirm", *LinkAdmin.actions)

    @admin.display(description="state", ordering="unconfirmed")
    def state(self, link: UserLink) -> SafeString | str:
        return State("warning", "unconfirmed").badge if link.unconfirmed else ""

    @admin.action(description="Confirm selected links", permissions=["administer"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[UserLink]) -> None:
        """The connection may change the account's name, addresses and password from now on."""
        with writing():
            links = list(self._live(queryset).filter(unconfirmed=True))
            for link in links:
                connections.confirm(link, actor=actor_of(request))
                log(self, request, link, f"link of {link.target} confirmed")
        self.message_user(request, f"Confirmed {len(links)} links.", messages.SUCCESS)

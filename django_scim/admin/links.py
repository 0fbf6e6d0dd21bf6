"""List the links of all connections, confirm adoptions, and unassign objects."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .. import connections
from ..models import GroupLink, UserLink
from ..transactions import writing
from .actions import may_manage_access
from .actors import logging_actor
from .events import ReadOnlyAdmin
from .status_badges import State


class LinkAdmin(ReadOnlyAdmin):
    list_display: Any = ("scim_id", "connection", "target", "external_id", "last_modified")
    list_filter: ClassVar[Any] = ("connection",)
    list_select_related = ("connection", "target")
    search_fields = ("=scim_id", "=external_id")
    show_full_result_count = False
    actions: Any = ("unassign",)

    class Media:
        css = {"all": ("django_scim/admin.css",)}

    def has_administer_permission(self, request: HttpRequest) -> bool:
        """Allow the actions to users with both permissions, although no link has a form."""
        may_change = request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")
        return may_change and may_manage_access(request)

    @admin.action(description=_("Unassign from the connection"), permissions=["administer"])
    def unassign(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Unassign objects: the identity provider loses them, the site keeps them unchanged."""
        actor = logging_actor(request, self)
        with writing():
            links = list(self._without_tombstones(queryset))
            for link in links:
                connections.unassign(link.connection, link.target, actor=actor)
        message = ngettext(
            "%(count)d object was unassigned.", "%(count)d objects were unassigned.", len(links)
        )
        self.message_user(request, message % {"count": len(links)}, messages.SUCCESS)

    @staticmethod
    def _without_tombstones(queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(target__isnull=False).select_related("connection", "target")


@admin.register(GroupLink)
class GroupLinkAdmin(LinkAdmin):
    pass


@admin.register(UserLink)
class UserLinkAdmin(LinkAdmin):
    list_display = ("scim_id", "connection", "target", "state", "external_id", "last_modified")
    list_filter = (*LinkAdmin.list_filter, "unconfirmed")
    actions = ("confirm", *LinkAdmin.actions)

    @admin.display(description=_("state"), ordering="unconfirmed")
    def state(self, link: UserLink) -> SafeString | str:
        return State("warning", gettext("unconfirmed")).badge if link.unconfirmed else ""

    @admin.action(description=_("Confirm selected links"), permissions=["administer"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[UserLink]) -> None:
        """Confirm adoptions: the connection may then change name, addresses and password."""
        actor = logging_actor(request, self)
        with writing():
            links = list(self._without_tombstones(queryset).filter(unconfirmed=True))
            for link in links:
                connections.confirm(link, actor=actor)
        message = ngettext(
            "%(count)d account was confirmed.", "%(count)d accounts were confirmed.", len(links)
        )
        self.message_user(request, message % {"count": len(links)}, messages.SUCCESS)

"""The groups of a connection that have permissions, and whether it may change their members."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.contenttypes.models import ContentType
from django.db.models import BooleanField, Exists, OuterRef, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from .. import connections
from ..adapters import adapter_classes
from ..models import Connection
from ..transactions import writing
from .actions import ActionsMixin, connection_action, may_manage_access
from .actors import logging_actor
from .object_urls import change_url
from .status_badges import State

SHOWN = 50


def permissions_state(link: Any) -> State:
    """Return the state of a link to an object that has permissions."""
    if link.privileged:
        return State("success", _("may change members"))
    return State("warning", _("must not change members"))


def may_share(request: HttpRequest, model: Any) -> bool:
    """Return whether an admin may change the objects of a model, so also who is a member."""
    return request.user.has_perm(f"{model._meta.app_label}.change_{model._meta.model_name}")


def privileged_objects(link_model: Any) -> Any:
    """Return the queryset of the objects with permissions that links lead to, or None."""
    for adapter in adapter_classes().values():
        if adapter.link is link_model:
            return adapter.declaration().privileged
    return None


class PermissionsFilter(admin.SimpleListFilter):
    """Filters links by the permissions of their objects, in a PrivilegedLinksMixin."""

    title, parameter_name = gettext_lazy("permissions"), "permissions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("refused", _("Has permissions, must not change members")),
            ("allowed", _("Has permissions, may change members")),
            ("none", _("Has no permissions")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen not in ("refused", "allowed", "none"):
            return queryset
        if chosen == "none":
            return queryset.filter(scim_has_permissions=False)
        return queryset.filter(scim_has_permissions=True, privileged=chosen == "allowed")


class PrivilegedLinksMixin(admin.ModelAdmin):
    """Adds a column, a filter and actions for permissions to the list of links to groups."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        objects = privileged_objects(self.model)
        has_permissions: Any = Value(False, output_field=BooleanField())
        if objects is not None:
            has_permissions = Exists(objects.filter(pk=OuterRef("target_id")))
        return super().get_queryset(request).annotate(scim_has_permissions=has_permissions)

    @admin.display(description=gettext_lazy("permissions"))
    def permissions(self, link: Any) -> SafeString | str:
        return permissions_state(link).badge if link.scim_has_permissions else ""

    @admin.action(
        description=gettext_lazy("Let the connection change members despite permissions"),
        permissions=["share"],
    )
    def share_privileged(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._mark(request, queryset, True)

    @admin.action(
        description=gettext_lazy("Do not let the connection change members of a group with "
                                 "permissions"),
        permissions=["share"],
    )  # fmt: skip
    def unshare_privileged(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._mark(request, queryset, False)

    def has_share_permission(self, request: HttpRequest) -> bool:
        """Allow the actions to users who may change the links and the groups themselves."""
        model: Any = self.model._meta.get_field("target").related_model
        permission = f"{self.opts.app_label}.change_{self.opts.model_name}"
        may_change = request.user.has_perm(permission) and may_share(request, model)
        return may_change and may_manage_access(request)

    def _mark(self, request: HttpRequest, queryset: QuerySet[Any], is_privileged: bool) -> None:
        links = queryset.filter(target__isnull=False, privileged=not is_privileged)
        count = mark(request, self, links.select_related("connection", "target"), is_privileged)
        self.message_user(request, marked_message(count), messages.SUCCESS)


class ConnectionPrivilegesMixin(ActionsMixin):
    """Adds the groups with permissions to a connection's page."""

    def get_urls(self) -> list[URLPattern]:
        routes: list[Any] = [
            ("share-privileged/", "share_privileged", self.share_privileged),
            ("unshare-privileged/", "unshare_privileged", self.unshare_privileged),
        ]
        return [*self.connection_urls(routes), *super().get_urls()]

    def privileged_rows(self, request: HttpRequest, connection: Connection) -> dict[str, Any]:
        """Return the links to groups with permissions, those that need attention first."""
        links = connections.privileged_links(connection)
        links.sort(key=lambda link: link.privileged)
        rows = [
            {
                "link": link,
                "key": link_key(link),
                "url": change_url(self.admin_site, type(link.target), link.target_id),
                "state": permissions_state(link),
                "may_share": may_share(request, type(link.target)),
            }
            for link in links[:SHOWN]
        ]
        return {"rows": rows, "hidden": len(links) - len(rows)}

    @connection_action(manages_access=True)
    def share_privileged(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        return self._mark(request, connection, True)

    @connection_action(manages_access=True)
    def unshare_privileged(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        return self._mark(request, connection, False)

    def _mark(
        self, request: HttpRequest, connection: Connection, is_privileged: bool
    ) -> HttpResponse:
        """Mark the links whose keys were sent, if they belong to the connection."""
        links = [
            link
            for link in connections.privileged_links(connection)
            if link_key(link) in request.POST.getlist("link")
            and may_share(request, type(link.target))
        ]
        if not links:
            message = _("The group no longer has permissions, or you must not change it.")
            return self._back(request, connection, message, messages.WARNING)
        count = mark(request, self, links, is_privileged)
        return self._back(request, connection, marked_message(count))


def link_key(link: Any) -> str:
    """Return the form value that identifies a link among the links of all models."""
    return f"{ContentType.objects.get_for_model(link).pk}-{link.pk}"


def mark(request: HttpRequest, model_admin: Any, links: Any, is_privileged: bool) -> int:
    """Mark links as privileged, or remove the marks. Return how many."""
    change = connections.share_privileged if is_privileged else connections.unshare_privileged
    actor = logging_actor(request, model_admin)
    with writing():
        found = list(links)
        for link in found:
            change(link.connection, link.target, actor=actor)
    return len(found)


def marked_message(count: int) -> str:
    """Return the message after links were marked."""
    text = ngettext("%(count)d group was changed.", "%(count)d groups were changed.", count)
    return text % {"count": count}

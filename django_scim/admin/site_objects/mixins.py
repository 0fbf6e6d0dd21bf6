"""Mixins for the site's own admin classes of accounts and groups."""

from collections.abc import Callable, Iterable
from inspect import signature
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...models import Connection
from ..actions import TEMPLATES, may_assign
from .managed import adapter_for, links_of, managed_by, overwritten, with_links
from .panel import may_see_links, panel

ANY = "-"
#: The largest number of objects that can be assigned at once; their keys are in a URL.
MOST = 200


class ManagedByFilter(admin.SimpleListFilter):
    """Select the objects that a connection has, or that no connection has."""

    title, parameter_name = _("managed by"), "scim_connection"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        names = Connection.objects.order_by("name").values_list("name", flat=True)[:50]
        return [(ANY, _("No connection")), *((name, name) for name in names)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if value == ANY:
            return queryset.exclude(pk__in=managed_by(queryset, "").values("pk"))
        return managed_by(queryset, value) if value else queryset


class ScimAdminMixin(admin.ModelAdmin):
    """Adds to the site's admin class what an admin must know about SCIM.

    A column and a filter say which connection manages each object, an action assigns objects to a
    connection, and the object's page has a section with its links and its history. Only admins who
    may view connections and links see them.
    """

    class Media:
        css = {"all": ("django_scim/admin.css",)}

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        if not may_see_links(self.admin_site, request, self.model):
            return columns
        return (*columns, "scim_managed_by")

    def get_list_filter(self, request: HttpRequest) -> Any:
        filters = super().get_list_filter(request)
        if not may_see_links(self.admin_site, request, self.model):
            return filters
        return (*filters, ManagedByFilter)

    def get_queryset(self, request: HttpRequest) -> Any:
        objects = super().get_queryset(request)
        match = request.resolver_match
        is_list = match is not None and "object_id" not in match.kwargs
        return with_links(objects) if is_list else objects

    @admin.display(description=_("managed by"))
    def scim_managed_by(self, instance: Any) -> str:
        return ", ".join(str(link.connection) for link in links_of(instance)) or "–"

    # The section on the object's page

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not may_see_links(self.admin_site, request, self.model):
            return fieldsets
        panel: Any = self._panel(request)
        # Without fieldsets, Django shows all fields in one, the read-only ones too.
        others = [
            (name, {**options, "fields": [each for each in options["fields"] if each is not panel]})
            for name, options in fieldsets
        ]
        return [*others, (_("SCIM"), {"fields": (panel,)})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        if obj is None or not may_see_links(self.admin_site, request, self.model):
            return fields
        return (*fields, self._panel(request))

    def _panel(self, request: HttpRequest) -> Callable[[Any], Any]:
        """Return the section's content as a field of this request, which decides what it shows."""
        found: Any = getattr(request, "_scim_panel", None)
        if found is None:

            @admin.display(description=_("connections"))
            def scim_panel(instance: Any) -> Any:
                return panel(self.admin_site, request, instance)

            found = request._scim_panel = scim_panel  # type: ignore[attr-defined]
        function: Callable[[Any], Any] = found
        return function

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save an object. Say so if a connection will overwrite what the admin has changed."""
        super().save_model(request, obj, form, change)
        if not (change and may_see_links(self.admin_site, request, self.model)):
            return
        for link in links_of(obj):
            if names := overwritten(link, form.changed_data):
                labels = ", ".join(str(form.fields[name].label or name) for name in names)
                message = gettext(
                    "%(connection)s manages %(fields)s: its next update overwrites your change. "
                    "Change it at the identity provider."
                ) % {"connection": link.connection, "fields": labels}
                self.message_user(request, message, messages.WARNING)

    # Assigning objects

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> Any:
        """Return the actions that the admin may use, by their names.

        Since version 6.1, Django passes ``action_location``: the page, a list or a form. Like
        Django, show no actions in a form if the site's own class does not know the parameter.
        """
        inherited: Any = super().get_actions
        if action_location is None:
            actions = inherited(request)
        elif "action_location" in signature(inherited).parameters:
            actions = inherited(request, action_location=action_location)
        else:
            actions = inherited(request) if action_location.name == "CHANGE_LIST" else {}
        has_page = self.admin_site.is_registered(Connection)
        if actions and not (has_page and may_assign(self.admin_site, request)):
            actions.pop("assign_to_connection", None)
        return actions

    @admin.action(description=_("Assign to a connection"))
    def assign_to_connection(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        """Ask for the connection, and go to its page that assigns the chosen objects."""
        adapter = adapter_for(self.model)
        found = queryset.order_by("pk").values_list("pk", flat=True)[: MOST + 1]
        keys = [str(key) for key in found]
        if len(keys) > MOST:
            message = gettext("Choose at most %(count)d objects at once.") % {"count": MOST}
            self.message_user(request, message, messages.WARNING)
            return None
        chosen = Connection.objects.filter(pk__in=request.POST.getlist("scim_connection")).first()
        if chosen is not None and adapter is not None:
            connection_admin: Any = self.admin_site.get_model_admin(Connection)
            url = connection_admin.page_url(chosen, "assign", adapter.name)
            return redirect(f"{url}?objects={','.join(keys)}")
        return self._connection_choice(request, queryset, keys)

    def _connection_choice(
        self, request: HttpRequest, queryset: Any, keys: list[str]
    ) -> HttpResponse:
        opts: Any = self.model._meta
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Assign to a connection"),
            "opts": opts,
            "names": [str(each) for each in queryset.order_by("pk")[:20]],
            "more": max(len(keys) - 20, 0),
            "keys": keys,
            "plural": capfirst(opts.verbose_name_plural),
            "connections": Connection.objects.order_by("name"),
        }
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        return TemplateResponse(request, f"{TEMPLATES}/choose.html", context)


class ScimUserAdminMixin(ScimAdminMixin):
    """Extend the admin class of accounts. List it before ``UserAdmin``."""

    actions: Any = ("assign_to_connection",)


class ScimGroupAdminMixin(ScimAdminMixin):
    """Extend the admin class of groups. The page of a connection shares groups."""

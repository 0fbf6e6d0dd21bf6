"""The pages that assign accounts and groups to a connection, and confirm its adoptions."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import connections
from ..adapters import adapter_classes
from ..models import Connection, UserLink
from ..transactions import writing
from .actions import ActionsMixin, connection_action
from .actors import logging_actor
from .forms import AssignmentForm, can_have_permissions
from .object_urls import change_url
from .privileges import may_share

SHOWN = 50


class AssignmentsMixin(ActionsMixin):
    """Adds the assignment of existing objects, and the confirmation of adopted accounts."""

    def get_urls(self) -> list[URLPattern]:
        routes: list[Any] = [
            ("assign/<str:name>/", "assign", self.assign),
            ("confirm/", "confirm", self.confirm),
        ]
        return [*self.connection_urls(routes), *super().get_urls()]

    def assignment_pages(self, connection: Connection) -> list[dict[str, Any]]:
        """Return a label and a URL for each resource type whose objects can be assigned."""
        return [
            {"label": _label(adapter), "url": self.page_url(connection, "assign", name)}
            for name, adapter in adapter_classes(connection).items()
        ]

    @connection_action(has_page=True, manages_access=True)
    def assign(self, request: HttpRequest, connection: Connection, name: str) -> HttpResponse:
        """Assign objects of the resource type ``name`` to a connection."""
        adapter: Any = adapter_classes(connection).get(name)
        if adapter is None:
            raise Http404
        can_share = may_share(request, adapter.model)
        form = AssignmentForm(
            request.POST if request.method == "POST" else None,
            initial={"objects": _keys(request)},
            connection=connection,
            adapter=adapter,
            admin_site=self.admin_site,
            may_share_privileged=can_share,
        )
        if form.is_valid() and self._assign_all(request, connection, form):
            names = ", ".join(map(str, form.chosen()))
            message = _("Assigned to %(connection)s: %(names)s.")
            return self._back(
                request, connection, message % {"connection": connection, "names": names}
            )
        return self.page(
            request,
            connection,
            "assign.html",
            f"{_label(adapter)} – {connection}",
            form=form,
            form_media=self.media + form.media,
            adminform=AdminForm(form, [(None, {"fields": list(form.fields)})], {}),  # type: ignore[arg-type]
            is_group=can_have_permissions(adapter),
            is_user=issubclass(adapter.model, get_user_model()),
            may_share=can_share,
        )

    def _assign_all(
        self, request: HttpRequest, connection: Connection, form: AssignmentForm
    ) -> bool:
        """Assign all chosen objects; if one is rejected, assign none and add form errors."""
        errors: list[str] = []
        assign = (
            connections.share_privileged
            if form.cleaned_data.get("privileged")
            else connections.assign
        )
        actor = logging_actor(request, self)
        try:
            with writing():
                for target in form.chosen():
                    try:
                        assign(connection, target, actor=actor)
                    except ValidationError as error:
                        errors += error.messages
                if errors:
                    raise ValidationError(errors)
        except ValidationError as error:
            form.add_error(None, error)
        except IntegrityError:
            form.add_error(None, _("Another request changed it at the same time. Try again."))
        return not form.errors

    # Adoptions that an admin has not confirmed yet

    def unconfirmed_links(self, connection: Connection) -> Any:
        links = UserLink.objects.filter(connection=connection, unconfirmed=True)
        return links.filter(target__isnull=False).select_related("target").order_by("pk")

    def unconfirmed_rows(self, connection: Connection) -> dict[str, Any]:
        """Return the first unconfirmed links, each with the URL and e-mail of its account."""
        first = list(self.unconfirmed_links(connection)[: SHOWN + 1])
        email = get_user_model().get_email_field_name()
        rows = [
            {
                "link": link,
                "url": change_url(self.admin_site, type(link.target), link.target_id),
                "email": getattr(link.target, email, ""),
            }
            for link in first[:SHOWN]
        ]
        return {"rows": rows, "has_more": len(first) > SHOWN}

    @connection_action(manages_access=True)
    def confirm(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        keys = [key for key in request.POST.getlist("link") if key.isdecimal() and len(key) < 19]
        actor = logging_actor(request, self)
        with writing():
            links = list(self.unconfirmed_links(connection).filter(pk__in=keys))
            for link in links:
                connections.confirm(link, actor=actor)
        if not links:
            message = _("Select at least one account.")
            return self._back(request, connection, message, messages.WARNING)
        message = ngettext(
            "%(count)d account was confirmed.", "%(count)d accounts were confirmed.", len(links)
        )
        return self._back(request, connection, message % {"count": len(links)})


def _keys(request: HttpRequest) -> list[str]:
    """Return the primary keys of the objects that were chosen on another page."""
    return [key for key in request.GET.get("objects", "").split(",") if key]


def _label(adapter: Any) -> str:
    """Return the label of the page that assigns objects of an adapter's model."""
    if issubclass(adapter.model, get_user_model()):
        return _("Assign accounts")
    opts = adapter.model._meta
    if can_have_permissions(adapter):
        return _("Share a %(model)s") % {"model": opts.verbose_name}
    return _("Assign %(models)s") % {"models": opts.verbose_name_plural}

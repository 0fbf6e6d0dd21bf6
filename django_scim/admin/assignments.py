"""What a connection may touch: accounts and groups given to it, adoptions confirmed."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, URLPattern, reverse

from .. import connections
from ..adapters import adapter_classes
from ..models import Connection, UserLink
from ..transactions import writing
from .actions import OperationsMixin, operation
from .actors import actor_of, log
from .forms import GiveForm, carries_permissions

SHOWN = 50


class GivingMixin(OperationsMixin):
    """The pages on which an admin gives a connection what the site has."""

    def get_urls(self) -> list[URLPattern]:
        routes: list[Any] = [
            ("give/<str:name>/", "give", self.give),
            ("confirm/", "confirm", self.confirm),
        ]
        return [*self.routes(routes), *super().get_urls()]

    def gifts(self, connection: Connection) -> list[dict[str, Any]]:
        """Return what can be given, each kind with the address of its page."""
        return [
            {"label": _label(adapter), "url": self.page_url(connection, "give", name)}
            for name, adapter in adapter_classes(connection).items()
        ]

    @operation(has_page=True)
    def give(self, request: HttpRequest, connection: Connection, name: str) -> HttpResponse:
        adapter: Any = adapter_classes(connection).get(name)
        if adapter is None:
            raise Http404
        opts = adapter.model._meta
        may_share = request.user.has_perm(f"{opts.app_label}.change_{opts.model_name}")
        form = GiveForm(
            request.POST if request.method == "POST" else None,
            connection=connection,
            adapter=adapter,
            admin_site=self.admin_site,
            may_share_privileged=may_share,
        )
        if form.is_valid() and self._give(request, connection, form):
            names = ", ".join(map(str, form.chosen()))
            return self._back(request, connection, f"Given to {connection}: {names}.")
        return self.page(
            request,
            connection,
            "give.html",
            f"{_label(adapter)} – {connection}",
            form=form,
            form_media=self.media + form.media,
            adminform=AdminForm(form, [(None, {"fields": list(form.fields)})], {}),  # type: ignore[arg-type]
            is_group=carries_permissions(adapter.model),
            is_user=issubclass(adapter.model, get_user_model()),
            may_share=may_share,
        )

    def _give(self, request: HttpRequest, connection: Connection, form: GiveForm) -> bool:
        """Give all that the form names, or none of it and tell the form why."""
        errors: list[str] = []
        try:
            with writing():
                for target in form.chosen():
                    try:
                        self._give_one(request, connection, target, form.cleaned_data)
                    except ValidationError as error:
                        errors += error.messages
                if errors:
                    raise ValidationError(errors)
        except ValidationError as error:
            form.add_error(None, error)
        except IntegrityError:
            form.add_error(None, "Somebody else changed it at the same moment. Try again.")
        return not form.errors

    def _give_one(
        self, request: HttpRequest, connection: Connection, target: Any, chosen: dict[str, Any]
    ) -> None:
        if chosen.get("privileged"):
            connections.share_privileged(connection, target, actor=actor_of(request))
        else:
            connections.assign(connection, target, actor=actor_of(request))
        log(self, request, connection, f"{target} given to the connection")

    # Adoptions that wait for an admin

    def waiting(self, connection: Connection) -> Any:
        links = UserLink.objects.filter(connection=connection, unconfirmed=True)
        return links.filter(target__isnull=False).select_related("target").order_by("pk")

    def waiting_page(self, connection: Connection) -> dict[str, Any]:
        """Return the first of those who wait, each with the page of the account."""
        links = self.waiting(connection)
        first = list(links[: SHOWN + 1])
        email = get_user_model().get_email_field_name()
        rows = [
            {
                "link": link,
                "url": self._user_url(link.target),
                "email": getattr(link.target, email, ""),
            }
            for link in first[:SHOWN]
        ]
        return {"rows": rows, "has_more": len(first) > SHOWN}

    @operation
    def confirm(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        keys = [key for key in request.POST.getlist("link") if key.isdecimal() and len(key) < 19]
        with writing():
            links = list(self.waiting(connection).filter(pk__in=keys))
            for link in links:
                connections.confirm(link, actor=actor_of(request))
                log(self, request, connection, f"link of {link.target} confirmed")
        if not links:
            return self._back(request, connection, "Select at least one account.", messages.WARNING)
        return self._back(request, connection, f"Confirmed {len(links)} accounts.")

    def _user_url(self, user: Any) -> str:
        opts = user._meta
        try:
            return reverse(
                f"admin:{opts.app_label}_{opts.model_name}_change",
                args=[user.pk],
                current_app=self.admin_site.name,
            )
        except NoReverseMatch:
            return ""


def _label(adapter: Any) -> str:
    if issubclass(adapter.model, get_user_model()):
        return "Give accounts"
    if carries_permissions(adapter.model):
        return f"Share a {adapter.model._meta.verbose_name}"
    return f"Give {adapter.model._meta.verbose_name_plural}"

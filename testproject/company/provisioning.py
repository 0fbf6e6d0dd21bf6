"""The page on which an organisation's admins manage the connection of their identity provider.

It calls only the public API, ``django_scim.connections``. Each object is looked up through the
organisation's own connection, so a form cannot reach the connection of another organisation.
"""

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from django_scim import connections
from django_scim.connections import Actor
from django_scim.models import Connection, Token

from .advice import advice
from .models import Membership, Organisation


class Rejected(Exception):
    """An action is not possible. The page shows the message."""


class ConnectForm(forms.Form):
    profile = forms.ChoiceField(
        label=gettext_lazy("Identity provider"),
        choices=Connection._meta.get_field("profile").choices,
        initial="default",
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the organisation's connection; perform the action of a button on POST."""
    membership = get_object_or_404(
        Membership.objects.select_related("organisation"),
        organisation__slug=slug,
        user=request.user,
        is_admin=True,
    )
    if request.method == "POST":
        return act(request, membership.organisation)
    return show(request, membership.organisation)


@sensitive_variables("secret")
def act(request: HttpRequest, organisation: Organisation) -> HttpResponse:
    """Perform the action of a button. Lock the organisation, so that its admins take turns."""
    try:
        with transaction.atomic():
            get_object_or_404(Organisation.objects.select_for_update(), pk=organisation.pk)
            secret = perform(request.POST, organisation, actor_of(request, organisation))
    except Rejected as error:
        return show(request, organisation, problem=str(error), status=409)
    if secret:
        return show(request, organisation, secret=secret)
    return redirect("provisioning", slug=organisation.slug)


def actor_of(request: HttpRequest, organisation: Organisation) -> Actor:
    """Return the admin, as named in the event log."""
    return Actor(
        f"{request.user} of {organisation}",
        address=request.META.get("REMOTE_ADDR") or None,
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
    )


def perform(form: QueryDict, organisation: Organisation, actor: Actor) -> str:
    """Perform an action. Return the secret of an issued token, which is shown only once, or ""."""
    action, connection = form.get("action"), connection_of(organisation)
    if action == "connect":
        return connect(form, organisation, connection, actor)
    if connection is None:
        raise Http404
    match action:
        case "issue":
            return connections.issue_token(connection, actor=actor).secret
        case "rotate":
            return rotate(own_token(form, connection), actor)
        case "revoke":
            connections.revoke(own_token(form, connection), actor=actor)
        case "pause":
            connections.pause(connection, actor=actor)
        case "resume":
            connections.resume(connection, actor=actor)
        case "override":
            connections.override_guard(connection, actor=actor)
        case "close":
            connections.close(connection, actor=actor)
        case _:
            raise Http404
    return ""


def connection_of(organisation: Organisation) -> Connection | None:
    return connections.for_tenant(organisation).first()


def connect(
    form: QueryDict, organisation: Organisation, existing: Connection | None, actor: Actor
) -> str:
    if existing is not None:
        raise Rejected(_("Your organisation is already connected. You can issue another token."))
    chosen = ConnectForm(form)
    if not chosen.is_valid():
        raise Rejected(_("Choose your identity provider from the list."))
    profile = chosen.cleaned_data["profile"]
    try:
        made = connections.create(
            organisation.name, profile=profile, tenant=organisation, actor=actor
        )
    except ValidationError:
        raise Rejected(_("The site already has a connection with this name. Ask its staff."))
    return connections.issue_token(made, actor=actor).secret


def rotate(token: Token, actor: Actor) -> str:
    try:
        return connections.rotate(token, actor=actor).secret
    except ValueError:
        message = _("The token %(token)s already has a successor.") % {"token": token}
        raise Rejected(message)


def own_token(form: QueryDict, connection: Connection) -> Token:
    """Return a usable token of this connection. Raises Http404 for any other."""
    try:
        return forms.ModelChoiceField(connection.tokens.usable()).clean(form.get("token"))
    except ValidationError:
        raise Http404


@sensitive_variables("context", "secret")
def show(
    request: HttpRequest,
    organisation: Organisation,
    *,
    secret: str = "",
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render the page."""
    connection = connection_of(organisation)
    context: dict[str, Any] = {
        "organisation": organisation,
        "connection": connection,
        "secret": secret,
        "problem": problem,
        "base_url": request.build_absolute_uri(reverse("django_scim:base")).rstrip("/"),
    }
    if connection is None:
        context["form"] = ConnectForm()
    else:
        context["now"] = timezone.now()
        context["tokens"] = connection.tokens.filter(revoked=None).select_related("replaced_by")
        context["events"] = [(event, advice(event)) for event in connection.events.all()[:10]]
        guard = connections.guard_of(connection)
        context["guard_tripped"] = guard is not None and guard.tripped is not None
    return render(request, "company/provisioning.html", context, status=status)

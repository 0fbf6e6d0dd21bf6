"""The page on which an organisation's own admins look after their identity provider.

Everything goes through the public API, ``django_scim.connections``; whatever a form sends, only the
organisation's own connection is ever touched.
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
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from django_scim import connections
from django_scim.connections import Actor
from django_scim.models import Connection, Token

from .advice import advice
from .models import Membership, Organisation


class Refused(Exception):
    """What a button asks for cannot be done; the page shows the words."""


class ConnectForm(forms.Form):
    profile = forms.ChoiceField(
        label="Identity provider",
        choices=Connection._meta.get_field("profile").choices,
        initial="default",
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the organisation's connection, and do on POST what a button says."""
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
    """Do what a button says: one admin of an organisation after the other."""
    try:
        with transaction.atomic():
            get_object_or_404(Organisation.objects.select_for_update(), pk=organisation.pk)
            secret = perform(request.POST, organisation, actor_of(request, organisation))
    except Refused as refusal:
        return show(request, organisation, problem=str(refusal), status=409)
    if secret:
        return show(request, organisation, secret=secret)
    return redirect("provisioning", slug=organisation.slug)


def actor_of(request: HttpRequest, organisation: Organisation) -> Actor:
    """Return who does it, as the event log names them."""
    return Actor(
        f"{request.user} of {organisation}",
        address=request.META.get("REMOTE_ADDR") or None,
        user_agent=request.META.get("HTTP_USER_AGENT", ""),
    )


def perform(form: QueryDict, organisation: Organisation, actor: Actor) -> str:
    """Return the secret of a token that was issued, to be shown once; else an empty text."""
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
        case "lift":
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
        raise Refused("Your organisation is connected already. You can issue another token.")
    chosen = ConnectForm(form)
    if not chosen.is_valid():
        raise Refused("Choose your identity provider from the list.")
    profile = chosen.cleaned_data["profile"]
    try:
        made = connections.create(
            organisation.name, profile=profile, tenant=organisation, actor=actor
        )
    except ValidationError:
        raise Refused("The site has a connection of this name already. Ask its staff.")
    return connections.issue_token(made, actor=actor).secret


def rotate(token: Token, actor: Actor) -> str:
    try:
        return connections.rotate(token, actor=actor).secret
    except ValueError:
        raise Refused(f"The token {token} has a successor already.")


def own_token(form: QueryDict, connection: Connection) -> Token:
    """Return the usable token that a form names; another connection's does not exist."""
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
        context["is_stopped"] = guard is not None and guard.tripped is not None
    return render(request, "company/provisioning.html", context, status=status)

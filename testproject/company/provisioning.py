"""The page on which an organisation's own admins look after their identity provider.

Everything goes through the public API, ``django_scim.connections``; whatever a form sends, only the
organisation's own connection is ever touched.
"""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.contenttypes.models import ContentType
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from django_scim import connections
from django_scim.models import Connection, Token

from .models import Membership, Organisation


@never_cache
@login_required
@sensitive_variables("secret")
def settings_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the organisation's connection, and do on POST what a button says."""
    membership = get_object_or_404(
        Membership.objects.select_related("organisation"),
        organisation__slug=slug,
        user=request.user,
        is_admin=True,
    )
    organisation = membership.organisation
    connection = connection_of(organisation)
    secret = ""
    if request.method == "POST":
        secret = perform(request.POST, organisation, connection)
        if not secret:
            return redirect("provisioning", slug=slug)
        connection = connection_of(organisation)
    context = {
        "organisation": organisation,
        "connection": connection,
        "secret": secret,
        "base_url": request.build_absolute_uri(reverse("django_scim:base")).rstrip("/"),
    }
    if connection is not None:
        context["tokens"] = connection.tokens.usable()
        context["events"] = connection.events.all()[:10]
    return render(request, "company/provisioning.html", context)


def connection_of(organisation: Organisation) -> Connection | None:
    kind = ContentType.objects.get_for_model(Organisation)
    return Connection.objects.filter(tenant_type=kind, tenant_key=organisation.pk).first()


@sensitive_variables("issued")
def perform(form: Any, organisation: Organisation, connection: Connection | None) -> str:
    """Do what a button says. Return the secret of a token that was issued, to be shown once."""
    action = form.get("action")
    if action == "connect" and connection is None:
        connection = connections.create(organisation.name, tenant=organisation)
        return connections.issue_token(connection).secret
    if connection is None:
        raise Http404
    match action:
        case "issue":
            return connections.issue_token(connection).secret
        case "rotate":
            return connections.rotate(own_token(form, connection)).secret
        case "revoke":
            own_token(form, connection).revoke()
        case "pause":
            connections.pause(connection)
        case "resume":
            connections.resume(connection)
        case "close":
            connections.close(connection)
        case _:
            raise Http404
    return ""


def own_token(form: Any, connection: Connection) -> Token:
    """Return the usable token that a form names; another connection's does not exist."""
    key = form.get("token", "")
    return get_object_or_404(connection.tokens.usable(), pk=key if key.isdigit() else 0)

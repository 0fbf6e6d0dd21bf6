"""What an admin did here, for the event log and for Django's own."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ..api.http.network import client_address
from ..api.views import correlation_id
from ..audit.administration import Actor


def actor_of(request: HttpRequest) -> Actor:
    """Return who makes a request, the same for everything that it does."""
    actor: Actor | None = getattr(request, "scim_actor", None)
    if actor is None:
        actor = Actor(
            f"admin {request.user.get_username()}",
            address=client_address(request),
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
            correlation_id=correlation_id(request),
        )
        request.scim_actor = actor  # type: ignore[attr-defined]
    return actor


def log(model_admin: admin.ModelAdmin, request: HttpRequest, about: Any, deed: str) -> None:
    """Write an entry of Django's admin log, beside the event and in the transaction of the deed."""
    model_admin.log_change(request, about, f"{deed[:1].upper()}{deed[1:]}.")

"""Actors: the admins that the event log and Django's own log name."""

from dataclasses import asdict, dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.text import capfirst

from ..api.http.network import client_address
from ..api.views import correlation_id
from ..audit.administration import Actor
from ..models import Connection


@dataclass(frozen=True, kw_only=True)
class LoggingActor(Actor):
    """An admin whose actions also appear in Django's log, and so on the "History" page."""

    request: HttpRequest
    model_admin: admin.ModelAdmin

    def log(self, connection: Connection, subject: Any, text: str) -> None:
        logged = connection if self.model_admin.model is Connection else subject
        self.model_admin.log_change(self.request, logged, f"{capfirst(text)}.")


def actor_of(request: HttpRequest) -> Actor:
    """Return who makes a request; all its events share one correlation id."""
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


def logging_actor(request: HttpRequest, model_admin: admin.ModelAdmin) -> LoggingActor:
    """Return an actor for actions that Django does not log itself, unlike saving and deleting."""
    actor = asdict(actor_of(request))
    return LoggingActor(**actor, request=request, model_admin=model_admin)

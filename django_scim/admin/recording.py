"""What an admin did here, for the event log and for Django's own."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from ..api.addresses import client_address
from ..api.views import correlation_id
from ..audit.administration import Actor, record
from ..models import Connection


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


def note(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    connection: Connection,
    deed: str,
    objects: Iterable[Any] = (),
    *,
    changes: Iterable[dict[str, Any]] = (),
    logged: Any = None,
) -> None:
    """Write the event of a deed, and an entry of Django's admin log on the page's object.

    To be called in the transaction of the deed.
    """
    record(connection, deed, actor_of(request), objects, changes)
    model_admin.log_change(request, logged or connection, f"{deed[:1].upper()}{deed[1:]}.")

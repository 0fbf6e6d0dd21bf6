"""Requests of a connection without HTTP and without a token, in a transaction that is rolled back.

The site's receivers and hooks run as in any request, and their effects outside of the database are
not undone. Signals and hooks that wait for the commit are not called.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from django.conf import settings as site_settings
from django.db import router, transaction
from django.test import RequestFactory
from django.urls import resolve
from rest_framework.test import force_authenticate

from ..adapters.registry import scopes as all_scopes
from ..api.authentication import Principal
from ..models import Connection, Event, Token
from ..transactions import writing


@contextmanager
def rolled_back() -> Iterator[None]:
    """Open a transaction, and undo at the end whatever it wrote."""
    with writing():
        try:
            yield
        finally:
            transaction.set_rollback(True, using=router.db_for_write(Connection))


class Answer:
    """The response to a request, and the events that it wrote."""

    def __init__(self, response: Any, correlation_id: str) -> None:
        self.status: int = response.status_code
        content = response.content
        self.data: Any = json.loads(content) if content else None
        written = Event.objects.filter(correlation_id=correlation_id)
        self.events: list[Event] = list(written.order_by("pk"))

    @property
    def is_success(self) -> bool:
        return self.status < 400


class Sender:
    """Sends requests of one connection, as if they came with one of its tokens."""

    def __init__(
        self, connection: Connection, scopes: list[str] | None = None, address: str | None = None
    ) -> None:
        self.connection, self.address = connection, address
        #: Never saved: views only ask it for its scopes.
        self.token = Token(
            connection=connection,
            prefix="(none)",
            scopes=all_scopes() if scopes is None else scopes,
        )

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request to a URL of this site. Raise Resolver404 if nothing serves the URL."""
        found = resolve(path.partition("?")[0])
        correlation_id = uuid4().hex
        request: Any = RequestFactory().generic(
            method,
            path,
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/scim+json",
            secure=True,
            HTTP_HOST=_host(),
            HTTP_X_REQUEST_ID=correlation_id,
            REMOTE_ADDR=self.address or "127.0.0.1",
        )
        caller: Any = Principal(self.connection)
        token: Any = self.token
        force_authenticate(request, caller, token)
        response = found.func(request, *found.args, **found.kwargs)
        return Answer(response.render(), correlation_id)


def _host() -> str:
    """Return a host name that the site accepts."""
    name = next(iter(site_settings.ALLOWED_HOSTS), "localhost").lstrip(".")
    return "localhost" if "*" in name else name

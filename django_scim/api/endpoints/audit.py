"""The audit log over HTTP, read-only, for a SIEM or the owner of a connection.

A token with the scope ``audit:read`` can read the events of its connection, and a token with
``audit:read-all`` the events of every connection. By default, no token has either scope. Errors
have the format of RFC 7644 section 3.12, like those of the SCIM endpoints.
"""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.signing import BadSignature, Signer, b64_decode, b64_encode
from django.db import router
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from ...audit.event_data import OUT_OF_REACH, connection_data, event_data
from ...audit.filters import EventFilter
from ...audit.pages import Position, read_page
from ...conf import settings
from ...models import Event
from ...protocol.errors import InvalidCursor, InvalidValue, MethodNotAllowed, NotFound
from ...query.timeout import limited_reads
from ..permissions import AUDIT_ALL, AuditScope
from ..renderers import JSONRenderer
from ..views import ScimView

#: The parameters for paging. They are allowed in addition to the filters.
PAGING = ("cursor", "order", "page_size")


class AuditView(ScimView):
    """Base class: a token with a scope of the audit log, methods that read, and JSON."""

    permission_classes: Any = (AuditScope,)
    renderer_classes: Any = (JSONRenderer,)
    http_method_names = ("get", "head", "options")

    def visible(self) -> QuerySet:
        """Return the events that the token may see."""
        events = Event.objects.using(router.db_for_read(Event))
        if self.sees_all():
            return events
        return events.filter(connection=self.token.connection)

    def sees_all(self) -> bool:
        return self.token.permits(AUDIT_ALL)

    def shown(self, event: Event) -> dict[str, Any]:
        return event_data(event) if self.sees_all() else connection_data(event)

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        raise MethodNotAllowed("the audit log can only be read")


class AuditEvent(AuditView):
    """One event by its id."""

    def get(self, request: Request, key: str) -> Response:
        found = self.visible().filter(pk=int(key)).first() if len(key) <= 18 else None
        if found is None:
            raise NotFound(f"there is no event {key[:50]}")
        self.record_read()
        return Response(self.shown(found))


class AuditEvents(AuditView):
    """The events that match the filters of ``EventFilter``, in pages."""

    def get(self, request: Request) -> Response:
        parameters = request.query_params
        for name in PAGING:
            if len(parameters.getlist(name)) > 1:
                raise InvalidValue(f"{name}: send it once")
        order, size = parameters.get("order", "newest"), self._page_size()
        if order not in ("newest", "oldest"):
            raise InvalidValue("order: must be newest or oldest")
        events = self.visible()
        filters = EventFilter(parameters, events, request=request)
        wrong = filters.errors_by_parameter([name for name in parameters if name not in PAGING])
        if wrong:
            name, error = next(iter(wrong.items()))
            raise InvalidValue(f"{name[:100]}: {error}")
        asked = [(name, parameters.getlist(name)) for name in sorted(parameters)]
        query = urlencode([pair for pair in asked if pair[0] not in PAGING], doseq=True)
        signer = Signer(
            sep=".", salt=f"django_scim.audit {self.token.connection.pk} {order} {query}"
        )
        position = self._position(signer)
        values = filters.form.cleaned_data
        reached = {"since": "created__gte", "until": "created__lt"}
        base = events.filter(**{key: values[n] for n, key in reached.items() if values.get(n)})
        if values.get("connection"):
            base = filters.by_connection(base, "connection", values["connection"])
        with limited_reads(base.db):
            page = read_page(
                base,
                self._matching(filters),
                position,
                size,
                oldest_first=order == "oldest",
                is_bounded=filters.is_filtered and not filters.is_selective,
            )
        self.record_read()
        cursor = _written(signer, page.position) if page.position else None
        return Response(
            {
                "events": [self.shown(event) for event in page.events],
                "next": self._url(cursor) if page.has_more else None,
                "cursor": cursor,
            }
        )

    def _matching(self, filters: EventFilter) -> QuerySet:
        """Return the events that match. A connection cannot probe for names that it may not see."""
        values = filters.form.cleaned_data
        if self.sees_all() or not (values.get("name") or values.get("external_id")):
            return filters.qs
        return filters.qs.exclude(reason=OUT_OF_REACH)

    def _page_size(self) -> int:
        text = self.request.query_params.get("page_size", str(settings.PAGE_SIZE))
        if not (text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text)):
            raise InvalidValue("page_size: must be a number from 1")
        return min(int(text), settings.MAX_PAGE_SIZE)

    def _position(self, signer: Signer) -> Position | None:
        text = self.request.query_params.get("cursor", "")
        if not text:
            return None
        try:
            created, pk = json.loads(b64_decode(signer.unsign(text).encode()))
        except BadSignature:
            raise InvalidCursor from None
        return Position(datetime.fromisoformat(created), pk)

    def _url(self, cursor: str | None) -> str:
        query = self.request.query_params.copy()
        query["cursor"] = cursor or ""
        base = self.request.build_absolute_uri(self.request.path)
        if settings.BASE_URL:
            base = f"{settings.BASE_URL.rstrip('/')}{self.request.path}"
        return f"{base}?{query.urlencode()}"


def _written(signer: Signer, position: Position) -> str:
    text = json.dumps([position.created.isoformat(), position.pk])
    return signer.sign(b64_encode(text.encode()).decode())

"""What every SCIM view does: who calls, what it accepts, how an error is answered and recorded.

Nothing of the host's REST_FRAMEWORK settings reaches these views, and DRF's own exception
handler is never called: its rollback would turn a 401 into a 500 and lose the event.
"""

import re
import uuid
from functools import cached_property
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ..adapters import Registry
from ..audit import Recorder
from ..conf import settings
from ..models import Event, Token
from ..protocol.errors import InvalidVersion, NotFound, ScimError
from ..protocol.messages.responses import error_message
from ..protocol.tolerances import Tolerances
from .authentication import BearerAuthentication
from .exceptions import as_scim_error
from .http.network import client_address, require_encryption
from .negotiation import ScimNegotiation
from .parsers import JSONParser, ScimParser
from .permissions import TokenScope
from .renderers import JSONRenderer, ScimRenderer
from .resource_writer import record_failure
from .throttling import ConnectionThrottle

_SAFE_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}")

#: What a method would have done, for the event of a request that failed.
ACTIONS = {
    "POST": Event.Action.CREATE,
    "PUT": Event.Action.UPDATE,
    "PATCH": Event.Action.UPDATE,
    "DELETE": Event.Action.DELETE,
}


def exempt_from_host_defaults(view: Any) -> Any:
    """Keep a view out of ATOMIC_REQUESTS, on every database, and of LoginRequiredMiddleware."""
    for alias in connections:
        view = transaction.non_atomic_requests(alias)(view)
    return login_not_required(view)


#: What the routes capture; one that captures more names it here.
CAPTURED = ("key", "scim_id")


class ScimView(APIView):
    """Base of all views. ``depth`` is the number of path segments below the SCIM base."""

    authentication_classes: Any = (BearerAuthentication,)
    permission_classes = (TokenScope,)
    parser_classes = (ScimParser, JSONParser)
    renderer_classes = (ScimRenderer, JSONRenderer)
    content_negotiation_class = ScimNegotiation
    throttle_classes: Any = (ConnectionThrottle,)
    versioning_class = None
    metadata_class = None
    schema = None

    depth = 1
    resource_type = ""
    requires_token = True
    #: The body of the request, set by the parser.
    parsed_body: Any = None
    #: The setting that limits the bytes of a body, and what ServiceProviderConfig calls it.
    body_limit, body_limit_name = "MAX_BODY_SIZE", ""

    def is_query(self) -> bool:
        """Whether a request only reads, also where its method is POST."""
        return False

    @classmethod
    def as_view(cls, *args: Any, **kwargs: Any) -> Any:
        return exempt_from_host_defaults(super().as_view(*args, **kwargs))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Take what our own routes capture; the site's prefix may name more, such as a tenant."""
        own = {name: value for name, value in kwargs.items() if name in CAPTURED}
        return super().dispatch(request, *args, **own)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, negotiate, check the scope, in this order, each with a recorder at hand."""
        self.format_kwarg = None
        self.correlation_id = correlation_id(request)
        self.recorder = Recorder(
            correlation_id=self.correlation_id,
            method=request.method or "",
            path=request.get_full_path(),
            address=client_address(request),
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
        )
        self.recorder.event.resource_type = self.resource_type
        require_encryption(request)
        if self.requires_token:
            self.perform_authentication(request)
            self.token: Token = request.auth  # type: ignore[assignment]
            self.recorder.authenticated(self.token)
            self.tolerances = Tolerances(self.token.connection.tolerated)
        else:
            self.tolerances = Tolerances(settings.PROFILES["default"])
        request.scim_tolerances = self.tolerances  # type: ignore[attr-defined]
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(
            request
        )
        if self.requires_token:
            self.check_permissions(request)
            self.check_throttles(request)

    @cached_property
    def registry(self) -> Registry:
        """The adapters of this request."""
        return Registry(self.token.connection, self.tolerances, self.base_url())

    def base_url(self) -> str:
        """Return the SCIM base, without a slash at its end, as the client reached it."""
        path = self.request.path.rstrip("/")
        for _ in range(self.depth):
            path = path.rpartition("/")[0]
        if settings.BASE_URL:
            return f"{settings.BASE_URL.rstrip('/')}{path}"
        return str(self.request.build_absolute_uri(path))

    # Answers

    def handle_exception(self, exc: Exception) -> Response:
        """Answer with a SCIM error, after the rollback, and record it."""
        error = as_scim_error(exc, getattr(self, "correlation_id", ""))
        body = error_message(error, getattr(self, "correlation_id", ""))
        response = Response(body, status=error.status)
        response.exception = True
        if error.status == 401:
            response["WWW-Authenticate"] = self.get_authenticate_header(self.request)
        elif error.status == 405:
            response["Allow"] = ", ".join(self.allowed_methods)
        wait = getattr(exc, "wait", None)
        if wait is not None:
            response["Retry-After"] = str(int(wait) + 1)
        self._record_failure(error, body)
        return response

    def record_read(self) -> None:
        """Write the event of a read, where the connection wants reads in the log."""
        if self.token.connection.log_reads:
            self.recorder.save_success(Event.Action.READ, 200, tolerances=self.tolerances.used)

    def _record_failure(self, error: ScimError, answer: Any) -> None:
        recorder = getattr(self, "recorder", None)
        if recorder is None or self.request.method == "OPTIONS":
            return
        action = self.action_of_request()
        if recorder.connection is None:
            action = Event.Action.AUTHENTICATION
            if (token := getattr(self.request, "scim_token", None)) is not None:
                recorder.set_token(token)
        used = self.tolerances.used if recorder.connection else ()
        record_failure(recorder, action, error, self._parsed_body(), answer, used)

    def _parsed_body(self) -> Any:
        """Return the body as far as it was parsed; what could not be parsed is not kept."""
        body = self.parsed_body
        return body if self.recorder.connection is not None and body != {} else None

    def action_of_request(self) -> str:
        """Return what a request would have done, for the event of one that failed."""
        if self.is_query():
            return Event.Action.READ
        return ACTIONS.get(self.request.method or "", Event.Action.READ)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(response, Response) and not getattr(request, "accepted_renderer", None):
            request.accepted_renderer = self.renderer_classes[0]()
            request.accepted_media_type = request.accepted_renderer.media_type
        response = super().finalize_response(request, response, *args, **kwargs)
        # Without a version of ours, no middleware shall invent one that If-Match would not know.
        response["Cache-Control"] = (
            f"private, no-{'cache' if response.has_header('ETag') else 'store'}"
        )
        if correlation := getattr(self, "correlation_id", ""):
            response["X-Request-Id"] = correlation
        if response.status_code in (204, 304):
            response.headers.pop("Content-Type", None)
        return response

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return Response(status=204, headers={"Allow": ", ".join(self.allowed_methods)})


class NoSuchEndpoint(ScimView):
    """Every URL below the base that nothing else serves."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound(f"there is no endpoint {request.path[:200]!r}")


class OutOfService(ScimView):
    """Every URL of a site whose adapters cannot be had: nothing is served by half."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.correlation_id = correlation_id(request)
        raise ImproperlyConfigured("DJANGO_SCIM is wrong; manage.py check says how")


class OtherVersion(ScimView):
    """``v1`` or ``v3`` where this server speaks ``v2``."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise InvalidVersion("this server speaks SCIM v2 only")


def correlation_id(request: HttpRequest) -> str:
    """Return the client's X-Request-Id if it is harmless, else a new id."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    return given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex

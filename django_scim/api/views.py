"""The base class of all SCIM views: authentication, negotiation, errors and their events.

The views do not use the site's REST_FRAMEWORK settings. They do not call DRF's exception handler
either, since its rollback would turn a 401 into a 500 and lose the event.
"""

import re
import uuid
from functools import cached_property
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import connections, router, transaction
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .. import current
from ..adapters import Registry
from ..audit import Recorder
from ..audit.secret_detection import hide_tokens
from ..compat import make_anonymous, mark_as_logged
from ..conf import IMPORT_ERRORS, settings
from ..models import Event, Token
from ..primary import allow_replica, on_primary
from ..protocol.errors import (
    Forbidden,
    InvalidSyntax,
    NotFound,
    ScimError,
    TooManyRequests,
    Unauthorized,
)
from ..protocol.messages.responses import error_message
from ..protocol.tolerances import Profile, Tolerance, Tolerances
from .authentication import REALM, BearerAuthentication, InvalidToken
from .exceptions import Unavailable, as_scim_error
from .http.bodies import UnmeasuredRequest
from .http.freshness import may_read_replica
from .http.network import client_address, require_encryption
from .negotiation import ScimNegotiation
from .outcome_events import record_failure
from .parsers import JSONParser, ScimParser
from .permissions import InsufficientScope, TokenScope
from .renderers import JSONRenderer, ScimRenderer
from .throttling import ConnectionThrottle, count_failure

_SAFE_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,64}")

#: The action of a failed request's event, by the request's method.
ACTIONS = {
    "POST": Event.Action.CREATE,
    "PUT": Event.Action.UPDATE,
    "PATCH": Event.Action.UPDATE,
    "DELETE": Event.Action.DELETE,
}


def exempt_from_host_defaults(view: Any) -> Any:
    """Exempt a view from ATOMIC_REQUESTS, on every database, and from LoginRequiredMiddleware."""
    for alias in connections:
        view = transaction.non_atomic_requests(alias)(view)
    return login_not_required(view)


#: Seconds after which a client may try again while the database is not available.
RETRY_AFTER = 29

#: The names of all parameters that the package's URLs capture.
CAPTURED = ("key", "scim_id")


class ScimView(APIView):
    """Base class. ``depth`` is the number of path segments below the SCIM base."""

    authentication_classes: Any = (BearerAuthentication,)
    permission_classes: Any = (TokenScope,)
    parser_classes = (ScimParser, JSONParser)
    renderer_classes: Any = (ScimRenderer, JSONRenderer)
    content_negotiation_class = ScimNegotiation
    throttle_classes: Any = (ConnectionThrottle,)
    versioning_class = None
    metadata_class = None
    schema = None

    depth = 1
    resource_type = ""
    requires_token = True
    #: True if responses may contain resources and their versions, set by TokenScope.
    may_read = False
    #: The body of the request, set by the parser.
    parsed_body: Any = None
    #: The setting that limits the bytes of a body, and what ServiceProviderConfig calls it.
    body_limit, body_limit_name = "MAX_BODY_SIZE", ""

    def is_query(self) -> bool:
        """Return whether the request only reads, even if its method is POST."""
        return False

    @classmethod
    def as_view(cls, *args: Any, **kwargs: Any) -> Any:
        return exempt_from_host_defaults(super().as_view(*args, **kwargs))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Drop parameters in the site's URL prefix, such as a tenant, before the handler runs."""
        own = {name: value for name, value in kwargs.items() if name in CAPTURED}
        caller = current.connection.set(None)
        try:
            if not router.routers:
                return super().dispatch(request, *args, **own)
            with on_primary():
                return super().dispatch(request, *args, **own)
        finally:
            current.connection.reset(caller)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Return DRF's request, whose body may come in chunks."""
        meta = request.META
        is_sent = "HTTP_TRANSFER_ENCODING" in meta or request.method not in ("GET", "HEAD")
        is_unmeasured = meta.get("CONTENT_LENGTH") in (None, "", "0")
        if not is_sent or not (is_unmeasured or "HTTP_TRANSFER_ENCODING" in meta):
            return super().initialize_request(request, *args, **kwargs)
        return UnmeasuredRequest(
            request,
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parsers=self.get_parsers(),
            parser_context=self.get_parser_context(request),
        )

    def profile_without_token(self, request: Request) -> Profile:
        """Return the profile for a request that needs no token."""
        return settings.PROFILES["default"]

    def empty_body(self, detail: str) -> Any:
        """Return the body to assume for an empty or missing one. Raise InvalidSyntax."""
        raise InvalidSyntax(f"{detail}; send a JSON object")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, negotiate and check the scope, in this order.

        The recorder is created first, so that every failure gets an event.
        """
        self.format_kwarg = None
        self.correlation_id = correlation_id(request)
        self.recorder = Recorder(
            correlation_id=self.correlation_id,
            method=request.method or "",
            path=request.get_full_path(),
            address=client_address(request),
            user_agent=request.META.get("HTTP_USER_AGENT", ""),
            authorization=request.META.get("HTTP_AUTHORIZATION", ""),
        )
        self.recorder.event.resource_type = self.resource_type
        require_encryption(request)
        if self.requires_token:
            self._authenticate(request)
            self.token: Token = request.auth  # type: ignore[assignment]
            self.recorder.authenticated(self.token)
            current.connection.set(self.token.connection)
            self.tolerances = Tolerances(self.token.connection.tolerated)
        else:
            self.tolerances = Tolerances(self.profile_without_token(request))
        if "//" in request.path_info and not self.tolerances.permit(Tolerance.EXTRA_SLASH):
            raise NotFound(f"there is no endpoint {request.path[:200]!r}")
        request.scim_tolerances = self.tolerances  # type: ignore[attr-defined]
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(
            request
        )
        if self.requires_token:
            self.check_permissions(request)
            self.check_throttles(request)
            if settings.READ_FROM_REPLICA and self.is_query():
                if may_read_replica(self.token.connection):
                    allow_replica()

    def _authenticate(self, request: Request) -> None:
        """Authenticate. Raise TooManyRequests instead of an error after too many failures."""
        try:
            self.perform_authentication(request)
        except (Unauthorized, Forbidden):
            count_failure(self.recorder.event.address)
            raise

    def perform_authentication(self, request: Request) -> None:
        """Authenticate. For the rest of the site, the request's user stays anonymous.

        REST framework also sets the user of the HttpRequest, which the site's own code, such as
        a history of changes, takes for an account.
        """
        try:
            super().perform_authentication(request)
        finally:
            make_anonymous(request)

    @cached_property
    def registry(self) -> Registry:
        """The adapters of this request."""
        return Registry(self.token.connection, self.tolerances, self.base_url())

    def base_url(self) -> str:
        """Return the URL of the SCIM base without a slash at the end, as the client sees it."""
        path = self.request.path.rstrip("/")
        for _ in range(self.depth):
            path = path.rpartition("/")[0].rstrip("/")
        if settings.BASE_URL:
            return f"{settings.BASE_URL.rstrip('/')}{path}"
        return str(self.request.build_absolute_uri(path))

    # Responses

    def handle_exception(self, exc: Exception) -> Response:
        """Return the response with the SCIM error, and save its event, after the rollback."""
        error = as_scim_error(exc, getattr(self, "correlation_id", ""))
        body = error_message(error, getattr(self, "correlation_id", ""))
        response = Response(body, status=error.status)
        response.exception = True
        if error.status == 401:
            invalid = ', error="invalid_token"' if isinstance(error, InvalidToken) else ""
            response["WWW-Authenticate"] = f"{REALM}{invalid}"
        elif isinstance(error, InsufficientScope):
            response["WWW-Authenticate"] = f'{REALM}, error="insufficient_scope"'
        elif error.status == 405:
            response["Allow"] = ", ".join(self.allowed_methods)
        wait = RETRY_AFTER if error.status == 503 else getattr(exc, "wait", None)
        if wait is not None:
            response["Retry-After"] = str(int(wait) + 1)
        if error.status == 503:
            mark_as_logged(response)
        if not isinstance(error, Unavailable):  # then the database could not store it
            self._record_failure(error, body)
        return response

    def record_read(self) -> None:
        """Save the event of a read, if the connection logs reads."""
        if self.token.connection.log_reads:
            self.recorder.save_success(Event.Action.READ, 200, tolerances=self.tolerances)

    def _record_failure(self, error: ScimError, answer: Any) -> None:
        recorder = getattr(self, "recorder", None)
        if recorder is None or self.request.method == "OPTIONS":
            return
        if isinstance(error, TooManyRequests) and error.is_repeated:
            return
        action = self.action_of_request()
        if recorder.connection is None:
            action = Event.Action.AUTHENTICATION
            if (token := getattr(self.request, "scim_token", None)) is not None:
                recorder.set_token(token)
        used = self.tolerances.used if recorder.connection else ()
        body, adapter, scim_id = self._parsed_body(), self.adapter_of_request(), self.scim_id()
        record_failure(recorder, action, error, body, answer, used, adapter, scim_id)

    def adapter_of_request(self) -> Any:
        """Return the adapter of the resource type that the request names, None without one."""
        if getattr(self, "token", None) is None:
            return None
        try:
            is_known = self.resource_type in self.registry.names()
            return self.registry.adapter(self.resource_type) if is_known else None
        except IMPORT_ERRORS:  # which is why the request failed
            return None

    def scim_id(self) -> str:
        """Return the id of the resource that the request names, "" without one."""
        return str(self.kwargs.get("scim_id", ""))

    def _parsed_body(self) -> Any:
        """Return the parsed body for the event, None if it was not or could not be parsed."""
        body = self.parsed_body
        return body if self.recorder.connection is not None and body != {} else None

    def action_of_request(self) -> str:
        """Return the action of the request, for the event of a failed one."""
        if self.is_query():
            return Event.Action.READ
        return ACTIONS.get(self.request.method or "", Event.Action.READ)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(response, Response) and not getattr(request, "accepted_renderer", None):
            request.accepted_renderer = self.renderer_classes[0]()
            request.accepted_media_type = request.accepted_renderer.media_type
        response = super().finalize_response(request, response, *args, **kwargs)
        # no-store keeps ConditionalGetMiddleware from adding an ETag that If-Match would reject.
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


def correlation_id(request: HttpRequest) -> str:
    """Return the client's X-Request-Id if it has only safe characters, else a new id.

    It is stored and logged, so an id that contains a token is replaced, too.
    """
    client_id = request.META.get("HTTP_X_REQUEST_ID", "")
    is_safe = _SAFE_ID.fullmatch(client_id) and hide_tokens(client_id) == client_id
    return client_id if is_safe else uuid.uuid4().hex

"""Convert exceptions to SCIM errors (RFC 7644 section 3.12).

Views and adapters only raise exceptions; the HTTP status is decided here.
"""

import logging

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DataError, IntegrityError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404
from rest_framework import exceptions as drf
from rest_framework.serializers import as_serializer_error

from ..adapters import adapter_classes
from ..adapters.writing import constraints
from ..availability import is_unavailable, on_one_line
from ..protocol import errors
from ..protocol.errors import ScimError
from ..site_code import place_in_site
from ..transactions import is_lost_race
from .serializers import RejectedBody, error_text

logger = logging.getLogger("django_scim")


#: Exceptions that get the usual response even if code of the site has raised them.
ANSWERED = (DataError, drf.AuthenticationFailed, drf.NotAuthenticated, drf.Throttled)


def _is_answered(error: Exception) -> bool:
    if isinstance(error, IntegrityError):
        return constraints.violation_of(error) is None  # else it is of a table of the site
    return isinstance(error, ANSWERED)


class BadRequest(ScimError):
    """A request that Django or DRF rejected and that has no ``scimType``."""

    status = 400
    reason = "request_suspicious"


class Unavailable(ScimError):
    """Something that the site needs, such as its database, cannot be reached at the moment."""

    status = 503


class Busy(ScimError):
    """The database let other requests win each time, for example in a deadlock."""

    status = 503


def as_scim_error(error: Exception, correlation_id: str) -> ScimError:
    """Return the SCIM error for an exception.

    An unexpected exception is logged; the client only gets the request's id.
    """
    match error:
        case ScimError():
            return error
        case RejectedBody():
            return error.error
        case ProtectedError() | RestrictedError():
            return errors.Conflict(
                "the object cannot be deleted, since other data depends on it", "in_use"
            )
        case drf.ValidationError():
            return errors.InvalidValue(error_text(error.detail, ""))
        case ValidationError():
            return errors.InvalidValue(error_text(as_serializer_error(error), ""))
        case PermissionDenied() | drf.PermissionDenied() if place := place_in_site(error):
            return errors.Forbidden(f"the site refused the change: {error or place}")
        case _ if is_unavailable(error):
            text = on_one_line(error)
            if is_lost_race(error):
                logger.error("request %s: other requests won each time: %s", correlation_id, text)
                return Busy("too many requests change the same data; try again later")
            logger.error("request %s: the database is not available: %s", correlation_id, text)
            return Unavailable("the database is not available; try again later")
        case IntegrityError() if refusal := constraints.refusal(error, adapter_classes().values()):
            logger.warning("request %s: %s", correlation_id, error)
            return refusal
        case _ if (place := place_in_site(error)) and not _is_answered(error):
            logger.exception("request %s failed", correlation_id, exc_info=error)
            return errors.InternalError(
                f"code of this site failed, and nothing was changed: {type(error).__name__} in "
                f"{place}; the server's log contains details under the request's id"
            )
        case IntegrityError():
            logger.warning("request %s: %s", correlation_id, error)
            return errors.Conflict(
                "the site's database rejected the write: a value is already taken, or a required "
                "value is missing",
                "database_refused",
            )
        case DataError():
            logger.warning("request %s: %s", correlation_id, error)
            return errors.InvalidValue(
                "the site's database cannot store one of the values", "database_refused"
            )
        case drf.MethodNotAllowed():
            return errors.MethodNotAllowed("the endpoint does not support this method")
        case drf.UnsupportedMediaType():
            return errors.UnsupportedMediaType(
                "the body must be application/scim+json or application/json"
            )
        case drf.NotAcceptable():
            return errors.NotAcceptable("the Accept header must allow application/scim+json")
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            return errors.Unauthorized(
                "send a bearer token in the Authorization header", "token_missing"
            )
        case drf.PermissionDenied() | PermissionDenied():
            return errors.Forbidden("the token does not allow this request")
        case drf.NotFound() | Http404():
            return errors.NotFound("there is no such endpoint", "wrong_url")
        case drf.Throttled():
            return errors.TooManyRequests("too many requests")
        case drf.ParseError():
            return errors.InvalidSyntax("the body cannot be parsed")
        case RequestDataTooBig():
            return errors.PayloadTooLarge("the body is larger than the site allows")
        case SuspiciousOperation():
            return BadRequest("the request was rejected as suspicious")
    logger.exception("request %s failed", correlation_id, exc_info=error)
    return errors.InternalError(
        "internal server error; the server's log contains details under the request's id"
    )

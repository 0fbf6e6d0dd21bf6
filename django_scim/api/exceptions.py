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

from ..protocol import errors
from ..protocol.errors import ScimError
from .serializers import RejectedBody, error_text

logger = logging.getLogger("django_scim")


class BadRequest(ScimError):
    """A request that Django or DRF rejected and that has no ``scimType``."""

    status = 400
    reason = "request_suspicious"


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

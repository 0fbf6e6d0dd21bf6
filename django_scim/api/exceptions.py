"""Any exception to a SCIM error. Views raise; this is the one place that decides the status."""

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
from .serializers import Refused, said

logger = logging.getLogger("django_scim")


class BadRequest(ScimError):
    """A request that Django or DRF refused, for which SCIM has no type."""

    status = 400


class TooManyRequests(ScimError):
    """The connection sent more requests than the site allows."""

    status = 429


def as_scim_error(error: Exception, correlation_id: str) -> ScimError:
    """Return the SCIM error for an exception; a defect of ours is logged and told nothing of."""
    match error:
        case ScimError():
            return error
        case Refused():
            return error.error
        case ProtectedError() | RestrictedError():
            return errors.Conflict("the site keeps this object, since other data depends on it")
        case drf.ValidationError():
            return errors.InvalidValue(said(error.detail, ""))
        case ValidationError():
            return errors.InvalidValue(said(as_serializer_error(error), ""))
        case IntegrityError():
            logger.warning("request %s: %s", correlation_id, error)
            return errors.Conflict(
                "the site's database refuses this: another object has a value, or one is missing"
            )
        case DataError():
            logger.warning("request %s: %s", correlation_id, error)
            return errors.InvalidValue("the site's database cannot hold one of the values")
        case drf.MethodNotAllowed():
            return errors.MethodNotAllowed("the endpoint does not take this method")
        case drf.UnsupportedMediaType():
            return errors.UnsupportedMediaType(
                "the body must be application/scim+json or application/json"
            )
        case drf.NotAcceptable():
            return errors.NotAcceptable("Accept must admit application/scim+json")
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            return errors.Unauthorized("send a bearer token in the Authorization header")
        case drf.PermissionDenied() | PermissionDenied():
            return errors.Forbidden("the token does not permit this request")
        case drf.NotFound() | Http404():
            return errors.NotFound("there is no such endpoint")
        case drf.Throttled():
            return TooManyRequests("too many requests")
        case drf.ParseError():
            return errors.InvalidSyntax("the body cannot be read")
        case RequestDataTooBig():
            return errors.PayloadTooLarge("the body is larger than the site allows")
        case SuspiciousOperation():
            return BadRequest("the request was refused as suspicious")
    logger.exception("request %s failed", correlation_id, exc_info=error)
    return errors.InternalError("the server failed; its log has more under the request's id")

"""The errors of SCIM: one class per scimType (RFC 7644 section 3.12) and per HTTP status."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """An error that is answered with a SCIM error message (RFC 7644 section 3.12).

    ``detail`` is read by the administrator of the identity provider. It names the attribute or
    the position of the error and describes the correct form. It never contains a secret.
    ``reason`` is the code of the cause for the event log, by default that of the class, and
    ``params`` are the parameters of its explanation. The client sees neither.
    """

    status: ClassVar[int] = 500
    scim_type: ClassVar[str] = ""
    reason: str = "unknown"
    #: The details of all errors in the same message, if there are several.
    details: tuple[str, ...] = ()
    #: The attributes whose values caused the error, where the code that raised it knows them.
    paths: frozenset[Any] = frozenset()

    def __init__(self, detail: str, reason: str = "", **params: str) -> None:
        super().__init__(detail)
        self.detail, self.params = detail, params
        if reason:
            self.reason = reason

    def located(self, where: str) -> Self:
        """Return the error with its position in the message in front of each detail."""
        self.details = tuple(_located(each, where) for each in self.details)
        self.detail = _located(self.detail, where)
        return self


#: The largest number of errors that one answer names.
MOST_ERRORS = 10


def _located(detail: str, where: str) -> str:
    return detail if detail.startswith(where) else f"{where}: {detail}"


def all_in_one(errors: Sequence[ScimError]) -> ScimError:
    """Return the first of some errors, with the details of all (at most MOST_ERRORS)."""
    first = errors[0]
    details = tuple(dict.fromkeys(d for each in errors for d in each.details or (each.detail,)))
    first.paths = frozenset().union(*(each.paths for each in errors))
    if len(details) > 1:
        more = len(details) - MOST_ERRORS
        shown = [*details[:MOST_ERRORS], *([f"and {more} more"] if more > 0 else [])]
        first.detail, first.details = "; ".join(shown), details
    return first


# With a scimType


class InvalidFilter(ScimError):
    """The filter has a syntax error, or an operator that does not fit its attribute.

    RFC 7644 section 3.12, table 9. ``position`` counts characters from 0, the message from 1.
    """

    status, scim_type = 400, "invalidFilter"
    reason = "filter_invalid"

    def __init__(self, detail: str, position: int | None = None) -> None:
        super().__init__(detail if position is None else f"{detail} (at character {position + 1})")
        self.position = position


class TooMany(ScimError):
    """A query without paging matches more resources than the site allows.

    RFC 7644 section 3.12, table 9.
    """

    status, scim_type = 400, "tooMany"
    reason = "too_many_results"


class Uniqueness(ScimError):
    """The value already belongs to another resource (RFC 7644 section 3.12, table 9)."""

    status, scim_type = 409, "uniqueness"
    reason = "value_taken"


class Mutability(ScimError):
    """The attribute's mutability does not allow the change (RFC 7644 section 3.12, table 9)."""

    status, scim_type = 400, "mutability"
    reason = "read_only"


class InvalidSyntax(ScimError):
    """The body is not JSON, or not the message that this request needs.

    RFC 7644 section 3.12, table 9.
    """

    status, scim_type = 400, "invalidSyntax"
    reason = "message_invalid"


class MalformedMessage(InvalidSyntax):
    """The message itself cannot be read, so that nothing in it can be trusted."""


class InvalidPath(ScimError):
    """The path of a PATCH operation has a syntax error or names an unknown attribute.

    RFC 7644 section 3.12, table 9.
    """

    status, scim_type = 400, "invalidPath"
    reason = "path_invalid"


class UnknownPath(InvalidPath):
    """The path of a PATCH operation names an attribute that no schema has."""


class NoTarget(ScimError):
    """The path of a PATCH operation selects no value (RFC 7644 section 3.12, table 9)."""

    status, scim_type = 400, "noTarget"
    reason = "no_target"


class InvalidValue(ScimError):
    """A required value is missing, or a value does not fit its attribute.

    RFC 7644 section 3.12, table 9.
    """

    status, scim_type = 400, "invalidValue"
    reason = "value_invalid"


class IncompleteResource(InvalidValue):
    """The body lacks a required attribute, so that it is not a complete resource."""


class InvalidVersion(ScimError):
    """The URL names a version of SCIM that this server does not support.

    RFC 7644 section 3.12, table 9, and section 3.13.
    """

    status, scim_type = 400, "invalidVers"
    reason = "version_unsupported"


class Sensitive(ScimError):
    """The URL contains a filter on an attribute that must not appear in URLs.

    RFC 7644 section 3.12, table 9, and section 7.5.2.
    """

    status, scim_type = 403, "sensitive"
    reason = "filter_in_url"


class InvalidCursor(ScimError):
    """The cursor does not belong to this connection and query (RFC 9865 section 2.1).

    The message is always the same, so that it does not reveal another connection's cursor.
    """

    status, scim_type = 400, "invalidCursor"
    reason = "cursor_invalid"

    def __init__(self) -> None:
        super().__init__(
            "cursor: must be empty, or the nextCursor of the last answer to the same query"
        )


class ExpiredCursor(ScimError):
    """The cursor is older than the site allows (RFC 9865 section 2.1)."""

    status, scim_type = 400, "expiredCursor"
    reason = "cursor_expired"


class InvalidCount(ScimError):
    """The count is not a number, or differs from that of the page before (RFC 9865 section 2.1)."""

    status, scim_type = 400, "invalidCount"
    reason = "count_invalid"


# Without one


class Unauthorized(ScimError):
    """The credential is missing or not valid (RFC 7644 section 2)."""

    status = 401
    reason = "token_unknown"


class Forbidden(ScimError):
    """The credential does not permit this request (RFC 7644 section 3.12, table 8)."""

    status = 403
    reason = "not_permitted"


class GuardTripped(ScimError):
    """The guard has stopped the connection (RFC 7644 section 3.12, table 8).

    ``counted`` maps columns of GuardCount to their values including this request. The request's own
    update of them is rolled back.
    """

    status = 403
    reason = "guard_tripped"

    def __init__(self, detail: str, counted: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.counted = dict(counted or {})


class NotFound(ScimError):
    """The resource or endpoint does not exist, or is hidden from this client.

    RFC 7644 section 3.12, table 8.
    """

    status = 404
    reason = "resource_unknown"


class MethodNotAllowed(ScimError):
    """The endpoint does not support the method (RFC 9110 section 15.5.6)."""

    status = 405
    reason = "method_unsupported"


class NotAcceptable(ScimError):
    """The Accept header excludes both media types of SCIM (RFC 9110 section 15.5.7)."""

    status = 406
    reason = "accept_unsupported"


class Conflict(ScimError):
    """The change contradicts the site's own data (RFC 9110 section 15.5.10)."""

    status = 409
    reason = "conflict"


class LengthRequired(ScimError):
    """The server cannot tell where the body ends (RFC 9110 section 15.5.12)."""

    status = 411
    reason = "length_missing"


class PreconditionFailed(ScimError):
    """If-Match does not name the resource's current version (RFC 7644 section 3.14)."""

    status = 412
    reason = "version_outdated"


class PayloadTooLarge(ScimError):
    """The body exceeds a limit, which the message names (RFC 7644 section 3.7.4)."""

    status = 413
    reason = "body_too_large"


class UnsupportedMediaType(ScimError):
    """The body is neither application/scim+json nor application/json.

    RFC 9110 section 15.5.16.
    """

    status = 415
    reason = "media_type"


class PreconditionRequired(ScimError):
    """The site requires If-Match for every change (RFC 6585 section 3)."""

    status = 428
    reason = "version_missing"


class TooManyRequests(ScimError):
    """The client sends more requests than the site allows (RFC 6585 section 4).

    ``wait`` is the number of seconds until a request is allowed again. Only the first refusal in a
    while gets an event; the others are ``is_repeated``.
    """

    status = 429
    reason = "throttled"

    def __init__(self, detail: str, wait: float | None = None, is_repeated: bool = False) -> None:
        super().__init__(detail)
        self.wait, self.is_repeated = wait, is_repeated


class InternalError(ScimError):
    """A defect of the server. The message contains only the id of the request."""

    status = 500
    reason = "internal_error"


class NotImplementedByServer(ScimError):
    """The server does not offer this optional feature (RFC 7644 section 3.12, table 8)."""

    status = 501
    reason = "not_offered"

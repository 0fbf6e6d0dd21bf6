"""One exception class per scimType (RFC 7644 section 3.12, table 9) and per plain HTTP status."""

from collections.abc import Mapping
from typing import Any, ClassVar

ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"


class ScimError(Exception):
    """Anything that is answered with a SCIM error message.

    ``detail`` is for the reader of the answer: it names the attribute or the position that is
    wrong and says what would be right. It never holds a secret.
    """

    status: ClassVar[int] = 500
    scim_type: ClassVar[str] = ""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidFilter(ScimError):
    """The filter cannot be parsed, or its attribute and operator do not go together (T9)."""

    status, scim_type = 400, "invalidFilter"

    def __init__(self, detail: str, position: int | None = None) -> None:
        super().__init__(detail if position is None else f"{detail} (at character {position + 1})")
        self.position = position


class TooMany(ScimError):
    """More resources match than the site returns at once to a client that does not page (T9)."""

    status, scim_type = 400, "tooMany"


class Sensitive(ScimError):
    """The filter names what must not be in a URL (RFC 7644 section 7.5.2)."""

    status, scim_type = 403, "sensitive"


class InvalidCursor(ScimError):
    """No cursor of this connection for this query (RFC 9865 section 2.1).

    Always the same text, so that it does not tell whose cursor it is.
    """

    status, scim_type = 400, "invalidCursor"

    def __init__(self) -> None:
        super().__init__(
            "cursor: must be empty, or the nextCursor of the last answer to the same query"
        )


class ExpiredCursor(ScimError):
    """The cursor was valid, and is too old (RFC 9865 section 2.1)."""

    status, scim_type = 400, "expiredCursor"


class InvalidCount(ScimError):
    """A count that is no number, or another one than in the walk so far (RFC 9865 section 2.1)."""

    status, scim_type = 400, "invalidCount"


class InvalidPath(ScimError):
    """The path of a PATCH operation is malformed or names no attribute (T9)."""

    status, scim_type = 400, "invalidPath"


class InvalidSyntax(ScimError):
    """The body is not JSON, or not the message that the request needs (T9)."""

    status, scim_type = 400, "invalidSyntax"


class InvalidValue(ScimError):
    """A required value is missing, or a value does not fit its attribute (T9)."""

    status, scim_type = 400, "invalidValue"


class InvalidVersion(ScimError):
    """The URL names another version of the protocol (T9; RFC 7644 3.13)."""

    status, scim_type = 400, "invalidVers"


class Mutability(ScimError):
    """The change is not allowed by the attribute's mutability (T9; RFC 7644 3.5.2)."""

    status, scim_type = 400, "mutability"


class NoTarget(ScimError):
    """The path of a PATCH operation selects nothing that could be changed (T9)."""

    status, scim_type = 400, "noTarget"


class Uniqueness(ScimError):
    """The value is taken by another resource (RFC 7644 3.3: 409)."""

    status, scim_type = 409, "uniqueness"


class Conflict(ScimError):
    """The site's own data does not allow the change (RFC 9110 15.5.10)."""

    status = 409


class Unauthorized(ScimError):
    """No credential, or one that is not valid (RFC 7644 section 2)."""

    status = 401


class Forbidden(ScimError):
    """The credential is valid but not for this request (T8)."""

    status = 403


class GuardTripped(ScimError):
    """The site's guard has stopped the connection (T8: 403).

    ``counted`` is what the guard had counted with the request that it refuses, by the names of its
    columns: what the request wrote itself is rolled back.
    """

    status = 403

    def __init__(self, detail: str, counted: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.counted = dict(counted or {})


class NotFound(ScimError):
    """No such resource or endpoint, as far as this client may know (T8)."""

    status = 404


class MethodNotAllowed(ScimError):
    """The endpoint exists and does not take this method (RFC 9110 15.5.6)."""

    status = 405


class NotAcceptable(ScimError):
    """The Accept header admits neither SCIM's media type nor plain JSON."""

    status = 406


class PreconditionFailed(ScimError):
    """If-Match names another version than the current one (RFC 7644 3.14)."""

    status = 412


class PreconditionRequired(ScimError):
    """The site takes no change without If-Match (RFC 6585 section 3)."""

    status = 428


class PayloadTooLarge(ScimError):
    """The body exceeds a limit, which the detail names."""

    status = 413


class UnsupportedMediaType(ScimError):
    """The body is not application/scim+json or application/json."""

    status = 415


class InternalError(ScimError):
    """A defect of the server; the detail holds no more than the request's id."""

    status = 500


class NotImplementedByServer(ScimError):
    """An optional feature of SCIM that this server does not offer (T8)."""

    status = 501

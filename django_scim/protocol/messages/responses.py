"""The bodies of the messages that a server sends (RFC 7644 sections 3.4.2, 3.7.3 and 3.12)."""

from typing import Any

from ..errors import ERROR_URN, ScimError
from .bulk import RESPONSE_URN

LIST_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def error_message(error: ScimError, request_id: str = "") -> dict[str, Any]:
    """Return the body of an error. Its ``status`` is a string (RFC 7644 section 3.12)."""
    body: dict[str, Any] = {"schemas": [ERROR_URN], "status": str(error.status)}
    if error.scim_type:
        body["scimType"] = error.scim_type
    body["detail"] = f"{error.detail} [request {request_id}]" if request_id else error.detail
    return body


def list_response(
    resources: list[dict[str, Any]], total: int, start_index: int | None = 1, next_cursor: str = ""
) -> dict[str, Any]:
    """Return a page of a list. ``Resources`` is always present, even if empty.

    With cursors a page has no ``startIndex``, and the last page has no ``nextCursor`` (RFC 9865
    section 2).
    """
    body: dict[str, Any] = {"schemas": [LIST_URN], "totalResults": total}
    if start_index is not None:
        body["startIndex"] = start_index
    body["itemsPerPage"] = len(resources)
    if next_cursor:
        body["nextCursor"] = next_cursor
    body["Resources"] = resources
    return body


def bulk_response(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the answer to a bulk request, with a result for each operation that was tried."""
    return {"schemas": [RESPONSE_URN], "Operations": results}

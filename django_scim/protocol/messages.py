"""Bodies of the messages that a server sends (RFC 7644 sections 3.4.2, 3.7.3 and 3.12)."""

from typing import Any

from .bulk import RESPONSE_URN
from .errors import ERROR_URN, ScimError

LIST_URN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def error_message(error: ScimError, request_id: str = "") -> dict[str, Any]:
    """Return the body of an error; ``status`` is a string (RFC 7644 3.12)."""
    body: dict[str, Any] = {"schemas": [ERROR_URN], "status": str(error.status)}
    if error.scim_type:
        body["scimType"] = error.scim_type
    body["detail"] = f"{error.detail} [request {request_id}]" if request_id else error.detail
    return body


def list_response(
    resources: list[dict[str, Any]], total: int, start_index: int = 1
) -> dict[str, Any]:
    """Return one page of a list; ``Resources`` is always there, empty or not."""
    return {
        "schemas": [LIST_URN],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }


def bulk_response(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the answer to a bulk request: one result for each operation carried out."""
    return {"schemas": [RESPONSE_URN], "Operations": results}

"""Search requests, which are queries in the body of a POST (RFC 7644 section 3.4.3)."""

from typing import Any

from ..errors import InvalidSyntax
from ..tolerances import Tolerance, Tolerances
from .envelope import read_message

SEARCH_URN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

_MEMBERS: dict[str, type] = {
    "filter": str,
    "sortBy": str,
    "sortOrder": str,
    "startIndex": int,
    "count": int,
    "cursor": str,
    "attributes": list,
    "excludedAttributes": list,
}
_TYPES = {str: "a string", int: "an integer", list: "an array"}


def search_parameters(body: Any, tolerances: Tolerances) -> dict[str, str]:
    """Return the members of a SearchRequest as the parameters of the same query by GET.

    Raises InvalidSyntax for a body that is not a SearchRequest, or a member of the wrong type.
    """
    members = read_message(body, SEARCH_URN)
    parameters: dict[str, str] = {}
    for name, kind in _MEMBERS.items():
        value = members.get(name.lower())
        if value is None:
            continue
        is_other_text = isinstance(value, str) and kind is not str
        if is_other_text and tolerances.permit(Tolerance.NUMBER_TEXT):
            parameters[name] = value
        elif not isinstance(value, kind) or isinstance(value, bool):
            raise InvalidSyntax(f"{name}: must be {_TYPES[kind]}")
        elif isinstance(value, list):
            parameters[name] = ",".join(map(str, value))
        else:
            parameters[name] = str(value)
    return parameters

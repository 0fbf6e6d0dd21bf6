"""Search requests, which are queries in the body of a POST (RFC 7644 section 3.4.3)."""

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

from ..errors import InvalidSyntax, InvalidValue
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

    Raise InvalidSyntax for a body that is not a SearchRequest, or a member of the wrong type.
    """
    members = read_message(body, SEARCH_URN, tolerances)
    parameters: dict[str, str] = {}
    for name, kind in _MEMBERS.items():
        value = members.get(name.lower())
        if value is None or (value == "" and _counts_as_absent(name, tolerances)):
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


def empty_search(tolerances: Tolerances) -> bool:
    """Return whether a search without a body finds everything."""
    return tolerances.permit(Tolerance.EMPTY_SEARCH)


def _counts_as_absent(name: str, tolerances: Tolerances) -> bool:
    """Return whether an empty parameter is ignored. An empty cursor requests the first page."""
    return name != "cursor" and tolerances.permit(Tolerance.EMPTY_PARAMETER)


#: The parameters of a query.
NAMES = frozenset(_MEMBERS)
_NAMES = {name.lower(): name for name in _MEMBERS}
_LISTS = ("attributes", "excludedAttributes")


def url_parameters(
    given: Iterable[tuple[str, list[str]]], query: str, tolerances: Tolerances
) -> dict[str, str]:
    """Return the parameters of a query by GET, by the names of the RFC. Ignore unknown ones.

    ``given`` contains the decoded values by name, ``query`` is the part of the URL that they come
    from. Raises InvalidValue for a parameter that is given twice, or in another case than the
    profile accepts: a filter that is dropped would return everything.
    """
    parameters: dict[str, str] = {}
    for key, values in given:
        name = _NAMES.get(key.lower())
        if name is None:
            continue
        if key != name and not tolerances.permit(Tolerance.PARAMETER_CASE):
            raise InvalidValue(f"{key}: must be written {name}")
        distinct = list(dict.fromkeys(values))
        is_joined = name in _LISTS and len(distinct) > 1
        is_twice = len(distinct) > 1 and not is_joined
        if is_twice or name in parameters:
            raise InvalidValue(f"{name}: is given twice")
        if is_joined and not tolerances.permit(Tolerance.REPEATED_PARAMETER):
            raise InvalidValue(f"{name}: is given twice; separate the names by commas")
        value = ",".join(distinct)
        if value == "" and _counts_as_absent(name, tolerances):
            continue
        parameters[name] = value
    if "+" in query and '"' in parameters.get("filter", ""):
        parameters["filter"] = _with_plus(query, tolerances) or parameters["filter"]
    return parameters


def _with_plus(query: str, tolerances: Tolerances) -> str | None:
    """Return the filter in which a plus between quotes is one, None if it means a blank.

    A client that encodes blanks as %20 does not mean a blank by a plus.
    """
    raw = next(t[7:] for t in query.split("&") if unquote_plus(t[:7]).lower() == "filter=")
    pieces = re.split(r'(%22|")', raw)  # outside, quote, inside, quote, outside ...
    outside, inside = pieces[::4], pieces[2::4]
    is_meant = any("%20" in each for each in outside) and not any("+" in each for each in outside)
    if not is_meant or not any("+" in each for each in inside):
        return None
    if not tolerances.permit(Tolerance.PLAIN_PLUS):
        return None
    pieces[2::4] = [each.replace("+", "%2B") for each in inside]
    return unquote_plus("".join(pieces))

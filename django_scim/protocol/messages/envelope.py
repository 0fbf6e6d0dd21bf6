"""The part that all messages of a client have in common (RFC 7644 section 3.1)."""

from collections.abc import Mapping
from typing import Any

from ..errors import MalformedMessage
from ..resource_body import names_other_message, takes_loose_schemas
from ..tolerances import Tolerances


def read_message(body: Any, urn: str, tolerances: Tolerances) -> dict[str, Any]:
    """Return the members of a message by their names in lower case.

    The URL and the method say which message it is, so that ``schemas`` can be missing, empty or
    old if the profile accepts that.

    Raise MalformedMessage unless the body is an object whose ``schemas`` contain only ``urn``.
    """
    members = read_members(body, "the body")
    urns = members.get("schemas")
    if isinstance(urns, list) and [str(each).lower() for each in urns] == [urn.lower()]:
        return members
    if not names_other_message(urns, urn) and takes_loose_schemas(tolerances):
        return members
    raise MalformedMessage(f'schemas: must be ["{urn}"]')


def read_members(value: Any, name: str) -> dict[str, Any]:
    """Return the members of a JSON object by their names in lower case.

    ``name`` is what errors call the object. Raises MalformedMessage for a value that is not an
    object, or has two members whose names differ only in case.
    """
    if not isinstance(value, Mapping):
        raise MalformedMessage(f"{name} must be a JSON object")
    members: dict[str, Any] = {}
    for key, each in value.items():
        if key.lower() in members:
            raise MalformedMessage(f"{name} has the member {key!r} twice, in different case")
        members[key.lower()] = each
    return members

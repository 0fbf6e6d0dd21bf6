"""The part that all messages of a client have in common (RFC 7644 section 3.1)."""

from collections.abc import Mapping
from typing import Any

from ..errors import InvalidSyntax


def read_message(body: Any, urn: str) -> dict[str, Any]:
    """Return the members of a message by their names in lower case.

    Raises InvalidSyntax unless the body is an object whose ``schemas`` contain only ``urn``.
    """
    members = read_members(body, "the body")
    urns = members.get("schemas")
    if not isinstance(urns, list) or [str(each).lower() for each in urns] != [urn.lower()]:
        raise InvalidSyntax(f'schemas: must be ["{urn}"]')
    return members


def read_members(value: Any, name: str) -> dict[str, Any]:
    """Return the members of a JSON object by their names in lower case.

    ``name`` is what errors call the object. Raises InvalidSyntax for a value that is not an
    object, or has two members whose names differ only in case.
    """
    if not isinstance(value, Mapping):
        raise InvalidSyntax(f"{name} must be a JSON object")
    members: dict[str, Any] = {}
    for key, each in value.items():
        if key.lower() in members:
            raise InvalidSyntax(f"{name} has the member {key!r} twice, in different case")
        members[key.lower()] = each
    return members

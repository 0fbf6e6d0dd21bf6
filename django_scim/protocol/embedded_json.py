"""JSON documents that a client has put into a string, in place of an object or of its value."""

from collections.abc import Mapping
from typing import Any

from .attributes import Attribute
from .errors import InvalidSyntax, InvalidValue
from .json_parser import parse_json
from .tolerances import Tolerance, Tolerances


def json_in(value: Any, path: str, tolerances: Tolerances) -> Any:
    """Return the JSON document in a string; any other value as it is.

    Raise InvalidValue for a string that is no JSON document, if the profile accepts those.
    """
    if not isinstance(value, str) or not value or not tolerances.permit(Tolerance.JSON_TEXT):
        return value
    try:
        return parse_json(value, path)
    except InvalidSyntax as error:
        raise InvalidValue(error.detail) from None


def object_in(attribute: Attribute, text: str, path: str, tolerances: Tolerances) -> Any:
    """Return the object for a text: the JSON document in it, or the ``value`` that it is.

    Raise InvalidValue if the profile does not accept the text.
    """
    if text.lstrip().startswith("{"):
        found = json_in(text, path, tolerances)
        if found is not text:
            return found
    if attribute.default_sub is None:
        raise InvalidValue(f"{path}: must be an object")
    if not tolerances.permit(Tolerance.BARE_VALUE):
        raise InvalidValue(f'{path}: must be an object such as {{"value": "..."}}')
    return {"value": text}


def with_plain_value(
    attribute: Attribute, given: Mapping[str, Any], path: str, tolerances: Tolerances
) -> Mapping[str, Any]:
    """Return a value in whose ``value`` a client has put a JSON document: Entra's app roles."""
    text = given.get("value")
    if not (isinstance(text, str) and text.startswith("{") and text.endswith("}")):
        return given
    try:
        inner = parse_json(text, path)
    except InvalidSyntax:
        return given
    name = inner.get("value")
    if not isinstance(name, str) or not name or json_in(text, path, tolerances) is text:
        return given
    labels = {"display": inner.get("displayName")} if attribute.sub("display") else {}
    return {**labels, **given, "value": name}

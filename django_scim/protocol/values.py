"""Attribute values: conversion from JSON, and comparison without case.

``coerce`` converts a client's JSON to Python (RFC 7643 section 2.3). ``fold`` is the only rule for
comparing without case, so that Python and every database agree.
"""

import base64
import binascii
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .attributes import Attribute
from .embedded_json import object_in, with_plain_value
from .errors import InvalidSyntax, InvalidValue, ScimError, all_in_one
from .formats import check_format, read_datetime
from .tolerances import Tolerance, Tolerances, boolean


def fold(text: str) -> str:
    """Return ``text`` without differences of case, character width and Unicode composition.

    Applies NFKC, lower case and NFC, as RFC 8265 does (UsernameCaseMapped). A final sigma becomes
    an ordinary one, so that folding a substring gives a substring of the folded text.

    >>> fold("BJensen") == fold("ｂjensen") == "bjensen"
    True
    """
    lowered = unicodedata.normalize("NFKC", text).lower().replace("ς", "σ")
    return unicodedata.normalize("NFC", lowered)


EMPTY: tuple[Any, ...] = (None, "", [], {})
"""The values that count as unassigned (RFC 7643 section 2.5)."""


def is_empty(value: Any) -> bool:
    """Return whether a value counts as unassigned: null, "", [] or {} (RFC 7643 section 2.5)."""
    return not value and (value is None or isinstance(value, str | list | dict))


def coerce(
    attribute: Attribute, value: Any, path: str, tolerances: Tolerances, *, partial: bool = False
) -> Any:
    """Return a client's JSON value for ``attribute`` as Python, or None if it unassigns.

    A multi-valued attribute becomes a list, a complex one a dict with the schema's spelling of
    the names, a dateTime a datetime. ``path`` names the attribute in errors. ``partial`` means
    that an object need not contain the required sub-attributes.

    Raise InvalidValue for a value that does not fit (RFC 7643 section 2.3), InvalidSyntax for a
    sub-attribute that is unknown or given twice.
    """
    if is_empty(value):
        return None
    if attribute.multi_valued:
        return _coerce_list(attribute, value, path, tolerances)
    if isinstance(value, list) and len(value) == 1:
        value = _unwrap(attribute, value[0], tolerances, value)
    return coerce_one(attribute, value, path, tolerances, partial=partial)


def coerce_one(
    attribute: Attribute, value: Any, path: str, tolerances: Tolerances, *, partial: bool = False
) -> Any:
    """Like ``coerce``, for a single value of an attribute that may be multi-valued."""
    if attribute.is_complex:
        return _coerce_complex(attribute, value, path, tolerances, partial)
    cleaned = coerce_simple(attribute, value, path, tolerances)
    if attribute.text_format and isinstance(cleaned, str):
        if attribute.is_name and cleaned.isascii() and cleaned.isprintable():
            if cleaned[:1] != " " and cleaned[-1:] != " ":
                return cleaned
        check_format(attribute, cleaned, path, tolerances)
    return cleaned


def coerce_simple(attribute: Attribute, value: Any, path: str, tolerances: Tolerances) -> Any:
    """Like ``coerce_one``, for an attribute that is not complex, and in any format.

    A filter may search for a string that no resource could be given.
    """
    cleaned = _SIMPLE[attribute.type](value, path, tolerances)
    return _canonical(attribute, cleaned, path) if attribute.strict else cleaned


def _canonical(attribute: Attribute, value: Any, path: str) -> Any:
    """Return the canonical value that equals ``value`` (RFC 7643 section 2.3.1)."""
    for each in attribute.canonical_values:
        if value == each or (not attribute.case_exact and fold(str(value)) == fold(each)):
            return each
    raise InvalidValue(f"{path}: must be one of {', '.join(attribute.canonical_values)}")


def _coerce_list(
    attribute: Attribute, value: Any, path: str, tolerances: Tolerances
) -> list[Any] | None:
    if not isinstance(value, list):
        if not tolerances.permit(Tolerance.LONE_ELEMENT):
            raise InvalidValue(f"{path}: must be an array")
        value = [value]
    items: list[Any] = []
    errors: list[ScimError] = []
    for index, each in enumerate(value):
        at = f"{path}[{index}]"
        try:
            item = coerce_one(attribute, each, at, tolerances) if not is_empty(each) else None
            if item is None:
                _check_omission(attribute, each, at)
            elif not (_is_emptied(attribute, each, item) and drops_empty(tolerances)):
                items.append(item)
        except ScimError as error:
            errors.append(error)
    if errors:
        raise all_in_one(errors)
    check_one_primary(items, path)
    return items or None


def _check_omission(attribute: Attribute, value: Any, path: str) -> None:
    """Raise InvalidValue for an element without a value, unless it can be left out.

    Leaving it out could empty the whole list, and so remove all members of a group.
    """
    if has_values(value):
        raise InvalidValue(f"{path}: has nothing that a client can write")
    if attribute.sub("$ref") is not None:
        raise InvalidValue(f"{path}.value: must not be empty; leave the element out instead")


def drops_empty(tolerances: Tolerances) -> bool:
    """Return whether elements without a value go away."""
    return tolerances.permit(Tolerance.EMPTY_VALUE)


_LABELS = {"type", "primary", "display"}


def is_label(attribute: Attribute, value: dict[str, Any]) -> bool:
    """Return whether an element only has labels left: an e-mail without an address.

    The types of such attributes are known (RFC 7643 section 4.1.2); those of roles are not.
    """
    kind = attribute.sub("type")
    if kind is None or not kind.canonical_values or attribute.default_sub is None:
        return False
    return value.keys() <= _LABELS and attribute.sub("$ref") is None


def _is_emptied(attribute: Attribute, value: Any, item: Any) -> bool:
    """Return whether a client sent an element with an empty value and labels."""
    if not isinstance(value, Mapping) or "value" in item:
        return False
    return "value" in map(str.lower, value) and is_label(attribute, item)


def has_values(value: Any) -> bool:
    """Return whether a client's object contains a value, even one that cannot be written."""
    return isinstance(value, Mapping) and not all(is_empty(each) for each in value.values())


def check_one_primary(items: list[Any], path: str) -> None:
    """Raise InvalidValue if more than one value is primary (RFC 7643 section 2.4)."""
    if sum(1 for item in items if isinstance(item, dict) and item.get("primary") is True) > 1:
        raise InvalidValue(f"{path}: only one value can be primary")


def only_element(value: Any, tolerances: Tolerances) -> Any:
    """Return the only element of a list in place of the element itself; any other value as is."""
    if isinstance(value, list) and len(value) == 1 and tolerances.permit(Tolerance.SINGLE_IN_LIST):
        return value[0]
    return value


def _unwrap(attribute: Attribute, item: Any, tolerances: Tolerances, original: Any) -> Any:
    """Return the only value of a list sent for a single-valued attribute."""
    if only_element(original, tolerances) is original:
        return original
    if isinstance(item, dict) and not attribute.is_complex:
        return next((v for k, v in item.items() if k.lower() == "value"), original)
    return item


def _coerce_complex(
    attribute: Attribute, value: Any, path: str, tolerances: Tolerances, partial: bool
) -> dict[str, Any] | None:
    if isinstance(value, str):
        value = object_in(attribute, value, path, tolerances)
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{path}: must be an object")
    if str(value.get("value", "")).startswith("{"):
        value = with_plain_value(attribute, value, path, tolerances)
    result: dict[str, Any] = {}
    seen: set[str] = set()
    errors: list[ScimError] = []
    for key, each in value.items():
        sub = attribute.sub(key)
        try:
            if sub is None:
                ignore_unknown(f"{path}.{key}", tolerances)
                continue
            if sub.name in seen:
                raise InvalidSyntax(f"{path}.{sub.name}: is given twice")
            seen.add(sub.name)
            if sub.mutability == "readOnly":
                continue
            cleaned = coerce(sub, each, f"{path}.{sub.name}", tolerances)
        except ScimError as error:
            errors.append(error)
        else:
            if cleaned is not None:
                result[sub.name] = cleaned
    if result and not partial:
        errors += (
            InvalidValue(f"{path}.{sub.name}: is required")
            for sub in attribute.sub_attributes
            if sub.required and sub.mutability != "readOnly" and sub.name not in result
        )
    if errors:
        raise all_in_one(errors)
    uri = result.get("$ref")
    if uri and result.get("value", uri) not in (uri, split_location(uri)[1]):
        refuse_contradiction(f"{path}.$ref: is not the URI of {path}.value", tolerances)
    return result or None


def refuse_contradiction(wrong: str, tolerances: Tolerances) -> None:
    """Raise InvalidValue for a reference that contradicts its ``value``.

    Outside strict, only the ``value`` counts.
    """
    if not tolerances.permit(Tolerance.LOOSE_REFERENCE):
        raise InvalidValue(wrong)


def ignores_unknown(name: str, tolerances: Tolerances) -> bool:
    """Return whether the profile ignores an attribute that no schema has."""
    return tolerances.ignore(
        Tolerance.UNKNOWN_ATTRIBUTE, f"{name.partition('[')[0][:80]}: is unknown"
    )


def ignore_unknown(
    name: str, tolerances: Tolerances, error: type[ScimError] = InvalidSyntax
) -> None:
    """Raise ``error`` for an attribute that no schema has, unless the profile ignores those."""
    if not ignores_unknown(name, tolerances):
        raise error(f"{name}: there is no such attribute")


def _string(value: Any, path: str, tolerances: Tolerances) -> str:
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and tolerances.permit(Tolerance.NUMBER_FOR_TEXT):
        return str(value)
    raise InvalidValue(f"{path}: must be a string, not {_kind(value)}")


def _boolean(value: Any, path: str, tolerances: Tolerances) -> bool:
    if isinstance(value, bool):
        return value
    if (result := boolean(value, tolerances)) is None:
        raise InvalidValue(f"{path}: must be true or false, not {_kind(value)}")
    return result


def _integer(value: Any, path: str, tolerances: Tolerances) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValue(f"{path}: must be an integer, not {_kind(value)}")
    return value


def _decimal(value: Any, path: str, tolerances: Tolerances) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidValue(f"{path}: must be a number, not {_kind(value)}")
    return value


def _date_time(value: Any, path: str, tolerances: Tolerances) -> datetime:
    moment = read_datetime(value, tolerances)
    if moment is None:
        raise InvalidValue(f"{path}: must be a date and time such as 2008-01-23T04:56:22Z")
    return moment


def _binary(value: Any, path: str, tolerances: Tolerances) -> str:
    """Return base64 (RFC 4648 section 4), with or without padding (RFC 7643 section 2.3.6)."""
    if not isinstance(value, str):
        raise InvalidValue(f"{path}: must be base64, not {_kind(value)}")
    text = value
    try:
        base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidValue(f"{path}: must be base64") from None
    return text


_SIMPLE = {
    "string": _string,
    "reference": _string,
    "boolean": _boolean,
    "integer": _integer,
    "decimal": _decimal,
    "dateTime": _date_time,
    "binary": _binary,
}


def _kind(value: Any) -> str:
    """Return the name of a value's JSON type. Errors never show the value: it may be a secret."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return names.get(type(value), "null" if value is None else "a number")


def split_location(uri: str) -> tuple[str, str]:
    """Return the endpoint and the id at the end of a resource's URI, "" for a missing one.

    A relative URI, or an id alone, is taken too (RFC 7643 section 2.4, ``$ref``).
    """
    *_, endpoint, scim_id = ["", "", *uri.rstrip("/").split("/")]
    return endpoint, scim_id

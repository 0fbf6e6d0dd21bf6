"""Attribute values: conversion from JSON, and comparison without case.

``coerce`` converts a client's JSON to Python (RFC 7643 section 2.3). ``fold`` is the only rule for
comparing without case, so that Python and every database agree.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from .attributes import Attribute
from .errors import InvalidSyntax, InvalidValue, ScimError
from .formats import check_format
from .tolerances import Tolerance, Tolerances, boolean

_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


def fold(text: str) -> str:
    """Return ``text`` without differences of case, character width and Unicode composition.

    Applies NFKC, lower case and NFC, as RFC 8265 does (UsernameCaseMapped). A final sigma becomes
    an ordinary one, so that folding a substring gives a substring of the folded text.

    >>> fold("BJensen") == fold("ｂjensen") == "bjensen"
    True
    """
    lowered = unicodedata.normalize("NFKC", text).lower().replace("ς", "σ")
    return unicodedata.normalize("NFC", lowered)


def parse_datetime(text: str) -> datetime | None:
    """Return an xsd:dateTime as a datetime in UTC, or None if ``text`` is not one.

    A time without a zone is read as UTC. Digits beyond microseconds are dropped.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "")[:6].ljust(6, "0"))
    offset = timedelta()
    if zone and zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if minutes > 59 or hours * 60 + minutes > 14 * 60:
            return None
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second), micro,
            tzinfo=timezone(offset),
        )  # fmt: skip
    except ValueError:
        return None
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # within hours of the first or last datetime of Python
        return moment.replace(tzinfo=UTC)


def format_datetime(moment: datetime) -> str:
    """Return a datetime as an xsd:dateTime in UTC, such as 2008-01-23T04:56:22Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


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

    Raises InvalidValue for a value that does not fit (RFC 7643 section 2.3), InvalidSyntax for a
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
    items = []
    for index, each in enumerate(value):
        if is_empty(each):
            continue
        at = f"{path}[{index}]"
        item = coerce_one(attribute, each, at, tolerances)
        if item is not None:
            items.append(item)
        elif has_values(each):  # dropping it could empty the whole list
            raise InvalidValue(f"{at}: has nothing that a client can write")
    check_one_primary(items, path)
    return items or None


def has_values(value: Any) -> bool:
    """Return whether a client's object contains a value, even one that cannot be written."""
    return isinstance(value, Mapping) and not all(is_empty(each) for each in value.values())


def check_one_primary(items: list[Any], path: str) -> None:
    """Raise InvalidValue if more than one value is primary (RFC 7643 section 2.4)."""
    if sum(1 for item in items if isinstance(item, dict) and item.get("primary") is True) > 1:
        raise InvalidValue(f"{path}: only one value can be primary")


def _unwrap(attribute: Attribute, item: Any, tolerances: Tolerances, original: Any) -> Any:
    """Return the only value of a list sent for a single-valued attribute."""
    if not tolerances.permit(Tolerance.SINGLE_IN_LIST):
        return original
    if isinstance(item, dict) and not attribute.is_complex:
        return next((v for k, v in item.items() if k.lower() == "value"), original)
    return item


def _coerce_complex(
    attribute: Attribute, value: Any, path: str, tolerances: Tolerances, partial: bool
) -> dict[str, Any] | None:
    if isinstance(value, str) and attribute.default_sub is not None:
        if not tolerances.permit(Tolerance.BARE_VALUE):
            raise InvalidValue(f'{path}: must be an object such as {{"value": "..."}}')
        value = {"value": value}
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{path}: must be an object")
    result: dict[str, Any] = {}
    seen: set[str] = set()
    for key, each in value.items():
        sub = attribute.sub(key)
        if sub is None:
            ignore_unknown(f"{path}.{key}", tolerances)
            continue
        if sub.name in seen:
            raise InvalidSyntax(f"{path}.{sub.name}: is given twice")
        seen.add(sub.name)
        if sub.mutability == "readOnly":
            continue
        cleaned = coerce(sub, each, f"{path}.{sub.name}", tolerances)
        if cleaned is not None:
            result[sub.name] = cleaned
    if result and not partial:
        for sub in attribute.sub_attributes:
            if sub.required and sub.mutability != "readOnly" and sub.name not in result:
                raise InvalidValue(f"{path}.{sub.name}: is required")
    return result or None


def ignore_unknown(
    name: str, tolerances: Tolerances, error: type[ScimError] = InvalidSyntax
) -> None:
    """Raise ``error`` for an attribute that no schema has, unless the profile ignores those."""
    if not tolerances.permit(Tolerance.UNKNOWN_ATTRIBUTE):
        raise error(f"{name}: there is no such attribute")


def _string(value: Any, path: str, tolerances: Tolerances) -> str:
    if not isinstance(value, str):
        raise InvalidValue(f"{path}: must be a string, not {_kind(value)}")
    return value


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
    moment = parse_datetime(value) if isinstance(value, str) else None
    if moment is None:
        raise InvalidValue(f"{path}: must be a date and time such as 2008-01-23T04:56:22Z")
    return moment


def _binary(value: Any, path: str, tolerances: Tolerances) -> str:
    """Return base64 (RFC 4648 section 4), with or without padding (RFC 7643 section 2.3.6)."""
    text = _string(value, path, tolerances)
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

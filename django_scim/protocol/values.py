"""Values by attribute type: what a client may send, and how two values compare.

``coerce`` turns JSON into Python (RFC 7643 section 2.3), ``fold`` is the one rule for comparing
without case, the same in Python and on every database.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from .attributes import Attribute
from .errors import InvalidSyntax, InvalidValue
from .formats import check_format
from .tolerances import Tolerance, Tolerances, boolean

_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


def fold(text: str) -> str:
    """Return the form in which texts are equal that differ only in case or Unicode spelling.

    NFKC, lower case, NFC, as RFC 8265 (UsernameCaseMapped) has it; the final sigma becomes the
    ordinary one, so that folding a part of a text is a part of the folded text.

    >>> fold("BJensen") == fold("ｂjensen") == "bjensen"
    True
    """
    lowered = unicodedata.normalize("NFKC", text).lower().replace("ς", "σ")
    return unicodedata.normalize("NFC", lowered)


def parse_datetime(text: str) -> datetime | None:
    """Return the instant of an xsd:dateTime in UTC, or None when ``text`` is not one.

    Without a zone it is taken as UTC; digits beyond microseconds are cut off.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    micro = int((fraction or "")[:6].ljust(6, "0"))
    offset = timedelta()
    if zone and zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if hours > 14 or minutes > 59:
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
    except OverflowError:  # the very first or last hours that a datetime can hold
        return moment.replace(tzinfo=UTC)


def format_datetime(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def is_empty(value: Any) -> bool:
    """Whether a value is the same as none: null, "", [] and {} (RFC 7643 section 2.5)."""
    return value is None or value == "" or value == [] or value == {}


def coerce(
    attribute: Attribute, value: Any, path: str, tolerances: Tolerances, *, partial: bool = False
) -> Any:
    """Return the Python value of what a client sent for ``attribute``; None when unassigned.

    ``path`` names the attribute in errors. A multi-valued attribute gives a list, a complex one
    a dict keyed by the schema's own spelling, a dateTime a datetime. With ``partial`` an object
    changes only what it names, and so need not have the required sub-attributes.

    Raises InvalidValue for a value that does not fit (RFC 7643 section 2.3).
    """
    if is_empty(value):
        return None
    if attribute.multi_valued:
        return _coerce_list(attribute, value, path, tolerances)
    if isinstance(value, list) and len(value) == 1:
        value = _unwrap(attribute, value[0], tolerances, value)
    return _in_format(
        attribute, coerce_one(attribute, value, path, tolerances, partial=partial), path, tolerances
    )


def _in_format(attribute: Attribute, value: Any, path: str, tolerances: Tolerances) -> Any:
    if isinstance(value, str):
        check_format(attribute, value, path, tolerances)
    return value


def coerce_one(
    attribute: Attribute, value: Any, path: str, tolerances: Tolerances, *, partial: bool = False
) -> Any:
    """Like ``coerce``, for a single value, also of a multi-valued attribute."""
    if attribute.is_complex:
        return _coerce_complex(attribute, value, path, tolerances, partial)
    cleaned = _SIMPLE[attribute.type](value, path, tolerances)
    return _canonical(attribute, cleaned, path) if attribute.strict else cleaned


def _canonical(attribute: Attribute, value: Any, path: str) -> Any:
    """Return the canonical value that is meant (RFC 7643 section 2.3.1)."""
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
        item = _in_format(attribute, coerce_one(attribute, each, at, tolerances), at, tolerances)
        if item is not None:
            items.append(item)
        elif says_something(each):  # to drop it could empty the whole list
            raise InvalidValue(f"{path}[{index}]: has nothing that a client can write")
    check_one_primary(items, path)
    return items or None


def says_something(value: Any) -> bool:
    """Whether a client's object has any value, be it one that cannot be written."""
    return isinstance(value, Mapping) and not all(is_empty(each) for each in value.values())


def check_one_primary(items: list[Any], path: str) -> None:
    """Raise InvalidValue when two elements are primary (RFC 7643 section 2.4)."""
    if sum(1 for item in items if isinstance(item, dict) and item.get("primary") is True) > 1:
        raise InvalidValue(f"{path}: only one value can be primary")


def _unwrap(attribute: Attribute, item: Any, tolerances: Tolerances, original: Any) -> Any:
    """Take the one value out of a list where the attribute is single-valued."""
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
            raise InvalidValue(f"{path}: must be an object with a value")
        value = {"value": value}
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{path}: must be an object")
    result: dict[str, Any] = {}
    seen: set[str] = set()
    for key, each in value.items():
        sub = attribute.sub(key)
        if sub is None:
            if not tolerances.permit(Tolerance.UNKNOWN_ATTRIBUTE):
                raise InvalidSyntax(f"{path}.{key}: no such attribute")
            continue
        if sub.name in seen:
            raise InvalidSyntax(f"{path}.{sub.name}: given twice")
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
    """Base64 of RFC 4648 section 4; its padding may be left out (RFC 7643 section 2.3.6)."""
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
    """Name a JSON value's type in an error, never the value: it may be a secret."""
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return names.get(type(value), "null" if value is None else "a number")


def split_location(uri: str) -> tuple[str, str]:
    """Return the endpoint and the id at the end of a resource's URI, "" for a missing one.

    A relative URI, or an id alone, is taken too (RFC 7643 section 2.4, ``$ref``).
    """
    *_, endpoint, scim_id = ["", "", *uri.rstrip("/").split("/")]
    return endpoint, scim_id

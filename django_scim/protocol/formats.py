"""Formats of strings: those that the RFCs require and many directories do not follow, and dates.

A schema names one as ``format`` (RFC 7643 section 2.3.1 allows an attribute to have one).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from .attributes import Attribute
from .errors import InvalidValue
from .tolerances import Tolerance, Tolerances


@dataclass(frozen=True)
class Format:
    """The pattern of a format, and its description in an error."""

    pattern: re.Pattern[str]
    description: str


FORMATS = {
    "country": Format(re.compile(r"[A-Z]{2}"), "a country code of ISO 3166-1 such as US"),
    "uri": Format(re.compile(r"[^\s\x00-\x20\x7f<>\"{}|\\^`]+"), "a URI"),
}


def check_format(attribute: Attribute, value: str, path: str, tolerances: Tolerances) -> None:
    """Check a string against the format of its attribute, which must have one.

    Raises InvalidValue unless it matches or the profile accepts any string.
    """
    found = FORMATS[attribute.text_format]
    if not found.pattern.fullmatch(value) and not tolerances.permit(Tolerance.LOOSE_FORMAT):
        raise InvalidValue(f"{path}: must be {found.description}")


_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


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
    is_end = (hour, minute, second) == ("24", "00", "00") and not micro  # of the day
    try:
        moment = datetime(
            int(year), int(month), int(day), 0 if is_end else int(hour), int(minute), int(second),
            micro, tzinfo=timezone(offset),
        )  # fmt: skip
    except ValueError:
        return None
    try:
        return (moment + timedelta(days=is_end)).astimezone(UTC)
    except OverflowError:  # within hours of the first or last datetime of Python
        return moment.replace(tzinfo=UTC)


_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def read_datetime(value: Any, tolerances: Tolerances) -> datetime | None:
    """Return a client's xsd:dateTime in UTC, None for another value.

    A date alone is midnight UTC, if the profile accepts it.
    """
    if not isinstance(value, str):
        return None
    if _DATE.fullmatch(value) and tolerances.permit(Tolerance.DATE_ONLY):
        value += "T00:00:00Z"
    return parse_datetime(value)


def format_datetime(moment: datetime) -> str:
    """Return a datetime as an xsd:dateTime in UTC, such as 2008-01-23T04:56:22Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

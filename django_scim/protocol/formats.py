"""Formats of strings: those that the RFCs require, names without invisible characters, and dates.

A schema names one as ``format`` (RFC 7643 section 2.3.1 allows an attribute to have one).
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from .attributes import Attribute
from .errors import InvalidValue
from .tolerances import Tolerance, Tolerances

_COUNTRIES = frozenset(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW".split()
)
_TAG = (
    r"(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?|x(?:-[a-z0-9]{1,8})+)"
)
_LANGUAGE = re.compile(_TAG, re.IGNORECASE | re.ASCII)
_RANGE = rf"(?:\*|{_TAG})(?:\s*;\s*q=(?:0(?:\.[0-9]{{0,3}})?|1(?:\.0{{0,3}})?))?"
_LANGUAGES = re.compile(rf"{_RANGE}(?:\s*,\s*{_RANGE})*", re.IGNORECASE | re.ASCII)
_URI = re.compile(r"[^\s\x00-\x20\x7f<>\"{}|\\^`]+")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _is_certificate(text: str) -> bool:
    """Return whether base64 contains a single DER sequence, as a certificate is one."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    if len(data) < 4 or data[0] != 0x30:
        return False
    size, start = data[1], 2
    if size >= 0x80:
        start = 2 + (size & 0x7F)
        size = int.from_bytes(data[2:start], "big")
    return len(data) == start + size and data[start : start + 1] == b"\x30"


@dataclass(frozen=True)
class Format:
    """The test of a format, and its description in an error."""

    matches: Callable[[str], object]
    description: str


FORMATS = {
    "certificate": Format(_is_certificate, "one certificate in DER, as base64"),
    "country": Format(_COUNTRIES.__contains__, "a country code of ISO 3166-1 such as US"),
    "language": Format(_LANGUAGE.fullmatch, "a language tag such as en-US"),
    "languages": Format(_LANGUAGES.fullmatch, "language tags such as en-US, or de;q=0.5"),
    "timezone": Format(lambda text: text in _zones(), "a time zone such as America/Los_Angeles"),
    "uri": Format(_URI.fullmatch, "a URI"),
}
#: Control and format characters, separators of lines, surrogates, private use and unassigned: the
#: string classes of RFC 8264 exclude them, too.
_REFUSED = frozenset(("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"))
#: Letters and marks of other categories that are not visible either: fillers, joiners, variation
#: selectors (Default_Ignorable_Code_Point in Unicode), and the blank of Braille.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: Characters that labels may contain between others: joiners, and selectors of an emoji's form.
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")


def check_format(attribute: Attribute, value: str, path: str, tolerances: Tolerances) -> None:
    """Check a string against the format of its attribute, which must have one.

    Raise InvalidValue unless it matches or the profile accepts any string. No profile accepts
    invisible characters in names.
    """
    if attribute.is_name:
        _check_name(attribute.format, value, path)
        return
    found = FORMATS[attribute.text_format]
    if not found.matches(value) and not tolerances.permit(Tolerance.LOOSE_FORMAT):
        raise InvalidValue(f"{path}: must be {found.description}")


def _check_name(kind: str, value: str, path: str) -> None:
    """Raise InvalidValue for a name that cannot be shown, or that no login form accepts.

    A ``line`` has no control characters; ``identifier``, ``label`` and ``login`` have only visible
    ones. Django's login form strips blanks around a name.
    """
    if kind == "line":
        if _CONTROL.search(value):
            raise InvalidValue(f"{path}: must not contain control characters")
        return
    if kind == "login" and value != value.strip():
        raise InvalidValue(f"{path}: must not begin or end with a blank")
    if not value.isprintable() or _IGNORABLE.search(value):
        _require_visible(value, path, _JOINERS if kind == "label" else frozenset())


def _require_visible(value: str, path: str, joiners: frozenset[str]) -> None:
    """Raise InvalidValue for the first invisible character, with its code point and position."""
    for index, char in enumerate(value):
        if unicodedata.category(char) not in _REFUSED and not _IGNORABLE.match(char):
            continue
        if char in joiners and index > 0 and value[index - 1].isprintable():
            if index + 1 < len(value) or char in "\ufe0e\ufe0f":
                continue
        raise InvalidValue(
            f"{path}: must not contain control or invisible characters; character {index + 1} is "
            f"U+{ord(char):04X}"
        )


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

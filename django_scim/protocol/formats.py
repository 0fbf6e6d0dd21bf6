"""Formats of strings that the RFCs require and many directories do not follow.

A schema names one as ``format`` (RFC 7643 section 2.3.1 allows an attribute to have one).
"""

import re
from dataclasses import dataclass

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

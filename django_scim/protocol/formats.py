"""Formats of strings: those that the RFCs require, and names without invisible characters.

A schema names one as ``format`` (RFC 7643 section 2.3.1 allows an attribute to have one).
"""

import re
import unicodedata
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
#: Control and format characters, separators of lines, surrogates, private use and unassigned: the
#: string classes of RFC 8264 exclude them, too.
_REFUSED = frozenset(("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"))
#: Letters and marks of other categories that are not visible either: fillers, joiners, variation
#: selectors (Default_Ignorable_Code_Point in Unicode), and the blank of Braille.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
#: What labels may contain between other characters: joiners, and selectors of an emoji's form.
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")


def check_format(attribute: Attribute, value: str, path: str, tolerances: Tolerances) -> None:
    """Check a string against the format of its attribute, which must have one.

    Raises InvalidValue unless it matches or the profile accepts any string. No profile accepts
    invisible characters in names.
    """
    if attribute.is_name:
        if not value.isprintable() or _IGNORABLE.search(value):
            _require_visible(value, path, _JOINERS if attribute.format == "label" else frozenset())
        return
    found = FORMATS[attribute.text_format]
    if not found.pattern.fullmatch(value) and not tolerances.permit(Tolerance.LOOSE_FORMAT):
        raise InvalidValue(f"{path}: must be {found.description}")


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

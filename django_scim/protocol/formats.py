"""Formats that the RFC demands of texts, and that many directories do not keep to.

A schema names one as ``format``: RFC 7643 section 2.3.1 lets an attribute have one.
"""

import re
from dataclasses import dataclass

from .attributes import Attribute
from .errors import InvalidValue
from .tolerances import Tolerance, Tolerances


@dataclass(frozen=True)
class Format:
    """What a text must look like, and how an error says so."""

    pattern: re.Pattern[str]
    words: str


FORMATS = {
    "country": Format(re.compile(r"[A-Z]{2}"), "a code of ISO 3166-1 such as US"),
    "uri": Format(re.compile(r"[^\s\x00-\x20\x7f<>\"{}|\\^`]+"), "a URI"),
}


def format_of(attribute: Attribute) -> str:
    """Return the name of the format of an attribute's texts, or an empty text."""
    return "uri" if attribute.type == "reference" else attribute.format


def check_format(attribute: Attribute, value: str, path: str, tolerances: Tolerances) -> None:
    """Raise InvalidValue for a text that is not in its attribute's format."""
    found = FORMATS.get(format_of(attribute))
    if found is None or found.pattern.fullmatch(value):
        return
    if not tolerances.permit(Tolerance.LOOSE_FORMAT):
        raise InvalidValue(f"{path}: must be {found.words}")

"""Durations as arguments of commands."""

import argparse
import re
from datetime import timedelta

_UNITS = {"h": 1, "d": 24, "w": 24 * 7}
_DURATION = re.compile(r"([0-9]{1,5})([hdw])")


def duration(text: str) -> timedelta:
    """Return the duration in a text such as 90d. Raises ArgumentTypeError for any other text."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or int(found[1]) == 0:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a duration: write a number and h, d or w, such as 12h, 90d or 8w"
        )
    return timedelta(hours=int(found[1]) * _UNITS[found[2]])


def positive(text: str) -> int:
    """Return a number from 1. Raises ArgumentTypeError for any other text."""
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)

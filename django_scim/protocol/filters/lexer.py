"""Splits a filter into words, strings and marks (RFC 7644 section 3.4.2.2, figure 1).

A token of the kind "other" is a string in quotes that JSON does not have.
"""

import re
from typing import NamedTuple

from ..errors import InvalidFilter

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<other>\'(?:[^\'\\]|\\.)*\'(?![^\s()\[\]])'
    r"|[“”][^“”]*[“”](?![^\s()\[\]])|[‘’][^‘’]*[‘’](?![^\s()\[\]]))"
    r'|(?P<mark>[()\[\]])|(?P<word>[^\s()\[\]"]+))'
)


class Token(NamedTuple):
    kind: str
    text: str
    position: int


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a filter or a PATCH path, with their positions.

    Raise InvalidFilter for a string without a closing quote.
    """
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            start = text.index('"', at)
            raise InvalidFilter("the string that starts here has no closing quote", start)
        kind = str(match.lastgroup)
        tokens.append(Token(kind, match[kind], match.start(kind)))
        at = match.end()
    return tokens

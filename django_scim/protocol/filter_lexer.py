"""Filter text to words, strings and marks (RFC 7644 section 3.4.2.2, figure 1)."""

import re
from typing import NamedTuple

from .errors import InvalidFilter

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<mark>[()\[\]])|(?P<word>[^\s()\[\]"]+))'
)


class Token(NamedTuple):
    kind: str
    text: str
    position: int


def tokenize(text: str, offset: int = 0) -> list[Token]:
    """Split filter text; positions count from ``offset``. Raises InvalidFilter."""
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise InvalidFilter("a string is not closed", offset + start)
        kind = str(match.lastgroup)
        tokens.append(Token(kind, match.group(kind), offset + match.start(kind)))
        at = match.end()
    return tokens

"""Recognise secrets by their names, by the text around them, and tokens by their form."""

import re
from functools import lru_cache
from unicodedata import category, normalize
from urllib.parse import unquote_plus

from ..models.tokens import TOKEN_PREFIX

HIDDEN = "***"

#: Folded names that are secret wherever they occur in a name, and those that only end one.
_ANYWHERE = "password|passwd|passphrase|apikey|privatekey|accesskey|authorization|credential"
_AT_THE_END = "secrets?|tokens?|pwd"
_NAME = re.compile(rf"\w*(?:{_ANYWHERE})\w*|\w*(?:{_AT_THE_END})\b")
#: Text in which a value follows a name, as in ``token: x``, ``token=x`` or ``token eq "x"``.
_ASSIGNED = re.compile(
    rf"(?:{_ANYWHERE}|{_AT_THE_END})\w*[\s\"'\]\\]*(?:[:=]|(?:eq|ne|co|sw|ew|gt|ge|lt|le)\b)"
    r"|\bbearer\s"
)
_MENTIONED = re.compile(r"passw(?:or)?d|passphrase")
#: A bare name, with or without the URN of its schema: it is a path, and contains no secret.
_BARE = re.compile(
    rf"\s*(?:urn:[\w:.]+:\s*)?[a-z]{{0,20}}(?:{_ANYWHERE}|{_AT_THE_END})s?(?:\.value)?\s*"
)
#: The characters that can begin something suspicious; most texts contain none of these.
_SUSPICIOUS = re.compile(r"pass|pwd|secret|token|key|autho|credent|bearer|[%\\]|[^\x00-\x7f]", re.I)
_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})")
_LONGEST_NAME = 500


def fold(text: str) -> str:
    """Return a text in which equal names are equal: decoded, without case, dashes and blanks.

    Characters that look different but fold to the same letter, such as full-width ones, become
    that letter. Invisible characters are removed.
    """
    for _ in range(3):
        if "%" not in text:
            break
        text = unquote_plus(text)
    if "\\" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    if not text.isascii():
        text = normalize("NFKC", normalize("NFKC", text).casefold())
        if not text.isascii():
            text = "".join(char for char in text if category(char) not in ("Cf", "Mn"))
    return text.lower().replace("-", "").replace("_", "")


@lru_cache(maxsize=2_000)
def is_secret_name(name: str) -> bool:
    """Return whether a key or path names a secret, in any spelling and after any URN."""
    return _NAME.search(fold(name)) is not None


def is_secret(name: object) -> bool:
    """Return whether a key, a path, or a list or object of paths names a secret."""
    if isinstance(name, str):
        if _SUSPICIOUS.search(name) is None:
            return False
        return is_secret_name(name) if len(name) <= _LONGEST_NAME else contains_secret(name)
    if isinstance(name, list | dict):
        found: list[object] = [name]
        while found:
            each = found.pop()
            if isinstance(each, dict):
                found += [*each, *each.values()]
            elif isinstance(each, list):
                found += each
            elif isinstance(each, str) and is_secret(each):
                return True
    return False


def contains_secret(text: str) -> bool:
    """Return whether a text mentions a password, or assigns a value to the name of a secret.

    A name alone, such as the path ``password``, contains no secret.
    """
    if _SUSPICIOUS.search(text) is None:
        return False
    folded = fold(text)
    if _ASSIGNED.search(folded) is None and _MENTIONED.search(folded) is None:
        return False
    return len(text) > _LONGEST_NAME or _BARE.fullmatch(folded) is None


def _encoded(char: str) -> str:
    return f"(?:{re.escape(char)}|%(?:25)*{ord(char):02X})"


_CHARACTER = r"(?:[A-Za-z0-9_-]|%(?:25)*(?:2D|3\d|[46][1-9A-F]|[57][0-9A]|5F))"
_LONG = f"{_CHARACTER}{{20,}}"
_TOKEN = re.compile(re.escape(TOKEN_PREFIX) + r"[A-Za-z0-9_-]{20,}", re.IGNORECASE)
_ENCODED_TOKEN = re.compile("".join(map(_encoded, TOKEN_PREFIX)) + _LONG, re.IGNORECASE)


def hide_tokens(text: str) -> str:
    """Return a text with the tokens of connections hidden, also if they are percent-encoded."""
    return _tokens(text).sub(_hide_token, text) if _may_contain_tokens(text) else text


def tokens_in(text: str) -> list[str]:
    """Return the tokens in a text."""
    if not _may_contain_tokens(text):
        return []
    found = [each[0] for each in _tokens(text).finditer(text)]
    return [each for each in found if _is_random(each)]


def _may_contain_tokens(text: str) -> bool:
    return len(text) > 20 and ("%" in text or TOKEN_PREFIX in text.lower())


def _tokens(text: str) -> re.Pattern[str]:
    return _ENCODED_TOKEN if "%" in text else _TOKEN


def _hide_token(found: re.Match[str]) -> str:
    return HIDDEN if _is_random(found[0]) else found[0]


def _is_random(text: str) -> bool:
    """Return whether a text is not just a long name in lower case, such as that of a test."""
    return any(char.isupper() or char.isdigit() for char in text) or len(text) > 40


def secret_words(text: str) -> set[str]:
    """Return the parts of a text that contains a secret which could be the secret itself."""
    text = text[:20_000]
    words = {text, *_QUOTED.findall(text), *_SEPARATORS.split(text)}
    words |= {part for word in list(words)[:500] for part in re.split(r"[:.]", word)}
    return {
        word
        for word in words
        if len(word) > 3 and (len(word) > 60 or not _BARE.fullmatch(fold(word)))
    }


_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SEPARATORS = re.compile(r"[\s\"'\[\](){}=,;&?]+")

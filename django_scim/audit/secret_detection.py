"""Recognise secrets by their names, by the text around them, and tokens by their form."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from unicodedata import category, normalize
from urllib.parse import unquote_plus

from ..models.tokens import TOKEN_PREFIX

HIDDEN = "***"

#: Folded names that are secret wherever they occur in a name, and those that only end one.
_ANYWHERE = (
    "password|passwd|passphrase|apikey|privatekey|accesskey|secretkey|signingkey|authorization"
    "|credential"
)
_AT_THE_END = r"secrets?|tokens?|pwd|bearer|cookie|jwt"
_NAME = re.compile(rf"(?:{_ANYWHERE})|(?:{_AT_THE_END})\b")
#: A name with the rest of its word, and what follows if a value does, as in ``token: x``,
#: ``token=x``, ``token.value eq "x"`` or ``token[value eq "x"]``. What it looks ahead is limited,
#: so that the time grows with the length only.
_NAMED = re.compile(
    rf"(\bbearer\s)|(?:{_ANYWHERE}|{_AT_THE_END})\w*+"
    r"((?:\.\$?\w{1,40}+){0,4}+[\s\"'\]\\]{0,20}+(?:[:=\[]|(?:eq|ne|co|sw|ew|gt|ge|lt|le)\b))?"
)
_MENTIONED = re.compile(r"passw(?:or)?d|passphrase")
#: A bare name, with or without the URN of its schema: it is a path, and contains no secret.
_BARE = re.compile(
    rf"\s*(?:urn:[\w:.]+:\s*)?[a-z]{{0,20}}(?:{_ANYWHERE}|{_AT_THE_END})s?(?:\.value)?\s*"
)
#: Folded members whose value names an attribute, as the path of a PATCH operation does.
_PATHS = frozenset("path name attribute attributename key field type".split())
#: Members that stay readable in an operation on a secret attribute.
_READABLE = frozenset("op operation schemas method bulkid version".split()) | _PATHS
#: Texts with none of these are not looked at more closely.
_SUSPICIOUS = tuple("pass pwd secret token key autho credent bearer cookie jwt % \\".split())
#: Finds what makes a text worth a closer look: most texts have nothing of it.
suspect = re.compile(
    "|".join([*map(re.escape, _SUSPICIOUS), re.escape(TOKEN_PREFIX), "[^ -~]"]), re.IGNORECASE
).search
_ESCAPE = re.compile(r"(?<!\\)\\++u([0-9a-fA-F]{4})")
_LONGEST_NAME = 500


def _is_suspicious(text: str) -> bool:
    if not text.isascii():
        return True
    lowered = text.lower()
    return any([part in lowered for part in _SUSPICIOUS])  # noqa: C419 (twice as fast)


def normalized(text: str) -> str:
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
    return _NAME.search(normalized(name)) is not None


def is_secret(name: object) -> bool:
    """Return whether a key, a path, or a list or object of paths names a secret."""
    if isinstance(name, str):
        if not _is_suspicious(name):
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
            elif is_secret(each):
                return True
    return False


def contains_secret(text: str) -> bool:
    """Return whether a text mentions a password, or assigns a value to the name of a secret.

    A name alone, such as the path ``password``, contains no secret.
    """
    if not _is_suspicious(text):
        return False
    folded = normalized(text)
    if _MENTIONED.search(folded) is None and not _is_assigned(folded):
        return False
    return len(text) > _LONGEST_NAME or _BARE.fullmatch(folded) is None


def _is_assigned(folded: str) -> bool:
    return any(found[1] or found[2] for found in _NAMED.finditer(folded))


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
        if len(word) > 3 and (len(word) > 60 or not _BARE.fullmatch(normalized(word)))
    }


_QUOTED = re.compile(r'"((?:[^"\\]|\\.){0,1000}+)"')
_SEPARATORS = re.compile(r"[\s\"'\[\](){}=,;&?\\]+")


# Objects


def member_name(key: str) -> str:
    """Return the folded name of a member, "" for a key that is too long to be one."""
    if len(key) > 50:
        return ""
    return _short_name(key)


@lru_cache(maxsize=2_000)
def _short_name(key: str) -> str:
    return normalized(key).strip()


@lru_cache(maxsize=2_000)
def _is_bare(text: str) -> bool:
    return _BARE.fullmatch(normalized(text)) is not None


def is_bare(value: object) -> bool:
    """Return whether a value is only the name of a secret, so that it contains none."""
    return isinstance(value, str) and len(value) <= _LONGEST_NAME and _is_bare(value)


def contains_secret_path(key: str, value: object) -> bool:
    """Return whether a member is a path to a secret with more than its name, such as a filter."""
    return (
        isinstance(value, str)
        and member_name(key) in _PATHS
        and is_secret(value)
        and not is_bare(value)
    )


def parsed(text: str) -> Any:
    """Return the value of JSON in a string, None if it is not JSON."""
    try:
        return json.loads(text.lstrip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        return None


class Shape:
    """The members that objects with the same keys have."""

    __slots__ = ("secret", "targets")

    def __init__(self, keys: Iterable[str]) -> None:
        keys = tuple(keys)
        folded = normalized("\0".join(keys))
        names = [name.strip() for name in folded.split("\0")]
        may_be_secret = _NAME.search(folded) is not None
        if len(names) != len(keys):  # a key contains an encoded NUL
            names, may_be_secret = [member_name(key) for key in keys], True
        #: Keys whose value names an attribute, and keys whose value is secret.
        self.targets = tuple(key for key, name in zip(keys, names, strict=True) if name in _PATHS)
        self.secret = frozenset(key for key in keys if may_be_secret and is_secret(key))

    def path_in(self, members: Mapping[str, Any]) -> str:
        """Return the path in an operation, "" without one."""
        paths = (members[key] for key in self.targets if member_name(key) == "path")
        return next((path for path in paths if isinstance(path, str)), "")

    def has_secret_target(self, members: Mapping[str, Any]) -> bool:
        """Return whether an object is an operation on a secret attribute."""
        return any(
            is_secret(value)
            for key in self.targets
            if not isinstance(value := members[key], dict) or member_name(key) == "path"
        )

    def hides(self, key: str, value: Any, has_secret_target: bool) -> bool:
        """Return whether the value of a member is secret."""
        if key in self.secret:
            return True
        if not has_secret_target or member_name(key) in _READABLE:
            return False
        return not (member_name(key) == "data" and isinstance(value, dict))


_cached_shape = lru_cache(maxsize=500)(Shape)


def shape_of(members: Mapping[str, Any]) -> Shape:
    return _cached_shape(tuple(members)) if len(members) <= 10 else Shape(members)


def secrets_in(body: Any) -> set[str]:
    """Return the texts in a body that redaction hides because they are secret."""
    found: set[str] = set()
    work = [(body, False)]
    while work and len(found) < 10_000:
        value, hidden = work.pop()
        if isinstance(value, str):
            if hidden:
                is_path = is_secret(value) and not is_bare(value)
                found |= secret_words(value) if is_path or contains_secret(value) else {value}
            elif value[:1] in _JSON and (inner := parsed(value)) is not None:
                work.append((inner, False))
            if len(value) > 20:
                found.update(tokens_in(value))
        elif isinstance(value, list | tuple):
            work += [(each, hidden) for each in value if hidden or _may_hold_secrets(each)]
        elif isinstance(value, dict):
            if hidden:
                found.update(value)
            shape = shape_of(value)
            has_secret = bool(shape.targets) and shape.has_secret_target(value)
            is_plain = not (hidden or has_secret or shape.secret)
            for key, each in value.items():
                if is_plain and not _may_hold_secrets(each):
                    continue
                is_hidden = hidden
                if not is_plain:
                    is_hidden |= shape.hides(key, each, has_secret)
                    if has_secret and member_name(key) == "path":
                        is_hidden |= not is_bare(each)
                    elif has_secret:
                        is_hidden |= contains_secret_path(key, each)
                if is_hidden or _may_hold_secrets(each):
                    work.append((each, is_hidden))
    return found


def _may_hold_secrets(value: object) -> bool:
    """Return whether a value can contain JSON or a token."""
    if isinstance(value, str):
        return len(value) > 20 or value[:1] in _JSON
    return isinstance(value, dict | list | tuple)


_JSON = frozenset(("{", "[", '"', " ", "\n", "\t", "\r", "\ufeff"))

"""Redaction of what events store: secrets always, other attributes by the REDACT setting.

The length of everything is limited, so that redaction takes the same time for bodies of any size.
"""

import hashlib
import json
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

from ..conf import settings
from .secret_detection import (
    HIDDEN,
    contains_secret,
    fold,
    hide_tokens,
    is_secret,
    is_secret_name,
    secret_words,
    tokens_in,
)

#: The characters of an error's detail, and of one value in a body or a change.
DETAIL_LIMIT = 2_000
TEXT_LIMIT = 2_000
#: The depth to which bodies are stored; that of JSON in strings counts.
_DEPTH = 40
#: Folded members whose value names an attribute, as the path of a PATCH operation does.
_PATHS = frozenset("path name attribute attributename key field type".split())
#: Members that stay readable in an operation on a secret attribute.
_READABLE = frozenset("op operation schemas method bulkid version".split()) | _PATHS
#: Members of messages, below which attributes begin.
_MESSAGE = frozenset(("operations", "data", "resources"))
_CORE = "urn:ietf:params:scim:schemas:core:2.0:"
_BRACKETS = re.compile(r"\[[^\]]*\]?")


# The site's rules


def redact_value(rule: str, value: Any) -> Any:
    """Return a value redacted by a rule: keep, mask, hash or drop."""
    if value is None or rule == "keep":
        return value
    if rule == "hash":
        text = json.dumps(value, sort_keys=True, default=str)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:16]
    return HIDDEN if rule == "mask" else None


def rule_for(path: str) -> str:
    """Return the rule of an attribute path: its own, or that of an attribute which contains it.

    A path can begin with the URN of a schema; a rule for the URN covers its attributes.
    """
    if not settings.REDACT:
        return "keep"
    rules: dict[str, str] = {}
    for key, rule in settings.REDACT.items():
        rules[key.lower().removeprefix(_CORE + "user:").removeprefix(_CORE + "group:")] = rule
    return next((rules[each] for each in _containers(path) if each in rules), "keep")


def _containers(path: str) -> Iterator[str]:
    """Yield a path and what contains it, with and without its URN, in lower case."""
    path = _BRACKETS.sub("", path[:TEXT_LIMIT]).strip().lower()
    urn, _, name = path.rpartition(":")
    names = [name]
    while "." in name:
        name = name.rpartition(".")[0]
        names.append(name)
    if urn:
        yield path
        yield from (f"{urn.strip()}:{each.strip()}" for each in names)
        yield urn.strip()
    yield from (each.strip() for each in names)


# Bodies and values


def redact_body(body: Any) -> str:
    """Return a parsed body as JSON, without secrets, with the site's rules applied, and limited."""
    limit = settings.EVENT_BODY_LIMIT
    text = json.dumps(Redactor(limit).redact(body), ensure_ascii=False, default=str)
    try:
        length = len(json.dumps(body, ensure_ascii=False, default=str))
    except RecursionError:
        length = len(text)
    if len(text) <= limit >= length:
        return text
    return f"{text[:limit]}… ({max(length, len(text))} characters)"


class Redactor:
    """Redacts values of one event, until they have ``limit`` characters in total."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def redact(self, value: Any, path: str = "", depth: int = 0) -> Any:
        """Return a value of the attribute ``path`` without secrets; "" is the root of a body."""
        if isinstance(value, str):
            return self._text(value, path, depth)
        if not isinstance(value, Mapping | list | tuple):
            self._left -= 4
            return value
        if depth > _DEPTH:
            return HIDDEN
        self._left -= 2
        if isinstance(value, Mapping):
            return self._members(value, path, depth)
        found: list[Any] = []
        for index, each in enumerate(value):
            if self._left < 0:
                return [*found, {"more": len(value) - index}]
            found.append(self.redact(each, path, depth + 1))
        return found

    def _members(self, members: Mapping[str, Any], path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        named, shape = _target(members), _shape(members)
        has_secret = shape.has_secret_target(members)
        for index, (key, value) in enumerate(members.items()):
            if self._left < 0:
                found["more"] = len(members) - index
                break
            shown = self._text(key, "", _DEPTH)
            if shape.hides(key, value, has_secret):
                self._left -= len(HIDDEN)
                found[shown] = HIDDEN
                continue
            name = _name(key)
            inner = (
                named or ""
                if name == "value" and not path
                else ""
                if name in _MESSAGE and not path
                else _joined(path, key)
            )
            found[shown] = self._by_rule(key, value, inner, name, depth)
        return found

    def _by_rule(self, key: str, value: Any, path: str, name: str, depth: int) -> Any:
        rule = rule_for(path) if settings.REDACT and path else "keep"
        if rule == "keep" and name == "path" and isinstance(value, str) and "[" in value:
            if rule_for(value) != "keep":
                return f"{value.partition('[')[0][:100]}[{HIDDEN}]"
        if rule == "keep":
            return self.redact(value, path, depth + 1)
        self._left -= len(HIDDEN)
        if rule == "hash":
            value = Redactor(1_000_000).redact(value, "", depth)
        return redact_value(rule, value)

    def _text(self, text: str, path: str, depth: int) -> str:
        """Redact a string, which may itself be JSON with escaped attribute names."""
        start = text[:100].lstrip("\ufeff \t\r\n")[:1]
        if start and start in '{["' and depth < _DEPTH:
            inner = _parsed(text)
            if inner is not None:
                shown = json.dumps(self.redact(inner, path, depth + 1), ensure_ascii=False)
                return limited(shown, TEXT_LIMIT) if shown != json.dumps(inner) else text
        if contains_secret(text if len(text) < 100_000 else text[: 4 * TEXT_LIMIT]):
            self._left -= len(HIDDEN)
            return HIDDEN
        text = limited(text, TEXT_LIMIT, hide_tokens(text[: 2 * TEXT_LIMIT]))
        self._left -= len(text) + 2
        return text


def _parsed(text: str) -> Any:
    """Return the value of JSON in a string, None if it is not JSON."""
    try:
        return json.loads(text.lstrip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        return None


@lru_cache(maxsize=2_000)
def _short_name(key: str) -> str:
    return fold(key).strip()


def _name(key: str) -> str:
    return _short_name(key) if len(key) < 50 else ""


def _target(members: Mapping[str, Any]) -> str | None:
    """Return the path in an operation."""
    for key, value in members.items():
        if _name(key) == "path" and isinstance(value, str):
            return value
    return None


class _Shape:
    """The members that objects with the same keys have."""

    __slots__ = ("secret", "targets")

    def __init__(self, keys: Iterable[str]) -> None:
        keys = tuple(keys)
        #: Keys whose value names an attribute, and keys whose value is secret.
        self.targets = tuple(key for key in keys if _name(key) in _PATHS)
        self.secret = frozenset(key for key in keys if is_secret(key))

    def has_secret_target(self, members: Mapping[str, Any]) -> bool:
        """Return whether an object is an operation on a secret attribute."""
        return any(
            is_secret(value)
            for key in self.targets
            if not isinstance(value := members[key], Mapping) or _name(key) == "path"
        )

    def hides(self, key: str, value: Any, has_secret_target: bool) -> bool:
        """Return whether the value of a member is secret."""
        if key in self.secret:
            return True
        if not has_secret_target or _name(key) in _READABLE:
            return False
        return not (_name(key) == "data" and isinstance(value, Mapping))


_cached_shape = lru_cache(maxsize=500)(_Shape)


def _shape(members: Mapping[str, Any]) -> _Shape:
    return _cached_shape(tuple(members)) if len(members) <= 10 else _Shape(members)


def _joined(path: str, key: str) -> str:
    if not path:
        return key
    is_urn = path[:4].lower() == "urn:" and path.rpartition(":")[2].lower() in ("user", "group")
    return f"{path}{':' if is_urn else '.'}{key}"


# Details, URLs and headers


def secrets_in(body: Any) -> set[str]:
    """Return the texts in a body that redaction hides because they are secret."""
    found: set[str] = set()
    work = [(body, False)]
    while work and len(found) < 10_000:
        value, hidden = work.pop()
        if isinstance(value, str):
            if hidden:
                found |= secret_words(value) if contains_secret(value) else {value}
            elif value[:1] in _JSON and (inner := _parsed(value)) is not None:
                work.append((inner, False))
            if len(value) > 20:
                found.update(tokens_in(value))
        elif isinstance(value, list | tuple):
            work += [(each, hidden) for each in value if hidden or not isinstance(each, str)]
        elif isinstance(value, Mapping):
            if hidden:
                found.update(value)
            shape = _shape(value)
            has_secret = bool(shape.targets) and shape.has_secret_target(value)
            is_plain = not (hidden or has_secret or shape.secret)
            for key, each in value.items():
                if isinstance(each, str):
                    if is_plain and len(each) < 20 and each[:1] not in _JSON:
                        continue
                elif not isinstance(each, Mapping | list):
                    continue
                is_path = has_secret and _name(key) == "path"
                is_hidden = not is_plain and (hidden or shape.hides(key, each, has_secret))
                work.append((each, is_hidden or is_path))
    return found


_JSON = frozenset(("{", "[", '"', " ", "\n", "\t", "\r", "\ufeff"))


def hide_secrets(text: str, secrets: Collection[str] = ()) -> str:
    """Return a text without tokens and the given secrets, even if their end is cut off."""
    text = hide_tokens(text)
    lowered = text.lower()
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) < 4:
            break
        forms = [secret]
        if "\\" in secret or "'" in secret or not secret.isprintable():
            forms.append(repr(secret)[1:-1])
        for form in forms:
            if form[:24].lower() in lowered:
                text = _without(text, form)
                lowered = text.lower()
    return text


def _without(text: str, secret: str) -> str:
    """Return a text without a secret; a short one is only hidden where it is a whole word."""
    wanted, start = secret.lower(), 0
    while (start := text.lower().find(wanted[:24], start)) >= 0:
        lowered = text.lower()
        length = len(os.path.commonprefix([lowered[start:], wanted]))
        around = lowered[max(start - 1, 0) : start] + lowered[start + length : start + length + 1]
        if len(secret) < 8 and any(char.isalnum() for char in around):
            start += 1
        else:
            text = text[:start] + HIDDEN + text[start + length :]
            start += len(HIDDEN)
    return text


def redact_url(url: str) -> str:
    """Return a path and query without secrets, and without filters on redacted attributes."""
    path, mark, query = url.partition("?")
    path = "/".join(HIDDEN if contains_secret(each) else each for each in path.split("/"))
    shown = "&".join(_parameter(each) for each in query.split("&"))
    return hide_tokens(f"{path}{mark}{shown}")


def _parameter(text: str) -> str:
    name, mark, value = text.partition("=")
    if not mark:
        return HIDDEN if contains_secret(name) else name
    decoded = unquote_plus(value)
    if fold(name) in ("attributes", "excludedattributes") and "=" not in fold(value):
        return text
    if is_secret(name) or contains_secret(value):
        return f"{HIDDEN if contains_secret(name) else name}={HIDDEN}"
    if settings.REDACT and any(rule_for(w) != "keep" for w in re.findall(r"[\w.:$-]+", decoded)):
        return f"{name}={HIDDEN}"
    return text


def secrets_in_url(url: str) -> set[str]:
    """Return the texts in a URL that are secret."""
    found = set(tokens_in(url))
    path, _, query = url.partition("?")
    for each in (*path.split("/"), *query.split("&")):
        if contains_secret(each) or is_secret_name(each.partition("=")[0][:200]):
            found |= secret_words(unquote_plus(each.partition("=")[2] or each))
    return found


def printable(text: str) -> str:
    """Replace the unprintable characters of a client's text, so that it cannot forge log lines."""
    return "".join(char if char.isprintable() else "�" for char in text)


def limited(text: str, limit: int, shown: str | None = None) -> str:
    """Return a text cut to ``limit`` characters, with a note of its full length.

    ``shown`` is the text after redaction.
    """
    shown = text if shown is None else shown
    if len(shown) <= limit >= len(text):
        return shown
    note = f"… ({len(text)} characters)"
    return shown[: limit - len(note)] + note

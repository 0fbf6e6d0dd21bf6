"""Redaction of what events store: secrets always, other attributes by the REDACT setting.

The length of everything is limited, so that redaction takes the same time for bodies of any size.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from ..adapters.accounts.passwords import SET, UNSET
from ..adapters.registry import adapter_classes
from ..conf import IMPORT_ERRORS, settings
from ..protocol.attributes import Schema, load_schema
from .redacted_text import limited
from .secret_detection import (
    HIDDEN,
    contains_secret,
    contains_secret_path,
    hide_tokens,
    is_secret,
    is_secret_name,
    member_name,
    normalized,
    parsed,
    secret_words,
    secrets_in,
    shape_of,
    suspect,
    tokens_in,
)

#: The characters of one value in a body or a change.
TEXT_LIMIT = 2_000
#: The depth to which bodies are stored; that of JSON in strings counts.
_DEPTH = 40
SHOWN_MEMBERS = 100
#: The rules of the setting REDACT; see ``redact_value``.
RULES = ("keep", "mask", "hash", "drop")
#: The characters of all changes of an event.
CHANGES_LIMIT = 50_000
#: Members of messages, below which attributes begin.
_MESSAGE = frozenset(("operations", "data", "resources"))
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

    A path can begin with the URN of a schema; a rule for the URN covers its attributes. Bodies name
    the attributes of a core schema without its URN.
    """
    if not settings.REDACT:
        return "keep"
    given = {key.lower(): rule for key, rule in settings.REDACT.items()}
    cores = _core_schemas()
    rules: dict[str, str] = {}
    for urn in sorted(given.keys() & cores.keys(), key=lambda urn: _strictness(given[urn])):
        rules |= {each.name.lower(): given[urn] for each in cores[urn].attributes}
    for key, rule in given.items():
        urn, _, name = key.rpartition(":")
        rules[name if urn in cores else key] = rule
    # The URN of a core schema comes last: its attributes are found without it.
    containers = sorted(_containers(path), key=cores.__contains__)
    return next((rules[each] for each in containers if each in rules), "keep")


def _core_schemas() -> dict[str, Schema]:
    """Return a dict from the URN, in lower case, to the core schema of each resource type.

    If an adapter cannot be imported, return those of the RFC: events are written all the same.
    """
    try:
        schemas = [adapter.schema for adapter in adapter_classes().values()]
    except IMPORT_ERRORS:
        schemas = [load_schema("User"), load_schema("Group")]
    return {schema.id.lower(): schema for schema in schemas}


def _strictness(rule: str) -> int:
    """Return a larger number the more a rule hides: the types of resources share names."""
    return ("keep", "hash", "mask", "drop").index(rule) if rule in RULES else len(RULES)


def _containers(path: str) -> list[str]:
    """Return a path and the paths that contain it, in lower case, the innermost first.

    Those with the URN precede those without it. A member of an extension's object, such as
    ``urn:x:Badge.room``, has the URN ``urn:x:Badge``; this reading comes last.
    """
    path = _BRACKETS.sub("", path[:TEXT_LIMIT]).strip().lower()
    urn, _, name = path.rpartition(":")
    readings = [(urn, name)]
    if urn and "." in name:
        last, _, inner = name.partition(".")
        readings.append((f"{urn}:{last}", inner))
    names: list[str] = []
    qualified: set[str] = set()
    for start, each in readings:
        parts = each.split(".")
        outer = [".".join(parts[:length]).strip() for length in range(len(parts), 0, -1)]
        names += outer
        if start:
            qualified |= {start.strip(), *(f"{start.strip()}:{each}" for each in outer)}
    return [*sorted(qualified, key=len, reverse=True), *names]


# Bodies and values


def redact_body(body: Any, redacted: set[str] | None = None) -> str:
    """Return a parsed body as JSON, without secrets, with the site's rules applied, and limited.

    The texts that the site's rules hide are added to ``redacted``.
    """
    limit = settings.EVENT_BODY_LIMIT
    redactor = Redactor(limit)
    text = json.dumps(redactor.redact(body), ensure_ascii=False, default=str)
    if redacted is not None:
        redacted |= redactor.redacted
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
        #: The texts that the site's rules hide.
        self.redacted: set[str] = set()

    def redact(self, value: Any, path: str = "", depth: int = 0) -> Any:
        """Return a value of the attribute ``path`` without secrets; "" is the root of a body."""
        if isinstance(value, str):
            if _is_plain(value):
                self._left -= len(value) + 2
                return value
            return self._text(value, path, depth)
        if not isinstance(value, Mapping | list | tuple):
            self._left -= 4
            return value
        if depth > _DEPTH:
            return HIDDEN
        self._left -= 2
        if isinstance(value, Mapping):
            if (
                not settings.REDACT
                and all(map(_is_plain, value))
                and all(
                    _is_plain(each)
                    if isinstance(each, str)
                    else each is None or isinstance(each, bool)
                    for each in value.values()
                )
            ):
                self._left -= sum(len(f"{key}{each}") for key, each in value.items())
                return dict(value)
            return self._members(value, path, depth)
        found: list[Any] = []
        for index, each in enumerate(value):
            if self._left < 0:
                return [*found, {"more": len(value) - index}]
            found.append(self.redact(each, path, depth + 1))
        return found

    def _members(self, members: Mapping[str, Any], path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        shape = shape_of(members)
        named, has_secret = shape.path_in(members), shape.has_secret_target(members)
        for index, (key, value) in enumerate(members.items()):
            if self._left < 0:
                found["more"] = len(members) - index
                break
            shown = self._text(key, "", _DEPTH)
            if shape.hides(key, value, has_secret) or (
                has_secret and contains_secret_path(key, value)
            ):
                self._left -= len(HIDDEN)
                found[shown] = HIDDEN
                continue
            name = member_name(key)
            inner = (
                named
                if name == "value" and not path
                else ""
                if name in _MESSAGE and not path
                else f"{path}.{key}"
                if path
                else key
            )
            found[shown] = self._by_rule(key, value, inner, name, depth)
        return found

    def _by_rule(self, key: str, value: Any, path: str, name: str, depth: int) -> Any:
        rule = rule_for(path) if settings.REDACT and path else "keep"
        if rule == "keep" and name == "path" and isinstance(value, str) and "[" in value:
            if rule_for(value) != "keep":
                self.redacted |= secret_words(value.partition("[")[2])
                return f"{value.partition('[')[0][:100]}[{HIDDEN}]"
        if rule == "keep":
            return self.redact(value, path, depth + 1)
        self._left -= len(HIDDEN)
        self.redacted |= secrets_in({"secret": value})
        if rule == "hash":
            value = Redactor(1_000_000).redact(value, "", depth)
        return redact_value(rule, value)

    def _text(self, text: str, path: str, depth: int) -> str:
        """Redact a string, which may itself be JSON with escaped attribute names."""
        start = text[:100].lstrip("\ufeff \t\r\n")[:1]
        if start and start in '{["' and depth < _DEPTH:
            inner = parsed(text)
            if inner is not None:
                # Escaped, because half a surrogate pair cannot be stored.
                shown = json.dumps(self.redact(inner, path, depth + 1))
                return limited(shown, TEXT_LIMIT) if shown != json.dumps(inner) else text
        if contains_secret(text if len(text) < 100_000 else text[: 4 * TEXT_LIMIT]):
            self._left -= len(HIDDEN)
            return HIDDEN
        text = limited(text, TEXT_LIMIT, hide_tokens(text[: 2 * TEXT_LIMIT]))
        self._left -= len(text) + 2
        return text


def _is_plain(text: str) -> bool:
    """Return whether a text is short, and contains no secret, no name of one, and no JSON."""
    return len(text) <= TEXT_LIMIT and text[:1].isalnum() and suspect(text) is None


# URLs


#: The characters of a URL that are looked at; servers accept far fewer.
_URL_LIMIT = 100_000


def redact_url(url: str) -> str:
    """Return a path and query without secrets, and without filters on redacted attributes."""
    url = url[:_URL_LIMIT]
    if suspect(unquote_plus(url)) is None and not (settings.REDACT and "?" in url):
        return url
    path, mark, query = url.partition("?")
    path = "/".join(HIDDEN if contains_secret(each) else each for each in path.split("/"))
    shown = "&".join(_parameter(each) for each in query.split("&"))
    return hide_tokens(f"{path}{mark}{shown}")


def _parameter(text: str) -> str:
    name, mark, value = text.partition("=")
    if not mark:
        return HIDDEN if contains_secret(name) else name
    decoded = unquote_plus(value)
    if normalized(name) in ("attributes", "excludedattributes") and "=" not in normalized(value):
        return text
    if is_secret(name) or contains_secret(value):
        return f"{HIDDEN if contains_secret(name) else name}={HIDDEN}"
    if settings.REDACT and any(rule_for(w) != "keep" for w in re.findall(r"[\w.:$-]+", decoded)):
        return f"{name}={HIDDEN}"
    return text


def secrets_in_url(url: str) -> set[str]:
    """Return the texts in a URL that are secret."""
    url = url[:_URL_LIMIT]
    if suspect(unquote_plus(url)) is None:
        return set()
    found = set(tokens_in(url))
    path, _, query = url.partition("?")
    for each in (*path.split("/"), *query.split("&")):
        if contains_secret(each) or is_secret_name(each.partition("=")[0][:200]):
            found |= secret_words(unquote_plus(each.partition("=")[2] or each))
    return found


# Changes


def shown_changes(changes: Iterable[Any]) -> list[dict[str, Any]]:
    """Return changes as an event stores them: without secrets, by the site's rules, limited."""
    redactor = Redactor(CHANGES_LIMIT)
    return [shown for change in changes if (shown := _show(change, redactor))]


def _show(change: Any, redactor: Redactor) -> dict[str, Any] | None:
    rule = rule_for(change.path)
    if rule == "drop":
        return None
    shown = {"path": change.path}
    for name in ("old", "new"):
        value = getattr(change, name)
        if isinstance(value, list) and len(value) > SHOWN_MEMBERS:
            value = [*value[:SHOWN_MEMBERS], {"more": len(value) - SHOWN_MEMBERS}]
        if suspect(change.path) and is_secret(change.path) and value not in (SET, UNSET):
            value = HIDDEN
        elif rule == "keep":
            value = redactor.redact(value, change.path)
        shown[name] = redact_value(rule, value)
    return shown

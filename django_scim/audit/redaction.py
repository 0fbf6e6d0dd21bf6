"""What an event may keep of a request: never a password, and the rest as the site decides."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from ..conf import settings

HIDDEN = "***"


def redact_value(rule: str, value: Any) -> Any:
    """Apply one of the site's rules: keep, mask, hash or drop."""
    if value is None or rule == "keep":
        return value
    if rule == "hash":
        text = json.dumps(value, sort_keys=True, default=str)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:16]
    return HIDDEN if rule == "mask" else None


def rule_for(path: str) -> str:
    """Return the site's rule for an attribute path; a rule on a parent covers its parts."""
    rules = {key.lower(): rule for key, rule in settings.REDACT.items()}
    lowered = path.lower()
    while lowered:
        if lowered in rules:
            return rules[lowered]
        lowered = lowered.rpartition(".")[0]
    return "keep"


def redact_body(body: Any) -> Any:
    """Return a parsed body without secrets: as attribute, PATCH path or JSON in a string."""
    if isinstance(body, Mapping):
        is_secret = _names_password(body.get("path"))
        return {
            key: HIDDEN
            if _is_password(key) or (is_secret and key.lower() == "value")
            else redact_value(rule, redact_body(value))
            if (rule := _rule_in(key, body)) != "drop"
            else None
            for key, value in body.items()
        }
    if isinstance(body, list):
        return [redact_body(each) for each in body]
    return _redact_text(body) if isinstance(body, str) else body


def _redact_text(text: str) -> str:
    """A string may hold a JSON document of its own, with escapes in the names."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return json.dumps(redact_body(json.loads(text)))
        except (ValueError, RecursionError):
            pass
    return HIDDEN if "password" in text.lower() and not _names_password(text) else text


def _is_password(key: str) -> bool:
    return _PASSWORD.search(key) is not None


def _names_password(path: Any) -> bool:
    return isinstance(path, str) and _is_password(path)


#: The attribute, with or without a URN before it and whatever selects a part of it behind.
_PASSWORD = re.compile(r"(^|:)\s*password\s*($|[\[.])", re.IGNORECASE)


def _rule_in(key: str, body: Mapping[str, Any]) -> str:
    """The rule for a key; the value of a PATCH operation has the rule of its path."""
    path = body.get("path")
    if key.lower() == "value" and isinstance(path, str):
        return rule_for(path.partition("[")[0])
    return rule_for(key)

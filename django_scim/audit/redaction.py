"""Redaction of what events store: passwords always, other attributes by the REDACT setting."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from ..conf import settings

HIDDEN = "***"


def redact_value(rule: str, value: Any) -> Any:
    """Return a value redacted by a rule: keep, mask, hash or drop."""
    if value is None or rule == "keep":
        return value
    if rule == "hash":
        text = json.dumps(value, sort_keys=True, default=str)
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()[:16]
    return HIDDEN if rule == "mask" else None


def rule_for(path: str) -> str:
    """Return the rule of an attribute path: its own, or that of an attribute which contains it."""
    rules = {key.lower(): rule for key, rule in settings.REDACT.items()}
    lowered = path.lower()
    while lowered:
        if lowered in rules:
            return rules[lowered]
        lowered = lowered.rpartition(".")[0]
    return "keep"


def redact_body(body: Any) -> Any:
    """Return a parsed body with passwords removed and the site's rules applied.

    A password can be an attribute, the value of a PATCH path, or part of JSON within a string.
    """
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
    """Redact a string, which may itself be JSON with escaped attribute names."""
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


#: The attribute, with or without the URN of its schema, a value filter or a sub-attribute.
_PASSWORD = re.compile(r"(^|:)\s*password\s*($|[\[.])", re.IGNORECASE)


def _rule_in(key: str, body: Mapping[str, Any]) -> str:
    """Return the rule of a key; for the value of a PATCH operation, that of its path."""
    path = body.get("path")
    if key.lower() == "value" and isinstance(path, str):
        return rule_for(path.partition("[")[0])
    return rule_for(key)

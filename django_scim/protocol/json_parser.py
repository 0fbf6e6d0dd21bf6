"""Parses JSON from a client, and rejects what no attribute can store."""

import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, NoReturn

from .errors import InvalidSyntax, InvalidValue, PayloadTooLarge


@dataclass(frozen=True)
class JsonLimits:
    """The largest depth of a document, and the largest number of values in one of its lists."""

    depth: int = 30
    values: int = 50_000


def parse_json(body: bytes | str, name: str = "the body", limits: JsonLimits = JsonLimits()) -> Any:
    """Return the value of a JSON document. ``name`` is what errors call the document.

    Raise InvalidSyntax for a document that is not valid JSON, with the position where known, or
    is nested too deep; PayloadTooLarge for a list with too many values; InvalidValue for a string
    that contains a NUL character.
    """
    too_deep = f"{name} is nested deeper than {limits.depth} levels"
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _unique(pairs, name),
            parse_constant=lambda constant: _refuse_constant(constant, name),
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        raise InvalidSyntax(f"{name} is not UTF-8 (at byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidSyntax(f"{name} is not JSON: {error.msg} ({where})") from None
    except RecursionError:
        raise InvalidSyntax(too_deep) from None
    except ValueError:
        raise InvalidSyntax(f"{name} contains a number with too many digits") from None
    _check_size(value, "", 1, limits, too_deep)
    if "\\u" in text or isinstance(body, str):  # valid UTF-8 needs an escape for such characters
        _check_texts(value, "")
    return value


def _unique(pairs: list[tuple[str, Any]], name: str) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise InvalidSyntax(f"{name} has the key {twice!r} twice in one object")
    return result


def _finite(text: str) -> float:
    """Return a float. Raises ValueError for 1e400, since no column can store infinity."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _refuse_constant(constant: str, name: str) -> NoReturn:
    raise InvalidSyntax(f"{name} is not JSON: {constant} is not a JSON value")


def _check_size(value: Any, path: str, depth: int, limits: JsonLimits, too_deep: str) -> None:
    """Raise InvalidSyntax or PayloadTooLarge for a document that exceeds ``limits``."""
    if depth > limits.depth:
        raise InvalidSyntax(too_deep)
    if isinstance(value, dict):
        for key, each in value.items():
            if isinstance(each, dict | list):
                inner = f"{path}.{key}" if path else key
                _check_size(each, inner, depth + 1, limits, too_deep)
    elif isinstance(value, list):
        if len(value) > limits.values:
            raise PayloadTooLarge(f"{path}: has more than {limits.values} values")
        for index, each in enumerate(value):
            if isinstance(each, dict | list):
                _check_size(each, f"{path}[{index}]", depth + 1, limits, too_deep)


def _check_texts(value: Any, path: str) -> None:
    """Raise an error for a string in a document that databases cannot store."""
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, dict):
        for key, each in value.items():
            inner = f"{path}.{key}" if path else key
            _check_text(key, inner)
            _check_texts(each, inner)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _check_texts(each, f"{path}[{index}]")


def _check_text(text: str, path: str) -> None:
    where = ascii(path)[1:-1] or "the string"  # a path can contain the same characters
    if "\0" in text:
        raise InvalidValue(f"{where}: contains a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidSyntax(f"{where}: contains half a surrogate pair") from None

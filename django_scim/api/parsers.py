"""JSON from a client, read with suspicion: size, duplicates, characters no database takes."""

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from rest_framework.parsers import BaseParser

from ..conf import settings
from ..protocol.errors import InvalidSyntax, InvalidValue, PayloadTooLarge, UnsupportedMediaType


class ScimParser(BaseParser):
    """application/scim+json, the media type of RFC 7644 section 8.1."""

    media_type = "application/scim+json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body.

        Raises PayloadTooLarge, InvalidSyntax for what is no plain JSON, InvalidValue for a
        string with a NUL or half a surrogate pair, which names its attribute.
        """
        context = parser_context or {}
        request = context["request"]
        if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise UnsupportedMediaType("send the body without Content-Encoding")
        limit, name = context["view"].body_limit()
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise PayloadTooLarge(f"the body is larger than {name}{limit} bytes")
        body = parse_json(raw)
        inspect(body, "", 0)
        return body


class JSONParser(ScimParser):
    """Plain application/json, which RFC 7644 section 3.8 wants accepted, too."""

    media_type = "application/json"


def parse_json(raw: bytes) -> Any:
    """Return the value of a JSON text. Raises InvalidSyntax, with the position where known."""
    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        raise InvalidSyntax(f"the body is not UTF-8 (at byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InvalidSyntax(f"the body is not JSON: {error.msg} ({where})") from None
    except RecursionError:
        raise InvalidSyntax(f"the body is nested deeper than {settings.MAX_JSON_DEPTH}") from None
    except ValueError:
        raise InvalidSyntax("the body holds a number that is too long") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        name = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InvalidSyntax(f"the body names {name!r} twice in one object")
    return result


def _finite(text: str) -> float:
    """Return a number, but for 1e400: no column holds infinity."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidSyntax(f"the body is not JSON: {name} is no JSON value")


def inspect(value: Any, path: str, depth: int) -> None:
    """Walk through a body once and refuse what no attribute can hold."""
    if depth > settings.MAX_JSON_DEPTH:
        raise InvalidSyntax(f"the body is nested deeper than {settings.MAX_JSON_DEPTH}")
    if isinstance(value, dict):
        for key, each in value.items():
            _inspect_text(key, f"{path}.{key}" if path else "a name")
            inspect(each, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        if len(value) > settings.MAX_VALUES:
            raise PayloadTooLarge(f"{path}: has more than {settings.MAX_VALUES} values")
        for index, each in enumerate(value):
            inspect(each, f"{path}[{index}]", depth + 1)
    elif isinstance(value, str):
        _inspect_text(value, path)


def _inspect_text(text: str, path: str) -> None:
    if "\0" in text:
        raise InvalidValue(f"{path}: holds a NUL character")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidSyntax(f"{path!a}: holds half a surrogate pair") from None

"""Parse the bodies of requests, and check their media type, encoding and size."""

import codecs
from collections.abc import Mapping
from typing import Any

from rest_framework.parsers import BaseParser

from ..conf import settings
from ..protocol.errors import InvalidSyntax, PayloadTooLarge, UnsupportedMediaType
from ..protocol.json_parser import JsonLimits, parse_json
from ..protocol.tolerances import Tolerance


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

        Raise UnsupportedMediaType for an encoded body, PayloadTooLarge for one that is too large,
        InvalidSyntax for one that is empty or incomplete, and the errors of ``parse_json``.
        """
        context = parser_context or {}
        request = context["request"]
        if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise UnsupportedMediaType("send the body without Content-Encoding")
        view = context["view"]
        limit: int = getattr(settings, view.body_limit)
        raw = _read(stream, limit)
        if len(raw) > limit:
            name = f"{view.body_limit_name}, which is " if view.body_limit_name else ""
            raise PayloadTooLarge(f"the body is larger than {name}{limit} bytes")
        has_mark = raw.startswith(codecs.BOM_UTF8)
        if has_mark and view.tolerances.permit(Tolerance.BYTE_ORDER_MARK):
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if not raw:
            is_sent = "HTTP_TRANSFER_ENCODING" in request.META
            body = view.empty_body("the body is empty" if is_sent else "the request has no body")
            view.parsed_body = body
            return body
        limits = JsonLimits(settings.MAX_JSON_DEPTH, settings.MAX_VALUES)
        body = view.parsed_body = parse_json(raw, limits=limits)
        return body


class JSONParser(ScimParser):
    """application/json, which must be accepted too (RFC 7644 section 3.8)."""

    media_type = "application/json"


def _read(stream: Any, limit: int) -> bytes:
    """Return the content of a stream, or its first ``limit`` + 1 bytes.

    Raise InvalidSyntax if the body breaks off, or its chunks are malformed.
    """
    parts, missing = [], limit + 1
    try:
        while missing > 0 and (part := stream.read(missing)):
            parts.append(part)
            missing -= len(part)
    except OSError:
        raise InvalidSyntax("the body breaks off, or its chunks are malformed") from None
    return b"".join(parts)

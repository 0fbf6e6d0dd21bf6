"""Parse the bodies of requests, and check their media type, encoding and size."""

import codecs
from collections.abc import Mapping
from typing import Any

from rest_framework.parsers import BaseParser

from ..conf import settings
from ..protocol.errors import PayloadTooLarge, UnsupportedMediaType
from ..protocol.json_parser import JsonLimits, parse_json
from ..protocol.tolerances import Tolerance
from .http.bodies import read_limited


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
        raw = read_limited(stream, limit)
        if len(raw) > limit:
            name = f"{view.body_limit_name}, which is " if view.body_limit_name else ""
            raise PayloadTooLarge(f"the body is larger than {name}{limit} bytes")
        has_mark = raw.startswith(codecs.BOM_UTF8)
        if has_mark and view.tolerances.permit(Tolerance.BYTE_ORDER_MARK):
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if not raw:
            return view.empty_body("the body is empty")
        limits = JsonLimits(settings.MAX_JSON_DEPTH, settings.MAX_VALUES)
        body = view.parsed_body = parse_json(raw, limits=limits)
        return body


class JSONParser(ScimParser):
    """application/json, which must be accepted too (RFC 7644 section 3.8)."""

    media_type = "application/json"

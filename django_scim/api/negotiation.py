"""Select the parser and the renderer of a request (RFC 7644 section 3.8)."""

import re
from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

from ..protocol.errors import NotAcceptable
from ..protocol.tolerances import Tolerance

_LIKE_JSON = re.compile(r"(application|text)/[\w.+-]*(json|scim)[\w.+-]*", re.IGNORECASE)


class ScimNegotiation(BaseContentNegotiation):
    """Prefer SCIM's media type if the client accepts several types equally."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        content_type = request.content_type
        if not content_type:
            return next(iter(parsers))
        parsers = list(parsers)
        for parser in parsers:
            if media_type_matches(parser.media_type, content_type):
                return parser
        tolerances = getattr(request, "scim_tolerances", None)
        is_like_json = _LIKE_JSON.fullmatch(content_type.partition(";")[0].strip())
        if is_like_json and tolerances and tolerances.permit(Tolerance.OTHER_MEDIA_TYPE):
            return next(iter(parsers))
        return None

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Return the renderer and its media type.

        Raise NotAcceptable if the Accept header excludes JSON, unless the profile has the
        tolerance ANY_ACCEPT. The answer to a DELETE has no representation to choose.
        """
        header = request.META.get("HTTP_ACCEPT", "").strip()
        offered = list(renderers)
        if not header or header == "*/*" or request.method in ("DELETE", "OPTIONS"):
            return offered[0], offered[0].media_type
        accepted = accepted_types(header)
        best = max(offered, key=lambda renderer: quality(accepted, renderer.media_type))
        if quality(accepted, best.media_type) > 0:
            return best, best.media_type
        tolerances = getattr(request, "scim_tolerances", None)
        if tolerances is not None and not tolerances.permit(Tolerance.ANY_ACCEPT):
            raise NotAcceptable("the Accept header must allow application/scim+json")
        return offered[0], offered[0].media_type


def accepted_types(header: str) -> dict[str, float]:
    """Return the media ranges of an Accept header with their qualities (RFC 9110 12.5.1)."""
    accepted = {}
    for part in header.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media_type:
            values = (each.partition("=") for each in parameters)
            weights = [value.strip() for name, _, value in values if name.strip() == "q"]
            accepted[media_type] = _weight(weights[0]) if weights else 1.0
    return accepted


def _weight(text: str) -> float:
    return float(text) if re.fullmatch(r"[01](\.\d{0,3})?", text, re.ASCII) else 1.0


def quality(accepted: dict[str, float], media_type: str) -> float:
    """Return the quality of a media type: that of the most specific range that covers it."""
    for media_range in (media_type, "application/*", "*/*"):
        if media_range in accepted:
            return accepted[media_range]
    return 0.0

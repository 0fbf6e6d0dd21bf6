"""Select the parser and the renderer of a request (RFC 7644 section 3.8)."""

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.utils.mediatypes import media_type_matches

from ..protocol.errors import NotAcceptable
from ..protocol.tolerances import Tolerance


class ScimNegotiation(BaseContentNegotiation):
    """Prefer SCIM's media type if the client accepts several types."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        content_type = request.content_type
        if not content_type:
            return next(iter(parsers))
        return next((p for p in parsers if media_type_matches(p.media_type, content_type)), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Return the renderer and its media type.

        Raise NotAcceptable if the Accept header excludes JSON, unless the profile has the
        tolerance ANY_ACCEPT.
        """
        header = request.META.get("HTTP_ACCEPT", "").strip()
        accepted = accepted_types(header or "*/*")
        offered = list(renderers)
        for renderer in offered:
            if any(_covers(each, renderer.media_type) for each in accepted):
                return renderer, renderer.media_type
        tolerances = getattr(request, "scim_tolerances", None)
        if tolerances is not None and not tolerances.permit(Tolerance.ANY_ACCEPT):
            raise NotAcceptable("the Accept header must allow application/scim+json")
        return offered[0], offered[0].media_type


def accepted_types(header: str) -> list[str]:
    """Return the media ranges of an Accept header whose quality is not zero."""
    accepted = []
    for part in header.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        is_excluded = any(
            name == "q" and value.strip("0.") == ""
            for name, _, value in (parameter.partition("=") for parameter in parameters)
        )
        if media_type and not is_excluded:
            accepted.append(media_type)
    return accepted


def _covers(media_range: str, media_type: str) -> bool:
    return media_range in (media_type, "*/*", "application/*")

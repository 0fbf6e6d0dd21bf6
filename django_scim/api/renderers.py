"""JSON to a client."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer


class ScimRenderer(BaseRenderer):
    """application/scim+json; an answer without a body has no content type either."""

    media_type = "application/scim+json"
    format = "scim"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


class JSONRenderer(ScimRenderer):
    """For a client that takes plain JSON and nothing else (RFC 7644 section 3.8)."""

    media_type = "application/json"
    format = "json"

"""Render responses as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer


class ScimRenderer(BaseRenderer):
    """application/scim+json. The body is empty if there is no data."""

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
    """application/json, for clients that only accept plain JSON (RFC 7644 section 3.8)."""

    media_type = "application/json"
    format = "json"

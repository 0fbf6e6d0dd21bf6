"""The body of a request, also if it comes in chunks and nobody says how long it is.

Django reads the body of a WSGI request up to its Content-Length, so that a body in chunks (RFC 9112
section 7.1) would be empty. A server that removes the chunks itself says so with the key
``wsgi.input_terminated``; its stream ends where the body ends.
"""

import io
from typing import Any

from rest_framework.request import Request

from ...protocol.errors import InvalidSyntax, LengthRequired


class ScimRequest(Request):
    """A request whose ``stream`` is None only if there is no body at all."""

    def _load_stream(self) -> None:
        meta = self._request.META
        if "HTTP_TRANSFER_ENCODING" in meta or not meta.get("CONTENT_LENGTH"):
            self._stream = _unmeasured(self._request)
        else:
            super()._load_stream()  # type: ignore[misc]


def _unmeasured(request: Any) -> Any:
    """Return the stream of a body without a length, None without a body.

    Raise LengthRequired if the server does not say where the body ends.
    """
    is_sent = "HTTP_TRANSFER_ENCODING" in request.META
    environ = getattr(request, "environ", None)
    if environ is None:  # ASGI: Django has already received all of the body
        stream: Any = io.BytesIO(request.body) if request._read_started else request
        return stream if is_sent else _unless_empty(stream)
    if not is_sent:
        return None
    if not environ.get("wsgi.input_terminated"):
        raise LengthRequired(
            "this server does not support bodies in chunks (Transfer-Encoding); send the body with "
            "a Content-Length"
        )
    return environ["wsgi.input"]


def _unless_empty(stream: Any) -> Any:
    """Return a stream with the same content, None if there is none."""
    first = stream.read(1)
    return _Prefixed(first, stream) if first else None


class _Prefixed:
    """A stream of which the first byte has already been read."""

    def __init__(self, first: bytes, rest: Any) -> None:
        self._first, self._rest = first, rest

    def read(self, size: int) -> bytes:
        first, self._first = self._first, b""
        return first + bytes(self._rest.read(size - len(first)))


def read_limited(stream: Any, limit: int) -> bytes:
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

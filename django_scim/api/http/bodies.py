"""The body of a request without a Content-Length, which comes in chunks.

Django reads the body of a WSGI request up to its Content-Length, so that a body in chunks (RFC 9112
section 7.1) would be empty. A server that decodes the chunks itself sets the key
``wsgi.input_terminated``; its stream ends where the body ends.
"""

import io
from typing import Any

from rest_framework.request import Request

from ...compat import is_read
from ...protocol.errors import LengthRequired


class UnmeasuredRequest(Request):
    """A request without a Content-Length. A parser gets its body, even if it is empty."""

    def _load_stream(self) -> None:
        self._stream = _stream(self._request)


def _stream(request: Any) -> Any:
    """Return the stream of a body without a length.

    Raise LengthRequired if the server does not say where the body ends.
    """
    environ = getattr(request, "environ", None)
    if environ is None:  # ASGI: Django has already received all of the body
        return io.BytesIO(request.body) if is_read(request) else request
    if "HTTP_TRANSFER_ENCODING" not in request.META:
        return io.BytesIO()
    if not environ.get("wsgi.input_terminated"):
        raise LengthRequired(
            "this server does not support bodies in chunks (Transfer-Encoding); send the body with "
            "a Content-Length"
        )
    return environ["wsgi.input"]

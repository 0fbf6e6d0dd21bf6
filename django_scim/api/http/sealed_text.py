"""Encrypt short texts that a client keeps and sends back, such as the position in a list.

This is the construction SIV (Rogaway and Shrimpton 2006, RFC 5297), with HMAC-SHA256 as its
pseudorandom function, since the standard library has no cipher. A keyed digest of the text is both
its authentication and the start of the key stream that the text is combined with. No part of it is
random, so that a repeated or predictable nonce cannot break it: equal texts have equal seals, and
nothing else can be seen but the length. Texts are padded, so that the length says little, too.
"""

import base64
import hmac
import re
from collections.abc import Iterator

from django.conf import settings as site_settings
from django.utils.crypto import salted_hmac

_TAG = 16
_BLOCK = 32
#: Texts of up to this length, or of up to a multiple of it, have seals of the same length.
_PADDING = 4 * _BLOCK
_LONGEST = 200_000
_BASE64 = re.compile(rf"[A-Za-z0-9_-]{{1,{_LONGEST}}}")


def seal(text: str, purpose: str) -> str:
    """Return a text encrypted and authenticated, in unreserved characters (RFC 3986 section 2.3).

    The text must not end with a space. ``purpose`` must be the same for ``unseal``.
    """
    tag_key, stream_key = next(_keys(purpose))
    padded = text.encode()
    padded += b" " * (-len(padded) % _PADDING)
    tag = hmac.digest(tag_key, padded, "sha256")[:_TAG]
    return _encoded(tag + _combined(padded, stream_key, tag))


def unseal(sealed: str, purpose: str) -> str | None:
    """Return the text of a seal; None if it is not a seal for this purpose.

    Seals that were made with one of SECRET_KEY_FALLBACKS are valid.
    """
    if not _BASE64.fullmatch(sealed):
        return None
    try:
        data = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    except ValueError:
        return None
    tag, hidden = data[:_TAG], data[_TAG:]
    if _encoded(data) != sealed or not hidden or len(hidden) % _PADDING:
        return None
    for tag_key, stream_key in _keys(purpose):
        padded = _combined(hidden, stream_key, tag)
        if hmac.compare_digest(hmac.digest(tag_key, padded, "sha256")[:_TAG], tag):
            return padded.decode().rstrip(" ")
    return None


def _keys(purpose: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys for the digest and for the stream, for each secret of the site."""
    for secret in (site_settings.SECRET_KEY, *site_settings.SECRET_KEY_FALLBACKS):
        tag_key, stream_key = (
            salted_hmac(f"django_scim.{part}", purpose, secret, algorithm="sha256").digest()
            for part in ("tag", "stream")
        )
        yield tag_key, stream_key


def _combined(data: bytes, key: bytes, start: bytes) -> bytes:
    """Return data combined with a key stream, which encrypts and decrypts it."""
    count = -(-len(data) // _BLOCK)
    stream = b"".join(
        hmac.digest(key, start + number.to_bytes(4, "big"), "sha256") for number in range(count)
    )
    number = int.from_bytes(data, "big") ^ int.from_bytes(stream[: len(data)], "big")
    return number.to_bytes(len(data), "big")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

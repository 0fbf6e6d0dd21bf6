"""Limits of request bodies."""

import pytest

from django_scim.models import Event
from tests.client import USER, assert_error


@pytest.mark.parametrize(
    ("limits", "body", "status", "scim_type", "words"),
    [
        ({"MAX_BODY_SIZE": 50}, {"userName": "x" * 60}, 413, None, "50 bytes"),
        ({"MAX_JSON_DEPTH": 3}, {"a": [[[[1]]]]}, 400, "invalidSyntax", "deeper than 3"),
        ({"MAX_VALUES": 2}, {"emails": [{}] * 3}, 413, None, "emails: has more than 2"),
    ],
)
def test_body_limits(scim, settings, limits, body, status, scim_type, words):
    settings.DJANGO_SCIM = limits
    answer = scim.post("/Users", {"schemas": [USER], "userName": "b", **body})
    assert_error(answer, status, scim_type, words)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"userName": "a", "userName": "b"}',
        b'{"name": {"givenName": "a", "givenName": "b"}}',
        b'{"userName": NaN}',
        b'{"userName": Infinity}',
        b'{"userName": -Infinity}',
        b'{"userName": "\\ud800"}',
        b'{"\\udc00": "x"}',
        b'\xef\xbb\xbf\xef\xbb\xbf{"userName": "a"}',
        b'{"userName": "\xff"}',
        b'{"userName": "\xed\xa0\x80"}',
        b'{"userName": "a"} x',
        b'{"userName": "a",}',
        b"{'userName': 'a'}",
        b'{"userName": "a\nb"}',
        b"",
        b"null",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 10_000,
    ],
)
def test_rejects_malformed_json(scim, raw):
    assert_error(scim.request("POST", "/Users", raw=raw), 400, "invalidSyntax")
    assert Event.objects.latest("pk").status == 400


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP"])
def test_rejects_compressed_body(scim, encoding):
    import gzip

    bomb = gzip.compress(b" " * 10_000_000)
    answer = scim.request("POST", "/Users", raw=bomb, content_encoding=encoding)
    assert_error(answer, 415, None, "Content-Encoding")

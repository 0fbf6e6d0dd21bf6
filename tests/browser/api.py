"""Requests of an identity provider over the network."""

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.client import USER


def call(base, secret, method, path, body=None):
    """Return the status and the parsed body."""
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/scim+json"}
    data = None if body is None else json.dumps(body).encode()
    request = Request(base + path, data, headers, method=method)
    try:
        with urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read() or "null")
    except HTTPError as error:
        return error.code, json.load(error)


def make_user(base, secret, username, **attributes):
    return call(
        base, secret, "POST", "/Users", {"schemas": [USER], "userName": username, **attributes}
    )

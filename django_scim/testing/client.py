"""A SCIM client for tests. It checks that each response is a valid SCIM response."""

import gzip
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse

from .. import connections
from ..models import Connection
from ..protocol.attributes import ENTERPRISE_URN, GROUP_URN, USER_URN
from ..protocol.errors import ERROR_URN
from ..protocol.messages.bulk import REQUEST_URN
from ..protocol.messages.patch import PATCH_URN


class ScimClient:
    """A client of one connection. The ``data`` of each response is its parsed body.

    By default it issues itself a token with all scopes, and looks up the base URL by its name.
    """

    def __init__(
        self, connection: Connection, secret: str | None = None, base: str | None = None
    ) -> None:
        self.connection = connection
        self.base = reverse("django_scim:base").rstrip("/") if base is None else base
        self.secret = secret or connections.issue_token(connection).secret
        self.http = Client(raise_request_exception=False)
        #: Set to True to send requests over HTTPS.
        self.secure = False

    # Requests

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        raw: bytes | str | None = None,
        token: bool = True,
        **headers: str,
    ) -> Any:
        """Send a request and return Django's response, with ``data``.

        Write the names of ``headers`` with underscores: ``if_match='W/"1"'``. Raises AssertionError
        if the response is not a valid SCIM response.
        """
        content_type = headers.pop("content_type", "application/scim+json")
        extra: dict[str, Any] = {f"HTTP_{name.upper()}": text for name, text in headers.items()}
        if token:
            extra.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.secret}")
        data = raw if raw is not None else b"" if body is None else json.dumps(body)
        response: Any = self.http.generic(
            method,
            self.base + path,
            data,
            content_type=content_type,
            secure=self.secure,
            **extra,
        )
        self._check(response)
        return response

    def get(self, path: str, params: dict[str, Any] | None = None, **headers: Any) -> Any:
        return self.request("GET", f"{path}?{urlencode(params)}" if params else path, **headers)

    def post(self, path: str, body: Any = None, **kwargs: Any) -> Any:
        return self.request("POST", path, body, **kwargs)

    def put(self, path: str, body: Any = None, **kwargs: Any) -> Any:
        return self.request("PUT", path, body, **kwargs)

    def patch(self, path: str, *operations: dict[str, Any], **kwargs: Any) -> Any:
        """Send PATCH operations, such as ``{"op": "remove", "path": "title"}``."""
        body = {"schemas": [PATCH_URN], "Operations": list(operations)}
        return self.request("PATCH", path, body, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Any:
        return self.request("DELETE", path, **kwargs)

    def bulk(self, *operations: dict[str, Any], **members: Any) -> Any:
        """Send operations as one bulk, such as ``{"method": "DELETE", "path": "/Users/1"}``."""
        body = {"schemas": [REQUEST_URN], "Operations": list(operations), **members}
        return self.request("POST", "/Bulk", body)

    # Shorthands

    def find(self, text: str, endpoint: str = "/Users", **params: Any) -> list[dict[str, Any]]:
        """Return the resources that a filter matches."""
        response = self.get(endpoint, {"filter": text, **params})
        _assert_status(response, 200)
        found: list[dict[str, Any]] = response.data["Resources"]
        total = response.data["totalResults"]
        assert total == len(found), f"{len(found)} resources on the page, totalResults is {total}"
        return found

    def pages(self, endpoint: str = "/Users", **params: Any) -> Iterator[dict[str, Any]]:
        """Yield the pages of a list, following the cursors (RFC 9865)."""
        cursor: str | None = ""
        while cursor is not None:
            response = self.get(endpoint, params | {"cursor": cursor})
            _assert_status(response, 200)
            yield response.data
            following = response.data.get("nextCursor")
            assert following is None or following != cursor, "nextCursor is the cursor of this page"
            cursor = following

    def make(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create a resource and return it as in the response."""
        response = self.post(endpoint, body)
        _assert_status(response, 201)
        made: dict[str, Any] = response.data
        return made

    def make_user(self, name: str = "bjensen", /, **attributes: Any) -> dict[str, Any]:
        schemas = [USER_URN, *([ENTERPRISE_URN] if ENTERPRISE_URN in attributes else [])]
        return self.make("/Users", {"schemas": schemas, "userName": name, **attributes})

    def make_group(self, name: str = "Tour Guides", *members: dict[str, Any]) -> dict[str, Any]:
        values = [{"value": member["id"]} for member in members]
        body = {"schemas": [GROUP_URN], "displayName": name, "members": values}
        return self.make("/Groups", body)

    # Requirements on every response

    def _check(self, response: Any) -> None:
        """Parse the body of a response, and check the requirements for every SCIM response."""
        content = response.content
        if response.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        response.data = None
        if not content:
            _assert_status(response, 200, 201, 204, 304)
            return
        content_type = response.headers.get("Content-Type")
        assert content_type == "application/scim+json", (
            f"{_request_of(response)}: status {response.status_code} with Content-Type "
            f"{content_type}, not application/scim+json"
        )
        data = response.data = json.loads(content)
        if response.status_code >= 400:
            assert data.get("schemas") == [ERROR_URN], f"not a SCIM error: {data}"
            assert data.get("status") == str(response.status_code), f"wrong status in {data}"
            assert data.get("detail"), f"no detail in {data}"
        for resource in [data, *data.get("Resources", [])]:
            assert resource.get("schemas"), f"no schemas in {resource}"
            assert "password" not in resource, f"a password in {resource}"


def assert_error(response: Any, status: int, scim_type: str | None = None, *words: str) -> None:
    """Assert that a response is a SCIM error whose ``detail`` contains all ``words``."""
    _assert_status(response, status)
    data = response.data or {}
    assert data.get("scimType") == scim_type, f"the scimType is not {scim_type}: {data}"
    for word in words:
        assert word in data["detail"], f"{word!r} is not in the detail: {data['detail']}"


def _assert_status(response: Any, *expected: int) -> None:
    assert response.status_code in expected, (
        f"{_request_of(response)}: status {response.status_code} instead of "
        f"{' or '.join(map(str, expected))}; the response is {response.data}"
    )


def _request_of(response: Any) -> str:
    """Return the method and path of the request that a response belongs to."""
    return f"{response.request['REQUEST_METHOD']} {response.request['PATH_INFO']}"

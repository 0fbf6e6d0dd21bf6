"""A SCIM client for tests, which checks on every answer what must hold of all answers."""

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
    """Calls the SCIM base with a connection's token; ``response.data`` is the parsed body.

    Without ``secret`` a token with every scope is issued; ``base`` is found by the URL names.
    """

    def __init__(
        self, connection: Connection, secret: str | None = None, base: str | None = None
    ) -> None:
        self.connection = connection
        self.base = reverse("django_scim:base").rstrip("/") if base is None else base
        self.secret = secret or connections.issue_token(connection).secret
        self.http = Client(raise_request_exception=False)
        #: Whether requests come by https; by plain HTTP they come from loopback.
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

        ``headers`` are named with underscores: ``if_match='W/"1"'``. Raises AssertionError for an
        answer that is no SCIM.
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
        """Send operations, such as ``{"op": "remove", "path": "title"}``."""
        body = {"schemas": [PATCH_URN], "Operations": list(operations)}
        return self.request("PATCH", path, body, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Any:
        return self.request("DELETE", path, **kwargs)

    def bulk(self, *operations: dict[str, Any], **members: Any) -> Any:
        """Send operations, such as ``{"method": "DELETE", "path": "/Users/1"}``, as one bulk."""
        body = {"schemas": [REQUEST_URN], "Operations": list(operations), **members}
        return self.request("POST", "/Bulk", body)

    # Shorthands

    def find(self, text: str, endpoint: str = "/Users", **params: Any) -> list[dict[str, Any]]:
        """Return the resources that a filter matches."""
        response = self.get(endpoint, {"filter": text, **params})
        assert response.status_code == 200, response.data
        assert response.data["totalResults"] == len(response.data["Resources"])
        found: list[dict[str, Any]] = response.data["Resources"]
        return found

    def pages(self, endpoint: str = "/Users", **params: Any) -> Iterator[dict[str, Any]]:
        """Yield the pages of a list, walking by cursor (RFC 9865)."""
        cursor: str | None = ""
        while cursor is not None:
            response = self.get(endpoint, params | {"cursor": cursor})
            assert response.status_code == 200, response.data
            yield response.data
            following = response.data.get("nextCursor")
            assert following is None or following != cursor
            cursor = following

    def make(self, endpoint: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create a resource and return it as the server answered."""
        response = self.post(endpoint, body)
        assert response.status_code == 201, response.data
        made: dict[str, Any] = response.data
        return made

    def make_user(self, name: str = "bjensen", /, **attributes: Any) -> dict[str, Any]:
        schemas = [USER_URN, *([ENTERPRISE_URN] if ENTERPRISE_URN in attributes else [])]
        return self.make("/Users", {"schemas": schemas, "userName": name, **attributes})

    def make_group(self, name: str = "Tour Guides", *members: dict[str, Any]) -> dict[str, Any]:
        values = [{"value": member["id"]} for member in members]
        body = {"schemas": [GROUP_URN], "displayName": name, "members": values}
        return self.make("/Groups", body)

    # What holds of every answer

    def _check(self, response: Any) -> None:
        content = response.content
        if response.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        response.data = json.loads(content) if content else None
        if response.data is None:
            assert response.status_code in (200, 204, 304), response.status_code
            return
        assert response.headers["Content-Type"] == "application/scim+json"
        assert response.data["schemas"]
        if response.status_code >= 400:
            assert response.data["schemas"] == [ERROR_URN]
            assert response.data["status"] == str(response.status_code)
            assert response.data["detail"]
        for resource in response.data.get("Resources", [response.data]):
            assert resource["schemas"]
            assert "password" not in resource


def assert_error(response: Any, status: int, scim_type: str | None = None, *words: str) -> None:
    """Assert that an answer is this SCIM error, and that its detail holds the words."""
    assert response.status_code == status, response.data
    assert response.data.get("scimType") == scim_type, response.data
    for word in words:
        assert word in response.data["detail"], response.data["detail"]

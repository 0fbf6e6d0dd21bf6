"""A SCIM client for tests that checks on every answer what must hold of all answers."""

import gzip
import json
from urllib.parse import urlencode

from django.test import Client

from django_scim import connections
from django_scim.protocol.errors import ERROR_URN

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
BASE = "/scim/v2"


class ScimClient:
    """Calls the SCIM base with a connection's token; ``response.data`` is the parsed body."""

    def __init__(self, connection, secret=None, base=BASE):
        self.connection, self.base = connection, base
        self.secret = secret or connections.issue_token(connection).secret
        self.http = Client(raise_request_exception=False)

    def request(self, method, path, body=None, raw=None, token=True, **headers):
        content_type = headers.pop("content_type", "application/scim+json")
        extra = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        if token:
            extra.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.secret}")
        data = raw if raw is not None else b"" if body is None else json.dumps(body)
        response = self.http.generic(
            method, self.base + path, data, content_type=content_type, **extra
        )
        self._check(response)
        return response

    def get(self, path, params=None, **headers):
        return self.request("GET", f"{path}?{urlencode(params)}" if params else path, **headers)

    def post(self, path, body=None, **kwargs):
        return self.request("POST", path, body, **kwargs)

    def put(self, path, body=None, **kwargs):
        return self.request("PUT", path, body, **kwargs)

    def patch(self, path, *operations, **kwargs):
        return self.request(
            "PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **kwargs
        )

    def delete(self, path, **kwargs):
        return self.request("DELETE", path, **kwargs)

    def find(self, text, endpoint="/Users", **params):
        """Return the resources that a filter matches."""
        response = self.get(endpoint, {"filter": text, **params})
        assert response.status_code == 200, response.data
        assert response.data["totalResults"] == len(response.data["Resources"])
        return response.data["Resources"]

    def make_user(self, name="bjensen", /, **attributes):
        body = {"schemas": [USER], "userName": name, **attributes}
        if ENTERPRISE in attributes:
            body["schemas"] = [USER, ENTERPRISE]
        response = self.post("/Users", body)
        assert response.status_code == 201, response.data
        return response.data

    def make_group(self, name="Tour Guides", *members):
        values = [{"value": member["id"]} for member in members]
        response = self.post(
            "/Groups", {"schemas": [GROUP], "displayName": name, "members": values}
        )
        assert response.status_code == 201, response.data
        return response.data

    def _check(self, response):
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


def assert_error(response, status, scim_type=None, *words):
    """The answer is this SCIM error, and its detail holds the words."""
    assert response.status_code == status, response.data
    assert response.data.get("scimType") == scim_type, response.data
    for word in words:
        assert word in response.data["detail"], response.data["detail"]

"""ServiceProviderConfig, ResourceTypes and Schemas (RFC 7644 section 4).

The documents are generated from the settings and the adapters.
"""

from functools import cached_property
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from ...conf import settings
from ...models import Connection
from ...protocol.attributes import load_schema
from ...protocol.errors import Forbidden, NotFound, ScimError
from ...protocol.messages.responses import list_response
from ...protocol.tolerances import Profile
from ..authentication import BearerAuthentication
from ..views import ScimView

CORE = "urn:ietf:params:scim:schemas:core:2.0:"


def refuse_filter(request: Request, kind: str) -> None:
    """Raise Forbidden for a filter (RFC 7644 section 4). Sorting and paging are ignored."""
    if any(name.lower() == "filter" for name in request.query_params):
        raise Forbidden(f"{kind} cannot be filtered")


class DiscoveryView(ScimView):
    """A list of read-only documents, or one of them by its id."""

    kind = ""

    def documents(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def get(self, request: Request, key: str = "") -> Response:
        self.depth = 2 if key else 1
        refuse_filter(request, self.kind)
        documents = [self._with_meta(document) for document in self.documents()]
        if not key:
            return Response(list_response(documents, len(documents)))
        for document in documents:
            if document["id"].lower() == key.lower():
                return Response(document)
        raise NotFound(f"there is no {self.kind} {key[:200]!r}", "wrong_url")

    def _with_meta(self, document: dict[str, Any]) -> dict[str, Any]:
        location = f"{self.base_url()}/{self.kind}s/{document['id']}"
        return document | {"meta": {"resourceType": self.kind, "location": location}}


class Schemas(DiscoveryView):
    """The schemas of the mapped attributes, and those of the discovery documents."""

    kind = "Schema"

    def documents(self) -> list[dict[str, Any]]:
        by_id: dict[str, dict[str, Any]] = {}
        for adapter in self.registry.all_classes:
            for schema in adapter.published_schemas():
                by_id.setdefault(schema.id, schema.to_json())
        for name in ("ServiceProviderConfig", "ResourceType", "Schema"):
            schema = load_schema(name)
            by_id[schema.id] = schema.to_json()
        return list(by_id.values())


class ResourceTypes(DiscoveryView):
    """One document for each resource type that the site publishes."""

    kind = "ResourceType"

    def documents(self) -> list[dict[str, Any]]:
        return [
            {
                "schemas": [f"{CORE}ResourceType"],
                "id": adapter.name,
                "name": adapter.name,
                "endpoint": f"/{adapter.endpoint}",
                "description": adapter.description or adapter.name,
                "schema": adapter.schema.id,
                "schemaExtensions": [
                    {
                        "schema": extension.id,
                        "required": extension in adapter.required_extensions,
                    }
                    for extension in adapter.extensions
                ],
            }
            for adapter in self.registry.all_classes
        ]


class ServiceProviderConfig(ScimView):
    """The features of this server (RFC 7643 section 5).

    Readable without a token, since it describes how to authenticate, unless ANONYMOUS_CONFIG is
    False.
    """

    @property
    def requires_token(self) -> bool:  # type: ignore[override]
        return not settings.ANONYMOUS_CONFIG

    def get(self, request: Request) -> Response:
        refuse_filter(request, "ServiceProviderConfig")
        document: dict[str, Any] = {
            "schemas": [f"{CORE}ServiceProviderConfig"],
            "patch": {"supported": True},
            "bulk": {
                "supported": bool(settings.BULK_MAX_OPERATIONS),
                "maxOperations": settings.BULK_MAX_OPERATIONS,
                "maxPayloadSize": settings.BULK_MAX_PAYLOAD,
            },
            "filter": {"supported": True, "maxResults": settings.MAX_PAGE_SIZE},
            "changePassword": {"supported": self._accepts_passwords()},
            "sort": {"supported": True},
            "etag": {"supported": True},
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken",
                    "name": "Bearer token",
                    "description": "A token that the site issues for one connection.",
                    "specUri": "https://www.rfc-editor.org/info/rfc6750",
                    "primary": True,
                }
            ],
            "meta": {
                "resourceType": "ServiceProviderConfig",
                "location": f"{self.base_url()}/ServiceProviderConfig",
            },
        }
        # Some clients reject a document with a member that RFC 7643 does not have; the profile of a
        # client that sends no token is not known.
        if self.connection is not None and self.tolerances.profile.offers_cursors:
            document["pagination"] = {
                "cursor": True,
                "index": True,
                "defaultPaginationMethod": "index",
                "defaultPageSize": min(settings.PAGE_SIZE, settings.MAX_PAGE_SIZE),
                "maxPageSize": settings.MAX_PAGE_SIZE,
                "cursorTimeout": settings.CURSOR_TIMEOUT,
            }
        if settings.DOCUMENTATION_URI:
            document["documentationUri"] = settings.DOCUMENTATION_URI
        return Response(document)

    @cached_property
    def connection(self) -> Connection | None:
        """The connection whose token the request has, None without a valid token."""
        try:
            principal, _ = BearerAuthentication().authenticate(self.request)
        except ScimError:
            return None
        return principal.connection

    def profile_without_token(self, request: Request) -> Profile:
        if self.connection is None:
            return super().profile_without_token(request)
        return self.connection.tolerated

    def _accepts_passwords(self) -> bool:
        """Return whether the request's connection accepts passwords, False without a token."""
        connection = self.connection
        return connection is not None and connection.passwords == Connection.Passwords.ACCEPT

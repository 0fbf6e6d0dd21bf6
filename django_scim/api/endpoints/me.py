"""/Me (RFC 7644 section 3.11): the resource of the person for whom a token speaks.

Tokens of identity providers speak for nobody, and get 501. A site whose own TOKEN_FINDERS return
tokens with a ``user`` offers the person what ``me:read`` and ``me:write`` permit, and no more.
"""

from typing import Any

from rest_framework.request import Request

from ...protocol.errors import NotImplementedByServer
from ..viewsets import ResourceViewSet


class Me(ResourceViewSet):
    """The person's own User, served under another name; ``Location`` says where it really is."""

    resource_type = "User"
    scope_area = "me"

    def check_permissions(self, request: Request) -> None:
        if getattr(self.token, "user", None) is None:
            raise NotImplementedByServer("this server offers no Me for this token")
        super().check_permissions(request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.depth = 1
        link = None
        if self.resource_type in self.registry.names():
            user: Any = self.token.user  # type: ignore[attr-defined]
            link = self.adapter.queryset().filter(target=user.pk).first()
        if link is None or self.action == "create":
            raise NotImplementedByServer("this server offers no Me for this token")
        self.kwargs["scim_id"] = link.scim_id  # what the handlers of a resource are called with
        self.recorder.set_resource(self.resource_type, scim_id=link.scim_id)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if scim_id := self.kwargs.get("scim_id"):
            response["Location"] = self.adapter.location_of(self.resource_type, scim_id)
        return response

"""/Me (RFC 7644 section 3.11): the User resource of the token's user.

Tokens of identity providers have no user and get 501. A site can return tokens with a ``user`` from
its TOKEN_FINDERS. They allow what the scopes ``me:read`` and ``me:write`` permit.
"""

from typing import Any

from rest_framework.request import Request

from ...protocol.errors import NotImplementedByServer
from ..viewsets import ResourceViewSet


class Me(ResourceViewSet):
    """The user's own User resource. The ``Location`` header contains its real URI.

    The attributes in the adapter's ``admin_attributes`` cannot be changed.
    """

    resource_type = "User"
    scope_area = "me"

    def check_permissions(self, request: Request) -> None:
        if getattr(self.token, "user", None) is None:
            raise NotImplementedByServer("/Me is not available for this token")
        super().check_permissions(request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.depth = 1
        link = None
        if self.resource_type in self.registry.names():
            user: Any = self.token.user  # type: ignore[attr-defined]
            link = self.adapter.queryset().filter(target=user.pk).first()
        if link is None or self.action == "create":
            raise NotImplementedByServer("/Me is not available for this token")
        self.registry.acts_for_person = True
        self.kwargs["scim_id"] = link.scim_id  # the argument of the handlers
        self.recorder.set_resource(self.resource_type, scim_id=link.scim_id)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if scim_id := self.kwargs.get("scim_id"):
            response["Location"] = self.adapter.location_of(self.resource_type, scim_id)
        return response

"""What a token may do: one scope for reading and one for writing each resource type.

A token that speaks for a person opens ``/Me`` alone, whatever its scopes.
"""

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from ..protocol.errors import Forbidden


class TokenScope(BasePermission):
    """Grants a request whose token holds ``users:read``, ``users:write`` and so on."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return True. Raises Forbidden, naming the scope that is missing."""
        area = getattr(view, "scope_area", None)
        if getattr(view.token, "user", None) is not None and area != "me":  # type: ignore[attr-defined]
            raise Forbidden("the token speaks for one person: it opens /Me alone")
        if area is None:
            return True
        method = request.method
        reads = method in SAFE_METHODS or (method == "POST" and view.is_query())  # type: ignore[attr-defined]
        scope = f"{area}:{'read' if reads else 'write'}"
        if not view.token.permits(scope):  # type: ignore[attr-defined]
            raise Forbidden(f"the token lacks the scope {scope}")
        return True

"""Check the scopes of a token: one to read and one to write each resource type.

A token without the read scope of a type learns nothing about its resources: the responses to its
writes have no body and no version.

A token of a single user can only access ``/Me``, regardless of its scopes.
"""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from ..adapters.registry import AUDIT_SCOPES
from ..protocol.errors import Forbidden


class InsufficientScope(Forbidden):
    """The token lacks the scope for the request (RFC 6750 section 3.1)."""


class TokenScope(BasePermission):
    """Require the token's scope for the request, such as ``users:read`` or ``users:write``."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True. Raise Forbidden with the name of the scope if it is missing.

        ``view`` is a ScimView whose token is known. Set its ``may_read``.
        """
        area = getattr(view, "scope_area", None)
        if getattr(view.token, "user", None) is not None and area != "me":
            raise Forbidden(
                "the token belongs to a single user and can only access /Me", "single_user_token"
            )
        if area is None:
            return True
        method = request.method
        reads = method in SAFE_METHODS or (method == "POST" and view.is_query())
        scope = f"{area}:{'read' if reads else 'write'}"
        if not view.token.permits(scope):
            raise InsufficientScope(
                f"the token does not have the scope {scope}", "scope_missing", scope=scope
            )
        view.may_read = reads or view.token.permits(f"{area}:read")
        return True


#: The scopes of the audit log: the events of the token's connection, and all events.
AUDIT_READ, AUDIT_ALL = AUDIT_SCOPES


class AuditScope(BasePermission):
    """Require a scope of the audit log."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True. Raise Forbidden without the scope, and for a token of a single user."""
        if getattr(view.token, "user", None) is not None:
            raise Forbidden("the token belongs to a single user and can only access /Me")
        if not (view.token.permits(AUDIT_READ) or view.token.permits(AUDIT_ALL)):
            raise InsufficientScope(f"the token does not have the scope {AUDIT_READ}")
        return True

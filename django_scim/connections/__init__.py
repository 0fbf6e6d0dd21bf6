"""The public API for managing connections, for a site's own settings page and for scripts.

The functions do not check permissions; that is up to the site. If an ``actor`` is given, the
function records an event in the same transaction as the change. A wrong argument raises ValueError,
or ValidationError if a form can show the message to the user.
"""

from ..audit.administration import Actor
from ..audit.explanations import explain
from ..current import current_connection
from .assignments import assign, confirm, unassign
from .changes import change
from .creation import create, prepare
from .guard import guard_of, override_guard
from .lifecycle import close, pause, resume
from .privileges import privileged_links, share_privileged, unshare_privileged
from .scope import ScopeChange, ScopeCounts, count_scope, set_scope
from .sign_in import user_for
from .tenants import for_tenant, set_tenant
from .tokens import IssuedToken, issue_token, revoke, rotate

__all__ = [
    "Actor",
    "IssuedToken",
    "ScopeChange",
    "ScopeCounts",
    "assign",
    "change",
    "close",
    "confirm",
    "count_scope",
    "create",
    "current_connection",
    "explain",
    "for_tenant",
    "guard_of",
    "issue_token",
    "override_guard",
    "pause",
    "prepare",
    "privileged_links",
    "resume",
    "revoke",
    "rotate",
    "set_scope",
    "set_tenant",
    "share_privileged",
    "unassign",
    "unshare_privileged",
    "user_for",
]

"""The admin's pages: connections with their tokens and links, and the audit log."""

from .connections import ConnectionAdmin
from .events import EventAdmin
from .links import GroupLinkAdmin, UserLinkAdmin
from .tokens import TokenAdmin

__all__ = ["ConnectionAdmin", "EventAdmin", "GroupLinkAdmin", "TokenAdmin", "UserLinkAdmin"]

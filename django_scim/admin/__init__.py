"""The admin's pages: connections with their tokens, and the audit log."""

from .connections import ConnectionAdmin, TokenAdmin
from .events import EventAdmin

__all__ = ["ConnectionAdmin", "EventAdmin", "TokenAdmin"]

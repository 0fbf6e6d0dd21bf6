"""The parts of the audit log's pages: the list, the page of one event, and linking an account."""

from .days import RequestsOnFilter
from .linking import EventLinkingMixin
from .listing import AttentionFilter, EventListMixin
from .page import EventPage

__all__ = [
    "AttentionFilter",
    "EventLinkingMixin",
    "EventListMixin",
    "EventPage",
    "RequestsOnFilter",
]

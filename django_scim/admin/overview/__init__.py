"""The start page of the admin: the state of every connection, what needs attention first."""

from .page import OverviewAdmin

__all__ = ["OverviewAdmin"]

"""The admin's pages: connections with their tokens and links, and the audit log."""

from ..conf import settings
from .connections import ConnectionAdmin
from .events import EventAdmin
from .links import GroupLinkAdmin, UserLinkAdmin
from .overview import OverviewAdmin
from .site_objects import ScimGroupAdminMixin, ScimUserAdminMixin, extend_stock_admins
from .tokens import TokenAdmin

__all__ = [
    "ConnectionAdmin",
    "EventAdmin",
    "GroupLinkAdmin",
    "OverviewAdmin",
    "ScimGroupAdminMixin",
    "ScimUserAdminMixin",
    "TokenAdmin",
    "UserLinkAdmin",
]

if settings.EXTEND_USER_ADMIN:
    extend_stock_admins()

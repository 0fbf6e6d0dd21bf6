"""Show SCIM data on the site's own admin pages of accounts and groups."""

from .mixins import ScimGroupAdminMixin, ScimUserAdminMixin
from .stock import extend_stock_admins

__all__ = ["ScimGroupAdminMixin", "ScimUserAdminMixin", "extend_stock_admins"]

"""Extend the admin classes of ``django.contrib.auth``, for the setting EXTEND_USER_ADMIN."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

from .mixins import ScimGroupAdminMixin, ScimUserAdminMixin


class ScimUserAdmin(ScimUserAdminMixin, UserAdmin):
    """Django's admin of accounts, with SCIM."""


class ScimGroupAdmin(ScimGroupAdminMixin, GroupAdmin):
    """Django's admin of groups, with SCIM."""


def extend_stock_admins() -> None:
    """Replace Django's admin classes of User and Group; those of the site stay as they are."""
    for model, stock, extended in (
        (User, UserAdmin, ScimUserAdmin),
        (Group, GroupAdmin, ScimGroupAdmin),
    ):
        if admin.site.is_registered(model) and type(admin.site.get_model_admin(model)) is stock:
            admin.site.unregister(model)
            admin.site.register(model, extended)

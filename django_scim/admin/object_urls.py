"""URLs of objects in the admin."""

from typing import Any

from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from ..models import Connection


def change_url(admin_site: AdminSite, model: type[Any], key: Any) -> str:
    """Return the URL of an object's change page, or "" if the admin has no page for its model."""
    opts = model._meta
    try:
        return reverse(
            f"admin:{opts.app_label}_{opts.model_name}_change",
            args=[key],
            current_app=admin_site.name,
        )
    except NoReverseMatch:
        return ""


def list_url(admin_site: AdminSite, model: type[Any]) -> str:
    """Return the URL of a model's list, or "" if the admin has none."""
    opts = model._meta
    try:
        return reverse(
            f"admin:{opts.app_label}_{opts.model_name}_changelist", current_app=admin_site.name
        )
    except NoReverseMatch:
        return ""


def may_view(admin_site: AdminSite, request: HttpRequest, model: Any, instance: Any = None) -> bool:
    """Return whether an admin may see objects of a model, or one of them."""
    if admin_site.is_registered(model):
        found = admin_site.get_model_admin(model).has_view_permission(request, instance)
        return bool(found)
    opts = model._meta
    names = (f"{opts.app_label}.{act}_{opts.model_name}" for act in ("view", "change"))
    return any(request.user.has_perm(name) for name in names)


def may_change_connections(admin_site: AdminSite, request: HttpRequest) -> bool:
    """Return whether an admin may change connections, and so the links of connections."""
    if not admin_site.is_registered(Connection):
        return request.user.has_perm("django_scim.change_connection")
    return bool(admin_site.get_model_admin(Connection).has_change_permission(request))

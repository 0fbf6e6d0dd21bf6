"""URLs of objects in the admin."""

from typing import Any

from django.contrib.admin.sites import AdminSite
from django.urls import NoReverseMatch, reverse


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

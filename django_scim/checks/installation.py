"""Checks of the site around the package: other packages, the URLs and HTTPS."""

from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

from django.conf import settings as site_settings
from django.core.checks import CheckMessage, register
from django.urls import get_resolver

from ..conf import settings
from .settings import are_settings_readable
from .table import message


@register("django_scim")
def check_other_package(**kwargs: Any) -> list[CheckMessage]:
    """Report django-scim2, which has the same import name and overwrites files of this package."""
    try:
        distribution("django-scim2")
    except PackageNotFoundError:
        return []
    return [message("E001", "django-scim2 is installed alongside django-scim-provisioning.")]


@register("django_scim")
def check_urls(**kwargs: Any) -> list[CheckMessage]:
    """Report that ``django_scim.urls`` is not included in the site's URLs."""
    if not getattr(site_settings, "ROOT_URLCONF", ""):
        return []
    try:
        is_included = "django_scim" in get_resolver().app_dict
    except Exception:  # Django's own checks report a URLconf that cannot be imported
        return []
    return [] if is_included else [message("W004", "The site's URLs do not include django_scim.")]


@register("django_scim", deploy=True)
def check_retention(**kwargs: Any) -> list[CheckMessage]:
    """Report that nobody decided how long events are kept (``check --deploy``)."""
    if not are_settings_readable() or settings.EVENT_RETENTION > 0:
        return []
    return [message("W013", "DJANGO_SCIM['EVENT_RETENTION'] is not set.")]


@register("django_scim", deploy=True)
def check_encryption(**kwargs: Any) -> list[CheckMessage]:
    """Report that requests may come over plain HTTP (``check --deploy``)."""
    if are_settings_readable() and settings.ALLOW_HTTP:
        return [message("W007", "DJANGO_SCIM['ALLOW_HTTP'] is on.")]
    if site_settings.SECURE_PROXY_SSL_HEADER or site_settings.SECURE_SSL_REDIRECT:
        return []
    return [message("W006", "Django cannot tell which requests came over HTTPS.")]

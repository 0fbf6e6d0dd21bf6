"""Checks of the site around the package: other packages, the URLs and HTTPS."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as site_settings
from django.core.checks import CheckMessage, register
from django.urls import URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern

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
    """Report that ``django_scim.urls`` is not included in the site's URLs, or in an odd place."""
    name = settings.URLCONF or getattr(site_settings, "ROOT_URLCONF", "")
    if not name:
        return []
    try:
        found = list(_prefixes(get_resolver(name).url_patterns))
    except Exception:
        if not settings.URLCONF:
            return []  # Django's own checks report a URLconf that cannot be imported
        return [message("E041", f"DJANGO_SCIM['URLCONF'] cannot be imported: {name!r}.")]
    if not found:
        return [message("W004", f"The URLs in {name} do not include django_scim.")]
    return [each for patterns in found for each in _misplaced(patterns)]


def _prefixes(patterns: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the patterns of the prefix under which the SCIM URLs are included."""
    for each in patterns:
        if isinstance(each, URLResolver):
            prefix = (*before, each.pattern)
            if each.app_name == "django_scim":
                yield prefix
            else:
                yield from _prefixes(each.url_patterns, prefix)


def _misplaced(patterns: tuple[Any, ...]) -> Iterator[CheckMessage]:
    """Yield the problems of a prefix that identity providers would meet."""
    path = "".join(str(each).removeprefix("^") for each in patterns)
    if any(isinstance(each, LocalePrefixPattern) for each in patterns):
        yield message("W020", f"The SCIM URLs are in i18n_patterns: /{path}.")
    if "v2/v2/" in path:
        yield message("W021", f"The SCIM URLs have their version twice: /{path}.")
    joined = ""
    for each in patterns:
        joined += str(each).removeprefix("^")
        if joined and not joined.endswith("/"):
            yield message("W022", f"The prefix of the SCIM URLs lacks a slash: /{path}.")
            return


@register("django_scim")
def check_base_url(**kwargs: Any) -> list[CheckMessage]:
    """Report a BASE_URL that is not the beginning of a URL."""
    base = settings.BASE_URL
    parts = urlsplit(base)
    is_origin = parts.scheme in ("http", "https") and parts.netloc and not parts.query
    if not base or is_origin:
        return []
    return [message("E040", f"DJANGO_SCIM['BASE_URL'] is {base!r}.")]


@register("django_scim", deploy=True)
def check_retention(**kwargs: Any) -> list[CheckMessage]:
    """Report that EVENT_RETENTION is not set (``check --deploy``)."""
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

"""Client IP address, HTTPS enforcement and the public base URL."""

from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings as site_settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from ...conf import settings
from ...protocol.errors import Forbidden


def client_address(request: HttpRequest) -> str | None:
    """Return the client's IP address, or None if it is unknown.

    Addresses in ``X-Forwarded-For`` are read from right to left, and only as long as they were
    added by TRUSTED_PROXIES: a client may have sent the others itself.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    address = _parsed(request.META.get("REMOTE_ADDR", ""))
    while address is not None and _is_trusted(address) and forwarded:
        last = forwarded.pop().strip()
        if not last:
            break
        address = _parsed(last)
    return None if address is None else str(address)


def require_encryption(request: HttpRequest) -> None:
    """Raise Forbidden for plain HTTP, since anyone on the network could read the bearer token.

    Requests from the loopback address are allowed, unless a proxy has forwarded them.
    """
    if request.is_secure() or site_settings.DEBUG or settings.ALLOW_HTTP:
        return
    address = _parsed(request.META.get("REMOTE_ADDR", ""))
    is_forwarded = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    if address is not None and address.is_loopback and not is_forwarded:
        return
    raise Forbidden(
        "plain HTTP is not allowed; use https. Behind a proxy that terminates TLS, set Django's "
        "SECURE_PROXY_SSL_HEADER; DJANGO_SCIM['ALLOW_HTTP'] allows plain HTTP",
        "plain_http",
    )


def public_base(host: str) -> str:
    """Return the SCIM base URL to show to an admin: BASE_URL or ``host``, and the path."""
    try:
        path = reverse("django_scim:base", urlconf=settings.URLCONF or None).rstrip("/")
    except NoReverseMatch:  # not included, or under a prefix with parameters
        return "(where the site's URLs include django_scim.urls)"
    return f"{(settings.BASE_URL or host).rstrip('/')}{path}"


def _parsed(text: str) -> Any:
    """Return the IP address in a text, without port and brackets, or None."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Any) -> bool:
    return any(address in ip_network(network) for network in settings.TRUSTED_PROXIES)

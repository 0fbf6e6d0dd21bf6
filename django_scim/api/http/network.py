"""Where a request comes from, whether anybody on the way could read it, and where SCIM is."""

from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings as site_settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from ...conf import settings
from ...protocol.errors import Forbidden


def client_address(request: HttpRequest) -> str | None:
    """Return the client's address, or None where nobody tells.

    What ``X-Forwarded-For`` says counts only as far as it comes from TRUSTED_PROXIES: whatever a
    client writes there itself stands left of the address that the first proxy saw.
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
    """Raise Forbidden for plain HTTP: a bearer token is for whoever reads it.

    Loopback is not read by anybody, unless a proxy has passed the request on.
    """
    if request.is_secure() or site_settings.DEBUG or settings.ALLOW_HTTP:
        return
    address = _parsed(request.META.get("REMOTE_ADDR", ""))
    is_passed_on = "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META
    if address is not None and address.is_loopback and not is_passed_on:
        return
    raise Forbidden(
        "plain HTTP is refused: use https. Behind a proxy that ends TLS, set Django's "
        "SECURE_PROXY_SSL_HEADER; DJANGO_SCIM['ALLOW_HTTP'] permits plain HTTP"
    )


def public_base(host: str) -> str:
    """Return the SCIM base URL for a reader; ``host`` is its beginning unless BASE_URL is set."""
    try:
        path = reverse("django_scim:base").rstrip("/")
    except NoReverseMatch:  # not included, or under a prefix that captures something
        return "(where the site's URLs include django_scim.urls)"
    return f"{(settings.BASE_URL or host).rstrip('/')}{path}"


def _parsed(text: str) -> Any:
    """Return the address in a text, without port and brackets; None for what is none."""
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

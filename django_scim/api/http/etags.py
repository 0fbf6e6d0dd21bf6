"""Resource versions in HTTP headers (RFC 7644 section 3.14): weak tags with weak comparison."""

import re

from django.http import HttpRequest

from ...protocol.errors import PreconditionFailed

ANY = "*"
_TAG = re.compile(r'\s*(?:W/)?("[^"]*")\s*(?:,|$)')


def tags(header: str) -> set[str]:
    """Return the opaque tags in a header, which may be ``*``. Ignore malformed tags."""
    if header.strip() == ANY:
        return {ANY}
    result, at = set(), 0
    while match := _TAG.match(header, at):
        result.add(match.group(1))
        at = match.end()
        if at >= len(header):
            break
    return result


def opaque(version: str) -> str:
    return version.removeprefix("W/")


def if_match(request: HttpRequest) -> set[str] | None:
    """Return the tags of If-Match, None without that header."""
    header = request.META.get("HTTP_IF_MATCH")
    return None if header is None else tags(header)


def require_match(wanted: set[str], version: str) -> None:
    """Raise PreconditionFailed unless the current version is among the wanted tags."""
    if ANY not in wanted and opaque(version) not in wanted:
        raise PreconditionFailed(f"the resource has changed; its current version is {version}")


def is_conditional(request: HttpRequest) -> bool:
    """Return whether a GET requests the resource only if it has changed."""
    return "HTTP_IF_NONE_MATCH" in request.META


def is_unchanged(request: HttpRequest, version: str | None) -> bool:
    """Return whether If-None-Match contains the current version, so that the response is 304."""
    header = request.META.get("HTTP_IF_NONE_MATCH")
    if header is None or version is None:
        return False
    wanted = tags(header)
    return ANY in wanted or opaque(version) in wanted

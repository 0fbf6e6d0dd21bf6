"""Versions in HTTP headers (RFC 7644 section 3.14). Weak tags, compared weakly, as SCIM does."""

import re

from django.http import HttpRequest

from ...protocol.errors import PreconditionFailed

ANY = "*"
_TAG = re.compile(r'\s*(?:W/)?("[^"]*")\s*(?:,|$)')


def tags(header: str) -> set[str]:
    """Return the opaque tags of a header, ``*`` among them. What is malformed is no tag."""
    if header.strip() == ANY:
        return {ANY}
    found, at = set(), 0
    while match := _TAG.match(header, at):
        found.add(match.group(1))
        at = match.end()
        if at >= len(header):
            break
    return found


def opaque(version: str) -> str:
    return version.removeprefix("W/")


def if_match(request: HttpRequest) -> set[str] | None:
    """Return the tags of If-Match; None when the header is missing."""
    header = request.META.get("HTTP_IF_MATCH")
    return None if header is None else tags(header)


def require_match(wanted: set[str], version: str) -> None:
    """Raise PreconditionFailed unless the current version is among those wanted."""
    if ANY not in wanted and opaque(version) not in wanted:
        raise PreconditionFailed(f"the resource has changed: its version is {version}")


def is_conditional(request: HttpRequest) -> bool:
    """Whether a GET wants the resource only if it has changed."""
    return "HTTP_IF_NONE_MATCH" in request.META


def is_unchanged(request: HttpRequest, version: str | None) -> bool:
    """Whether If-None-Match names the current version, so that the answer is 304."""
    header = request.META.get("HTTP_IF_NONE_MATCH")
    if header is None or version is None:
        return False
    wanted = tags(header)
    return ANY in wanted or opaque(version) in wanted

"""Versions in HTTP headers (RFC 7644 section 3.14). Weak tags, compared weakly, as SCIM does."""

import re

from django.http import HttpRequest

from ..protocol.errors import PreconditionFailed, PreconditionRequired

_TAG = re.compile(r'\s*(?:W/)?("[^"]*")\s*(?:,|$)')


def tags(header: str) -> set[str] | None:
    """Return the opaque tags of a header; None stands for ``*``. What is malformed is no tag."""
    if header.strip() == "*":
        return None
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
    """Return the tags of If-Match; None when the header is missing or is ``*``."""
    header = request.META.get("HTTP_IF_MATCH")
    return None if header is None else tags(header)


def require_condition(request: HttpRequest) -> None:
    """Raise PreconditionRequired for a change that names no version, not even ``*``."""
    if "HTTP_IF_MATCH" not in request.META:
        raise PreconditionRequired("send the resource's version in If-Match")


def require_match(wanted: set[str], version: str) -> None:
    """Raise PreconditionFailed unless the current version is among those wanted."""
    if opaque(version) not in wanted:
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
    return wanted is None or opaque(version) in wanted

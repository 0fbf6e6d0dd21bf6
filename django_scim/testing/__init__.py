"""For a site's own tests: a client, assertions, requests as identity providers send them, and a
battery of tests over the site's own adapters. Needs pytest for the last."""

from typing import Any

from .client import ScimClient, assert_error

__all__ = ["AdapterContract", "ScimClient", "assert_error"]


def __getattr__(name: str) -> Any:
    """Import the battery when it is asked for: it alone needs pytest."""
    if name == "AdapterContract":
        from .contract import AdapterContract

        return AdapterContract
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

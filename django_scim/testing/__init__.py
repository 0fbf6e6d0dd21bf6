"""Tools for a site's own tests.

A client, an assertion for SCIM errors, the request bodies of identity providers (``payloads``), and
``AdapterContract``, a set of tests for the site's adapters. Only the last requires pytest.
"""

import sys
from typing import Any

if "pytest" in sys.modules:
    # Let pytest show the values in a failed assertion. This must precede the import of the modules.
    sys.modules["pytest"].register_assert_rewrite(
        f"{__name__}.client", f"{__name__}.contract", f"{__name__}.subject"
    )

from .client import ScimClient, assert_error

__all__ = ["AdapterContract", "ScimClient", "assert_error"]


def __getattr__(name: str) -> Any:
    """Import AdapterContract only on demand, because it requires pytest."""
    if name == "AdapterContract":
        from .contract import AdapterContract

        return AdapterContract
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""System checks: problems of a site's set-up, reported before an identity provider meets them.

``table`` has the id of every check. Importing this package registers them.
"""

from .adapters import check_adapters
from .connections import check_stored_tenants
from .installation import (
    check_base_url,
    check_encryption,
    check_other_package,
    check_retention,
    check_urls,
)
from .privileges import check_privileged_links
from .profiles import check_profiles, check_stored_profiles
from .settings import check_paths, check_settings
from .table import CHECKS, message

__all__ = [
    "CHECKS",
    "check_adapters",
    "check_base_url",
    "check_encryption",
    "check_other_package",
    "check_paths",
    "check_privileged_links",
    "check_profiles",
    "check_retention",
    "check_settings",
    "check_stored_profiles",
    "check_stored_tenants",
    "check_urls",
    "message",
]

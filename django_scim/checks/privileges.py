"""Checks of the connections that have groups with permissions."""

from typing import Any

from django.core.checks import CheckMessage, Tags, register
from django.db import DatabaseError

from ..conf import IMPORT_ERRORS
from ..connections import privileged_links
from .table import message


@register(Tags.database)
def check_privileged_links(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Report groups with permissions that their connections must not change."""
    messages = []
    for alias in databases or ():
        try:
            found = privileged_links(using=alias)
        except (DatabaseError, *IMPORT_ERRORS):
            continue  # before the first migration, or check_adapters reports the error
        messages += [
            message(
                "W012",
                f"The connection {link.connection.name!r} has {str(link.target)!r}, which has "
                f"permissions, and no admin allowed it to change its members.",
            )
            for link in found
            if not link.privileged
        ]
    return messages

"""Checks of the profiles, in the settings and of stored connections."""

from typing import Any

from django.core.checks import CheckMessage, Tags, register
from django.db import DatabaseError

from ..conf import settings
from ..models import Connection
from ..models.connections import FALLBACK_PROFILE
from .table import message


@register("django_scim")
def check_profiles(**kwargs: Any) -> list[CheckMessage]:
    """Report profiles in the settings that cannot be used."""
    return [
        message("E029", f"DJANGO_SCIM['PROFILES'][{name!r}]: {error}.")
        for name, error in settings.profile_errors.items()
    ]


@register(Tags.database)
def check_stored_profiles(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Report connections whose profile is not in the settings (``check --database default``)."""
    messages = []
    for alias in databases or ():
        stored = Connection.objects.using(alias).exclude(profile__in=list(settings.PROFILES))
        try:
            found = list(stored.values_list("name", "profile"))
        except DatabaseError:  # there is no table before the first migration
            continue
        for name, profile in found:
            text = f"The connection {name!r} has the profile {profile!r}, which is not in PROFILES."
            messages.append(message("W010", f"{text} It works like {FALLBACK_PROFILE!r}."))
    return messages

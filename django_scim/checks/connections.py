"""Checks of stored connections, for rows that are older than a rule of the database."""

from typing import Any

from django.core.checks import CheckMessage, Tags, register
from django.db import DatabaseError
from django.db.models import Q

from ..models import Connection
from .table import message


@register(Tags.database)
def check_stored_tenants(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Report tenants' connections with the scope ``site`` (``check --database default``)."""
    messages = []
    for alias in databases or ():
        site_wide = Connection.objects.using(alias).filter(scope=Connection.Scope.SITE)
        with_tenant = site_wide.exclude(Q(tenant_key="", tenant_type=None))
        try:
            names = list(with_tenant.values_list("name", flat=True))
        except DatabaseError:  # there is no table before the first migration
            continue
        for name in names:
            messages.append(message("E030", f"The connection {name!r} has a tenant."))
    return messages

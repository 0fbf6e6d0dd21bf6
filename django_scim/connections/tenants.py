"""Tenants: the objects of the site that own connections, such as customers' organisations."""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from ..argument_validation import require, require_stored
from ..audit.administration import Actor, Description
from ..models import Connection
from ..transactions import writing
from .events import record_for


def for_tenant(tenant: Any) -> QuerySet[Connection]:
    """Return the connections of a tenant. Raises ValidationError if the tenant is not stored."""
    require_stored(tenant)
    kind = ContentType.objects.get_for_model(tenant)
    return Connection.objects.filter(tenant_type=kind, tenant_key=str(tenant.pk))


def set_tenant(connection: Connection, tenant: Any, *, actor: Actor | None = None) -> None:
    """Change the tenant of a connection; None removes it.

    Existing accounts stay linked to the connection and stay in the old tenant; only the accounts
    that it creates from now on belong to the new one. Raises ValidationError if the connection
    has the scope ``site``, which would reach the accounts of all other tenants.
    """
    with writing():
        require(connection, Connection)
        stored = Connection.objects.select_for_update().get(pk=connection.pk)
        assign_tenant(stored, tenant)
        stored.refuse_site_scope_of_tenant()
        old = _name(connection)
        assign_tenant(connection, tenant)
        connection.save(update_fields=["tenant_type", "tenant_key"])
        change = {"path": "tenant", "old": old, "new": _name(connection)}
        record_for(actor, connection, Description.CHANGED, changes=[change])


def assign_tenant(connection: Connection, tenant: Any) -> None:
    """Set the tenant of a connection without saving it."""
    if tenant is not None:
        require_stored(tenant)
    connection.tenant = tenant
    connection.tenant_key = "" if tenant is None else str(tenant.pk)


def _name(connection: Connection) -> str | None:
    if connection.tenant_is_gone():
        return connection.tenant_key
    return str(connection.tenant) if connection.has_tenant else None

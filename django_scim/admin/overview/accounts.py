"""Count the accounts and groups of connections."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from ...adapters import Registry, adapter_classes
from ...adapters.accounts.user_models import has
from ...adapters.behaviours import Role
from ...conf import IMPORT_ERRORS
from ...models import Connection
from ...protocol.errors import InvalidFilter
from ...protocol.filters import Comparison
from ...protocol.tolerances import Tolerances


@dataclass
class Accounts:
    """The accounts of a connection: all, the inactive and the unconfirmed ones; and its groups."""

    users: int = 0
    inactive: int = 0
    unconfirmed: int = 0
    groups: int = 0

    @property
    def active(self) -> int:
        return self.users - self.inactive


def count_accounts(connections: Iterable[Connection]) -> dict[int, Accounts]:
    """Return the accounts and groups of connections by the keys of the connections.

    It takes one statement for the users and one for the groups of all connections, or more if
    CONNECTION_ADAPTERS gives some connections other adapters. Each reads the connections' links by
    an index, and each link's account for the column that says whether it is active: 100,000
    accounts took 67 ms on PostgreSQL and 158 ms on MariaDB. Without a resource type, its numbers
    are zero; so are all numbers if an adapter cannot be imported, which the system checks report.
    """
    found = {connection.pk: Accounts() for connection in connections}
    for (name, _adapter), sharing in _by_adapter(connections).items():
        keys = [connection.pk for connection in sharing]
        registry = Registry(sharing[0], Tolerances(sharing[0].tolerated), "")
        adapter = registry.adapter(name)
        links = adapter.link._default_manager.filter(connection__in=keys, target__isnull=False)
        grouped = links.order_by().values("connection")
        if name == "Group":
            for key, count in grouped.values_list("connection", Count("pk")):
                found[key].groups = count
            continue
        numbers = {"users": Count("pk")}
        if (inactive := _inactive(adapter)) is not None:
            numbers["inactive"] = Count("pk", filter=inactive)
        if has(adapter.link, "unconfirmed"):
            numbers["unconfirmed"] = Count("pk", filter=Q(unconfirmed=True))
        for row in grouped.annotate(**numbers):
            key = row.pop("connection")
            found[key] = Accounts(**row)
    return found


def _by_adapter(connections: Iterable[Connection]) -> dict[tuple[str, Any], list[Connection]]:
    """Return the connections that share an adapter, users first."""
    sharing: dict[tuple[str, Any], list[Connection]] = {}
    for name in ("User", "Group"):
        for connection in connections:
            try:
                adapter = adapter_classes(connection).get(name)
            except IMPORT_ERRORS:
                continue
            if adapter is not None:
                sharing.setdefault((name, adapter), []).append(connection)
    return sharing


def _inactive(adapter: Any) -> Q | None:
    """Return the condition for inactive accounts, None if the site cannot search for them."""
    mapping = adapter.declared.by_role.get(Role.ACTIVATION)
    if mapping is None:
        return None
    try:
        found: Q = mapping.where(Comparison(mapping.path, "eq", False), adapter, False)
    except InvalidFilter:
        return None
    return found

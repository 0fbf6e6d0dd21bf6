"""Take over the resources of a site that used django-scim2.

django-scim2 kept the ids that the identity provider knows in columns of the site's user and group
models. They are read from the tables, because the models lose these columns together with
django-scim2, which cannot be installed together with this package.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connections as databases
from django.db import models, router, transaction

from ..adapters.linking import prepare_users
from ..adapters.registry import adapter_classes
from ..audit.administration import Actor, Description, record
from ..models import Connection, UserLink, fold_key
from ..transactions import writing

BATCH = 1_000
#: An id must fit into a URL as one segment.
_USABLE_ID = re.compile(r"[^/?#%\s\x00-\x1f\x7f]+")


@dataclass
class Imported:
    """The result of the import of one resource type."""

    resource_type: str
    linked: int = 0
    already_linked: int = 0
    #: The reason for each resource that was left out, by the name of the object.
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """The columns of django-scim2 for one object of the site."""

    key: Any
    scim_id: str
    external_id: str
    display_name: str


def import_resources(
    connection: Connection, *, is_owner: bool = False, actor: Actor, dry_run: bool = False
) -> list[Imported]:
    """Link every user and group that django-scim2 served, under the same SCIM id.

    The accounts and groups themselves are not changed. If ``is_owner`` is true, the connection may
    rename and delete them like those that it creates; otherwise they count as the site's own. This
    can be repeated: what is linked already is counted and left as it is. With ``dry_run`` nothing
    is written.

    Raise LookupError if no model of the site has the columns of django-scim2.
    """
    found = [
        _Import(connection, adapter, is_owner, actor, dry_run)
        for adapter in adapter_classes(connection).values()
        if "scim_id" in _columns(adapter.model)
    ]
    if not found:
        raise LookupError(
            "No table of the site's users or groups has the column scim_id. Run this before the "
            "migration that removes the columns of django-scim2."
        )
    return [each.run() for each in found]


def _columns(model: type[models.Model]) -> set[str]:
    """Return the names of the columns that a model's table has."""
    database = databases[router.db_for_write(model)]
    with database.cursor() as cursor:
        table = model._meta.db_table
        return {each.name for each in database.introspection.get_table_description(cursor, table)}


class _Import:
    """The import of one resource type."""

    def __init__(
        self, connection: Connection, adapter: Any, is_owner: bool, actor: Actor, dry_run: bool
    ) -> None:
        self.connection, self.adapter, self.is_owner = connection, adapter, is_owner
        self.actor, self.dry_run = actor, dry_run
        self.links = adapter.link._default_manager
        self.result = Imported(adapter.name)

    def run(self) -> Imported:
        for batch in self._batches():
            with writing():
                self._link(batch)
                if self.dry_run:
                    transaction.set_rollback(True)
        return self.result

    def _batches(self) -> Iterator[list[Row]]:
        """Read the rows that have a SCIM id, by primary key, a batch at a time."""
        model = self.adapter.model
        database = databases[router.db_for_write(model)]
        quote, pk = database.ops.quote_name, model._meta.pk
        present = _columns(model)
        names = ("scim_id", "scim_external_id", "scim_display_name")
        selected = [quote(name) if name in present else "NULL" for name in names]
        key, table = quote(pk.column), quote(model._meta.db_table)
        columns = ", ".join([key, *selected])
        last: Any = None
        while True:
            after = "" if last is None else f"AND {key} > %s"
            query = (
                f"SELECT {columns} FROM {table} WHERE {quote('scim_id')} <> '' {after} "  # noqa: S608 # nosec B608
                f"ORDER BY {key} LIMIT {BATCH}"
            )
            with database.cursor() as cursor:
                cursor.execute(query, [] if last is None else [last])
                rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [
                Row(pk.to_python(row[0]), *(str(each or "") for each in row[1:])) for row in rows
            ]

    def _link(self, rows: list[Row]) -> None:
        targets = self.adapter.model._base_manager.in_bulk([row.key for row in rows])
        existing = self.links.filter(connection=self.connection, target__in=list(targets))
        linked = dict(existing.values_list("target_id", "scim_id"))
        taken = set(
            self.links.filter(scim_id__in=[row.scim_id for row in rows]).values_list(
                "scim_id", flat=True
            )
        )
        unassigned = set(
            self.links.filter(
                connection=self.connection,
                unassigned=True,
                former_target_key__in=[str(row.key) for row in rows],
            ).values_list("former_target_key", flat=True)
        )
        new = {}
        for row in rows:
            target = targets[row.key]
            if linked.get(row.key) == row.scim_id:
                self.result.already_linked += 1
            elif reason := self._objection(row, linked, taken, unassigned):
                self.result.left_out[str(target)] = reason
            else:
                new[row.key] = self._new_link(row, target)
        self._save(new)

    def _objection(
        self, row: Row, linked: dict[Any, str], taken: set[str], unassigned: set[str]
    ) -> str:
        """Return why a row cannot be linked, "" if it can."""
        if not _USABLE_ID.fullmatch(row.scim_id) or row.scim_id.lower() == "bulkid":
            return f"the id {row.scim_id!r} cannot be part of a URL"
        if row.key in linked:
            return f"it is already linked with another id, {linked[row.key]}"
        if row.scim_id in taken:
            return f"the id {row.scim_id!r} is taken by another link"
        if str(row.key) in unassigned:
            return "an admin unassigned it from this connection"
        return ""

    def _new_link(self, row: Row, target: Any) -> Any:
        link = self.adapter.link(
            connection=self.connection,
            target=target,
            scim_id=row.scim_id,
            external_id=row.external_id,
            preexisting=not self.is_owner,
        )
        joined = getattr(target, "date_joined", None)
        if isinstance(joined, datetime):
            link.created = joined
        if hasattr(link, "display_name"):
            link.display_name = row.display_name or str(getattr(target, self.adapter.name_column))
        return link

    def _save(self, new: dict[Any, Any]) -> None:
        """Store links in one transaction, without those of protected objects and taken names."""
        self._leave_out_same_names(new)
        if not new:
            return
        if self.adapter.link is UserLink:
            prepare_users(new)
        stored = self.links.filter(connection=self.connection, target__in=list(new))
        self.links.bulk_create(new.values())
        open_keys = set(stored.filter(self.adapter.unprotected()).values_list("target", flat=True))
        for key in new.keys() - open_keys:
            self.result.left_out[str(new.pop(key).target)] = "it is protected, such as staff"
        stored.exclude(target__in=open_keys).delete()
        self.result.linked += len(new)
        if new:
            record(self.connection, Description.ASSIGNED, self.actor, list(stored))

    def _leave_out_same_names(self, new: dict[Any, Any]) -> None:
        """Leave out groups whose display name the connection has already."""
        if not any(hasattr(link, "display_name") for link in new.values()):
            return
        keys = {key: fold_key(link.display_name) for key, link in new.items()}
        known = set(
            self.links.filter(
                connection=self.connection, display_key__in=list(keys.values())
            ).values_list("display_key", flat=True)
        )
        for key, folded in keys.items():
            if folded in known:
                self.result.left_out[str(new.pop(key).target)] = "its name is taken"
            known.add(folded)

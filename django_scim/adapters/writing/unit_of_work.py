"""The unit of work of one write: changes are gathered, compared, and written once.

The log of (path, old, new) serves the audit, "no change" and the version alike.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

from ...protocol.errors import Mutability
from ...protocol.values import format_datetime, is_empty
from ..mappings.multivalued import MultiValue
from ..model_paths import LINK, empty, locate
from .locks import for_update
from .persistence import Inserts, check_unique, insert, require_columns, with_followers

if TYPE_CHECKING:
    from ..base import ResourceAdapter
    from ..mappings.base import Mapping
    from ..mappings.memberships import MemberChange, Members
    from ..mappings.related_rows import Rows, RowTable


@dataclass(frozen=True)
class Change:
    """One attribute that a write changed. A list of members shows those taken and given."""

    path: str
    old: Any
    new: Any


@dataclass
class _Staged:
    """A column that was set: on which record, what it held, and the attribute it stands for."""

    record: models.Model
    field: "models.Field[Any, Any]"
    old: Any
    path: str
    show: Callable[[Any], Any]

    @property
    def new(self) -> Any:
        return getattr(self.record, self.field.attname)


class UnitOfWork:
    """The changes to one object and its link, on their way to the database."""

    def __init__(self, adapter: "ResourceAdapter", link: Any, target: Any) -> None:
        self.adapter, self.link, self.target = adapter, link, target
        self.tolerances = adapter.tolerances
        self.is_new = link.pk is None
        #: An account that was deleted and comes back has a new link, but a past.
        self.has_past = not target._state.adding
        self.ignored: list[str] = []
        self.changes: list[Change] = []
        self._records: dict[tuple[str, ...], models.Model | None] = {(): target, LINK: link}
        self._columns: dict[tuple[tuple[str, ...], str], _Staged] = {}
        self._elements: dict[Rows, tuple[list[MultiValue], list[MultiValue]]] = {}
        self._members: dict[Members, MemberChange] = {}
        self._value_rows: dict[RowTable, Any] = {}
        self._notes: dict[str, tuple[Any, Any]] = {}
        self._wholes: dict[Mapping, Any] = {}
        #: Where new rows are kept back, for a draft that is saved together with others.
        self.inserts: Inserts | None = None

    # Columns

    def record(self, relations: tuple[str, ...]) -> models.Model | None:
        """Return the record that relations lead to from the object; None when there is none."""
        if relations not in self._records:
            parent = self.record(relations[:-1])
            self._records[relations] = (
                None if parent is None else self._follow(parent, relations[-1])
            )
        return self._records[relations]

    @staticmethod
    def _follow(parent: models.Model, hop: str) -> models.Model | None:
        """Return what a relation leads to; a row of the object's own is locked, to be written."""
        relation: Any = parent._meta.get_field(hop)
        if not (relation.one_to_one and relation.auto_created):
            return getattr(parent, hop)
        if parent._state.adding:
            return None
        rows = relation.related_model._base_manager.filter(**{relation.field.name: parent.pk})
        record: models.Model | None = for_update(rows).first()
        if record is not None:
            relation.field.set_cached_value(record, parent)
        return record

    def _make(self, relations: tuple[str, ...]) -> models.Model:
        """Make the missing record at the other end of a reverse one-to-one relation."""
        parent: Any = self.record(relations[:-1]) or self._make(relations[:-1])
        relation: Any = parent._meta.get_field(relations[-1])
        record = relation.related_model(**{relation.field.name: parent})
        self._records[relations] = record
        return record

    def set(
        self,
        relations: tuple[str, ...],
        field: "models.Field[Any, Any]",
        value: Any,
        path: str,
        show: Callable[[Any], Any] = lambda value: value,
    ) -> None:
        """Stage a column.

        With ``path`` the change is logged under that attribute; ``show`` turns what the column
        holds into what the log may tell.
        """
        record = self.record(relations)
        if record is None:
            if is_empty(value):
                return
            record = self._make(relations)
        key = (relations, field.attname)
        if key not in self._columns:
            self._columns[key] = _Staged(record, field, getattr(record, field.attname), path, show)
        setattr(record, field.attname, value)

    def put(self, column: str, value: Any) -> None:
        """Stage a column by the name that a declaration gives it: ``employee.badge``."""
        relations, field = locate(type(self.adapter), column)
        if isinstance(value, models.Model):
            value = value.pk
        self.set(relations, field, empty(field) if value is None and not field.null else value, "")

    def note(self, path: str, old: Any, new: Any) -> None:
        """Log what an attribute was and is, for a mapping whose columns do not tell."""
        first, _ = self._notes.get(path, (old, None))
        self._notes[path] = (first, new)

    def value(self, path: str) -> Any:
        """Return what the column of a ``Field`` holds as staged: ``unit.value("title")``."""
        mapping: Any = self.adapter.declaration().by_path[path]
        record = self.record(mapping.relations)
        return None if record is None else getattr(record, mapping.field.attname)

    def changed(self, path: str) -> bool:
        """Whether what stands for ``path`` differs from what is stored."""
        if path in self._notes:
            old, new = self._notes[path]
            return bool(self.is_new or new != old)
        for mapping, (stored, elements) in self._elements.items():
            if str(mapping.path) == path:
                return _differ(stored, elements)
        for members, change in self._members.items():
            if str(members.path) == path:
                return change.cleared or bool(change.added or change.removed)
        return any(
            staged.path == path and (self.is_new or staged.new != staged.old)
            for staged in self._columns.values()
        )

    # Values and members

    def whole(self, mapping: "Mapping", load: Callable[[], Any]) -> Any:
        """Return an attribute's value as staged so far; ``load`` reads the stored one."""
        if mapping not in self._wholes:
            self._wholes[mapping] = load() if self.has_past else None
        return self._wholes[mapping]

    def set_whole(self, mapping: "Mapping", value: Any) -> None:
        self._wholes[mapping] = value

    def value_rows(self, table: "RowTable") -> Any:
        """Return the stored rows of every attribute in a table, read once."""
        if table not in self._value_rows:
            names = self.adapter.declaration().loaders[table]
            self._value_rows[table] = table.load([self.target.pk], names, self.adapter)
        return self._value_rows[table]

    def elements(self, mapping: "Rows") -> list[MultiValue]:
        if mapping not in self._elements:
            stored = mapping.stored_elements(self)
            self._elements[mapping] = (stored, stored)
        return self._elements[mapping][1]

    def set_elements(self, mapping: "Rows", elements: list[MultiValue]) -> None:
        stored, _ = self._elements[mapping]
        self._elements[mapping] = (stored, elements)

    def members(self, mapping: "Members") -> "MemberChange":
        from ..mappings.memberships import MemberChange

        return self._members.setdefault(mapping, MemberChange())

    def current_members(self, mapping: "Members") -> list[dict[str, Any]]:
        """Return the members as they would be after what is staged so far."""
        change = self.members(mapping)
        stored = [] if change.cleared or not self.has_past else mapping.current(self)
        known = [member for member in stored if member["value"] not in change.removed]
        return known + [{"value": each, "type": mapping.kind} for each in change.added]

    # Writing

    def save(self) -> bool:
        """Write what differs from the database. Return whether anything did."""
        self.adapter.before_save(self)
        check_unique(self)
        self._log_columns()
        self.target._scim_saving = True  # our receivers leave keys and values to this draft
        try:
            self._save_records()
        finally:
            self.target._scim_saving = False
        if self.is_new:
            self.link.target = self.target
            self.link.last_modified = self.link.created
            self.insert(self.link)
        self._save_elements()
        self._save_members()
        if self.changes and not self.is_new:
            self._refuse_immutable()
            self._touch()
        self.adapter.after_save(self)
        return self.is_new or bool(self.changes)

    def insert(self, row: models.Model) -> None:
        """Insert a row, now or together with those of other drafts."""
        if self.inserts is not None:
            self.inserts.add([row])
        else:
            row.save(force_insert=True)

    def insert_all(self, model: type[models.Model], rows: list[Any]) -> None:
        """Insert rows of one model, likewise."""
        if self.inserts is not None:
            self.inserts.add(rows)
        else:
            insert(model, rows)

    def _log_columns(self) -> None:
        logged: dict[str, tuple[list[Any], list[Any]]] = {}
        for staged in self._columns.values():
            if staged.path and staged.new != staged.old:
                old, new = logged.setdefault(staged.path, ([], []))
                old.append(None if is_empty(staged.old) else staged.show(staged.old))
                new.append(None if is_empty(staged.new) else staged.show(staged.new))
        for path, (old_value, new_value) in self._notes.items():
            if old_value != new_value:
                self.changes.append(Change(path, old_value, new_value))
        for path, (olds, news) in logged.items():
            before = self._shown(olds) if self.has_past else None
            self.changes.append(Change(path, before, self._shown(news)))

    @staticmethod
    def _shown(values: list[Any]) -> Any:
        """Return the one value of an attribute that several columns may hold, as JSON has it."""
        value = next((each for each in values if not is_empty(each)), None)
        if value is None or isinstance(value, bool | int | float | str):
            return value
        return format_datetime(value) if hasattr(value, "isoformat") else str(value)

    def _save_records(self) -> None:
        """One statement for each record that differs; the site's receivers see each of them."""
        if not self.has_past:
            require_columns(self.target, self)
            self.insert(self.target)
        names: dict[tuple[str, ...], set[str]] = {}
        for (relations, _), staged in self._columns.items():
            if staged.new != staged.old:
                names.setdefault(relations, set()).add(staged.field.name)
        for relations, changed in names.items():
            record = self.record(relations)
            assert record is not None
            if relations == LINK or not (self.has_past or relations):
                continue  # written with its version, and inserted above
            if record._state.adding:
                require_columns(record, self)
                self.insert(record)
            else:
                record.save(update_fields=with_followers(record, changed))

    def _save_elements(self) -> None:
        for mapping, (stored, elements) in self._elements.items():
            if _differ(stored, elements):
                old = [element.original for element in stored]
                new = [element.data for element in elements]
                mapping.save(self, stored, elements)
                self.changes.append(Change(str(mapping.path), old or None, new or None))

    def _save_members(self) -> None:
        for mapping, change in self._members.items():
            taken, given = mapping.save(self, change)
            if taken or given:
                shown = [
                    [{"value": scim_id, "display": display} for scim_id, display in rows] or None
                    for rows in (taken, given)
                ]
                self.changes.append(Change(str(mapping.path), *shown))

    def _refuse_immutable(self) -> None:
        """What is immutable is set once (RFC 7643 section 7)."""
        by_path = self.adapter.declaration().by_path
        for change in self.changes:
            mapping = by_path.get(change.path)
            if mapping is None or change.old is None:
                continue
            if "immutable" in (mapping.attribute.mutability, mapping.path.attribute.mutability):
                raise Mutability(f"{change.path}: is immutable and has a value already")

    def _touch(self) -> None:
        """Give the link its next version, with the columns of its own that changed."""
        changed = {
            staged.field.name
            for (relations, _), staged in self._columns.items()
            if relations == LINK and staged.new != staged.old
        }
        self.link.version += 1
        self.link.created_by_scope = False
        self.link.last_modified = timezone.now()
        self.link.save(
            update_fields=with_followers(
                self.link, changed | {"version", "created_by_scope", "last_modified"}
            )
        )


def _differ(stored: list[MultiValue], elements: list[MultiValue]) -> bool:
    """Whether values have changed; they have no order."""
    old = sorted(json.dumps(each.original, sort_keys=True) for each in stored)
    return old != sorted(json.dumps(each.data, sort_keys=True) for each in elements)

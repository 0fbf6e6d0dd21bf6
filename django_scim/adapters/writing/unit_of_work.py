"""The unit of work of one write: changes are staged, compared with the database, written once.

The log of (path, old, new) serves the audit event, "no change" and the version.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models
from django.utils import timezone

from ...protocol.errors import Mutability
from ...protocol.values import EMPTY, format_datetime
from ..interfaces import Adapter, Staged
from ..model_paths import LINK, empty, locate
from .locks import for_update
from .persistence import Inserts, insert, require_columns, with_followers

S = TypeVar("S", bound=Staged)
T = TypeVar("T")


@dataclass(frozen=True)
class Change:
    """One attribute that a write changed. For members: those removed, and those added."""

    path: str
    old: Any
    new: Any


@dataclass
class _StagedColumn:
    """A column that was set: on which record, what it held, and the attribute it belongs to."""

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

    def __init__(self, adapter: Adapter, link: Any, target: Any) -> None:
        self.adapter, self.link, self.target = adapter, link, target
        self.tolerances = adapter.tolerances
        self.is_new = link.pk is None
        #: False only for an object that this write creates. An account that is adopted or that
        #: comes back has a new link, but a past.
        self.has_past = not target._state.adding
        self.ignored: list[str] = []
        self.changes: list[Change] = []
        #: What the saved changes mean for the event and the signals; see ``outcomes``.
        self.kinds: frozenset[Any] = frozenset()
        self._records: dict[tuple[str, ...], models.Model | None] = {(): target, LINK: link}
        self._columns: dict[tuple[tuple[str, ...], str], _StagedColumn] = {}
        self._notes: dict[str, tuple[Any, Any]] = {}
        self._staged: dict[Any, Any] = {}
        self._cache: dict[Hashable, Any] = {}
        #: Collects new rows, for a unit of work that is saved together with others.
        self.inserts: Inserts | None = None

    # What mappings keep here while they stage

    def staged(self, mapping: Any, begin: Callable[[], S]) -> S:
        """Return the pending change of an attribute that is kept in rows.

        ``begin`` makes it when the attribute is first touched. It is written by ``save``.
        """
        if mapping not in self._staged:
            self._staged[mapping] = begin()
        found: S = self._staged[mapping]
        return found

    def cached(self, key: Hashable, load: Callable[[], T]) -> T:
        """Return what ``load`` read when it was first asked for under this key."""
        if key not in self._cache:
            self._cache[key] = load()
        found: T = self._cache[key]
        return found

    def replace_cached(self, key: Hashable, value: Any) -> None:
        """Keep another value under a key: the attribute as it is staged now."""
        self._cache[key] = value

    # Columns

    def record(self, relations: tuple[str, ...]) -> models.Model | None:
        """Return the record at the end of these relations; None when there is none."""
        if relations not in self._records:
            *before, last = relations
            parent = self.record(tuple(before))
            self._records[relations] = None if parent is None else self._follow(parent, last)
        return self._records[relations]

    @staticmethod
    def _follow(parent: models.Model, name: str) -> models.Model | None:
        """Return the object of a relation; a row that belongs to the parent is locked."""
        relation: Any = parent._meta.get_field(name)
        if not (relation.one_to_one and relation.auto_created):
            return getattr(parent, name)
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

        With ``path`` the change is logged under that attribute; ``show`` turns the column's
        value into what the log may contain.
        """
        record = self._records[relations] if relations in self._records else self.record(relations)
        key = (relations, field.attname)
        if record is None:
            if value in EMPTY:
                return
            record = self._make(relations)
            # The default of a row that is not there yet is no value that anybody has seen.
            self._columns[key] = _StagedColumn(record, field, None, path, show)
        elif key not in self._columns:
            self._columns[key] = _StagedColumn(
                record, field, getattr(record, field.attname), path, show
            )
        setattr(record, field.attname, value)

    def put(self, column: str, value: Any) -> None:
        """Stage a column by the name that a declaration gives it: ``employee.badge``."""
        relations, field = locate(type(self.adapter), column)
        if isinstance(value, models.Model):
            value = value.pk
        self.set(relations, field, empty(field) if value is None and not field.null else value, "")

    def note(self, path: str, old: Any, new: Any) -> None:
        """Log an attribute's old and new value, for a mapping whose columns do not show them."""
        first, _ = self._notes.get(path, (old, None))
        self._notes[path] = (first, new)

    # What is staged so far

    def value(self, path: str) -> Any:
        """Return an attribute's value as staged: ``unit.value("title")``."""
        return self.adapter.declared.by_path[path].current(self)

    def changed(self, path: str) -> bool:
        """Return whether an attribute differs from what is stored. In a new resource, every
        attribute that was staged does."""
        if path in self._notes:
            old, new = self._notes[path]
            return bool(self.is_new or new != old)
        mapping = self.adapter.declared.by_path.get(path)
        if mapping in self._staged:
            return bool(self._staged[mapping].is_changed())
        return any(
            column.path == path and (self.is_new or column.new != column.old)
            for column in self._columns.values()
        )

    def change_of(self, path: str) -> Change | None:
        """Return the pending change of an attribute that is kept in columns; None for none."""
        return next((each for each in self._column_changes() if each.path == path), None)

    def _column_changes(self) -> Iterator[Change]:
        for path, (old, new) in self._notes.items():
            if old != new:
                yield Change(path, old, new)
        logged: dict[str, tuple[list[Any], list[Any]]] = {}
        for column in self._columns.values():
            old, new = column.old, getattr(column.record, column.field.attname)
            if column.path and new != old:
                olds, news = logged.setdefault(column.path, ([], []))
                olds.append(None if old in EMPTY else column.show(old))
                news.append(None if new in EMPTY else column.show(new))
        for path, (olds, news) in logged.items():
            yield Change(path, _logged(olds) if self.has_past else None, _logged(news))

    # Writing

    def save(self) -> bool:
        """Write what differs from the database. Return whether anything did.

        The adapter's hooks run around it: ``before_save`` with everything staged, then the
        behaviours of the attributes, and ``after_save`` with everything written. Raises a
        ScimError for what cannot be stored; the caller's transaction then undoes the rest.
        """
        declared = self.adapter.declared
        self.adapter.before_save(self)
        if getattr(self.link, "unconfirmed", False):
            self._refuse_locked()
        for mapping in declared.before_save:
            mapping.behaviour.before_save(self, mapping)
        for mapping in declared.unique:
            mapping.check_unique(self)
        self.changes.extend(self._column_changes())
        self.target._scim_saving = True  # our receivers leave keys and values to this unit
        try:
            self._save_records()
        finally:
            self.target._scim_saving = False
        if self.is_new:
            self.link.target = self.target
            self.link.last_modified = self.link.created
            self.insert(self.link)
        for mapping, staged in self._staged.items():
            if (shown := staged.save()) is not None:
                self.changes.append(Change(mapping.full_name, *shown))
        if self.changes and not self.is_new:
            self._refuse_immutable()
            self._touch()
        for mapping in declared.after_save:
            mapping.behaviour.after_save(self, mapping)
        self.adapter.after_save(self)
        return self.is_new or bool(self.changes)

    def insert(self, row: models.Model) -> None:
        """Insert a row, now or together with those of other units of work."""
        if self.inserts is not None:
            self.inserts.add([row])
        else:
            row.save(force_insert=True)

    def insert_all(self, model: type[models.Model], rows: list[Any]) -> None:
        """Insert rows of one model, now or together with those of other units of work."""
        if self.inserts is not None:
            self.inserts.add(rows)
        elif rows:
            insert(model, rows)

    def _save_records(self) -> None:
        """Write one statement for each record that differs; the site's receivers see each."""
        if not self.has_past:
            require_columns(self.target, self.adapter)
            self.insert(self.target)
        names: dict[tuple[str, ...], set[str]] = {}
        for (relations, _), column in self._columns.items():
            if column.new != column.old:
                names.setdefault(relations, set()).add(column.field.name)
        for relations, changed in names.items():
            record = self._records[relations]
            assert record is not None
            if relations == LINK or not (self.has_past or relations):
                continue  # the link is written with its version; a new object is inserted above
            if record._state.adding:
                require_columns(record, self.adapter)
                self.insert(record)
            else:
                record.save(update_fields=with_followers(record, changed))

    def _refuse_locked(self) -> None:
        """Reject changes to locked attributes; a changed e-mail would allow a password reset."""
        for mapping in self.adapter.declared.locked:
            if self.changed(mapping.full_name):
                raise Mutability(f"{mapping.full_name}: is locked until an admin confirms the link")

    def _refuse_immutable(self) -> None:
        """Raise Mutability: an immutable attribute is set once (RFC 7643 section 7)."""
        by_path = self.adapter.declared.by_path
        for change in self.changes:
            mapping = by_path.get(change.path)
            if mapping is None or change.old is None:
                continue
            if "immutable" in (mapping.attribute.mutability, mapping.path.attribute.mutability):
                raise Mutability(f"{change.path}: is immutable and already has a value")

    def _touch(self) -> None:
        """Give the link its next version, together with its own columns that changed."""
        changed = {
            column.field.name
            for (relations, _), column in self._columns.items()
            if relations == LINK and column.new != column.old
        }
        self.link.version += 1
        self.link.created_by_scope = False
        self.link.last_modified = timezone.now()
        written = changed | {"version", "created_by_scope", "last_modified"}
        self.link.save(update_fields=with_followers(self.link, written))


def _logged(values: list[Any]) -> Any:
    """Return, as JSON, the one value of an attribute that several columns may hold."""
    value = next((each for each in values if each not in EMPTY), None)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return format_datetime(value) if hasattr(value, "isoformat") else str(value)

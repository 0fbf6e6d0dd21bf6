"""The unit of work of one write: it stages changes, compares them with the database and saves them.

The resulting list of changes is used for the audit event, the version, and to detect a write that
changes nothing.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from typing import Any, TypeVar

from django.db import models
from django.utils import timezone

from ...protocol.errors import Mutability
from ...protocol.values import EMPTY
from ..interfaces import Adapter, Staged
from ..model_paths import LINK, empty, locate
from . import privileges
from .changes import Change, StagedColumn, recorded
from .effort import Effort
from .locks import for_update
from .persistence import Batch, insert, require_columns, save_changed

S = TypeVar("S", bound=Staged)
T = TypeVar("T")


class UnitOfWork:
    """The staged changes of one object and its link."""

    def __init__(self, adapter: Adapter, link: Any, target: Any) -> None:
        self.adapter, self.link, self.target = adapter, link, target
        self.tolerances = adapter.tolerances
        self.effort = Effort()
        self.is_new = link.pk is None
        #: False only for an object that this write creates. An adopted or restored account has a
        #: new link, but the object existed before.
        self.has_past = not target._state.adding
        #: True for a write of a deletion, which can only take permissions away.
        self.is_deletion = False
        #: True for an account whose locked attributes do not change until an admin confirms it.
        self.is_locked = bool(getattr(link, "unconfirmed", False))
        #: A remark about the write for admins, which the event shows.
        self.remark = ""
        self.changes: list[Change] = []
        #: The kinds of the saved changes, for the event and the signals; see ``outcomes``.
        self.kinds: frozenset[Any] = frozenset()
        self._records: dict[tuple[str, ...], models.Model | None] = {(): target, LINK: link}
        self._columns: dict[tuple[tuple[str, ...], str], StagedColumn] = {}
        self._notes: dict[str, tuple[Any, Any]] = {}
        self._staged: dict[Any, Any] = {}
        self._cache: dict[Hashable, Any] = {}
        #: Collects the rows to write if the unit of work is saved in a batch.
        self.batch: Batch | None = None

    # Data of mappings while they stage

    def staged(self, mapping: Any, begin: Callable[[], S]) -> S:
        """Return the pending change of an attribute that is stored in rows.

        ``begin`` creates it when it is first needed. ``save`` writes it.
        """
        if mapping not in self._staged:
            self._staged[mapping] = begin()
        pending: S = self._staged[mapping]
        return pending

    def cached(self, key: Hashable, load: Callable[[], T]) -> T:
        """Return the cached value of a key. ``load`` returns it when it is first needed."""
        if key not in self._cache:
            self._cache[key] = load()
        value: T = self._cache[key]
        return value

    def replace_cached(self, key: Hashable, value: Any) -> None:
        """Replace the cached value of a key, for example by the staged value."""
        self._cache[key] = value

    # Columns

    def record(self, relations: tuple[str, ...]) -> models.Model | None:
        """Return the record at the end of these relations, or None."""
        if relations not in self._records:
            *before, last = relations
            parent = self.record(tuple(before))
            self._records[relations] = None if parent is None else self._follow(parent, last)
        return self._records[relations]

    @staticmethod
    def _follow(parent: models.Model, name: str) -> models.Model | None:
        """Return the related object. A row of a reverse one-to-one relation is locked."""
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

    def place(self, relations: tuple[str, ...], record: models.Model | None) -> None:
        """Use a record that is already loaded and locked."""
        self._records[relations] = record

    def _new_record(self, relations: tuple[str, ...]) -> models.Model:
        """Return a new record for the end of a reverse one-to-one relation that has none."""
        parent: Any = self.record(relations[:-1]) or self._new_record(relations[:-1])
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
        """Stage the value of a column.

        With ``path``, the change is recorded under that attribute; ``show`` converts the column's
        value to the value that is recorded.
        """
        record = self._records[relations] if relations in self._records else self.record(relations)
        key = (relations, field.attname)
        if record is None:
            if value in EMPTY:
                return
            record = self._new_record(relations)
            # The column had no value before: the default of a new row was never stored. A text that
            # is removed again has none either.
            old = "" if empty(field) == "" else None
            self._columns[key] = StagedColumn(record, field, old, path, show)
        elif key not in self._columns:
            self._columns[key] = StagedColumn(
                record, field, getattr(record, field.attname), path, show
            )
        setattr(record, field.attname, value)

    def put(self, column: str, value: Any) -> None:
        """Stage the value of a column, by its name in declarations: ``employee.badge``."""
        relations, field = locate(type(self.adapter), column)
        if isinstance(value, models.Model):
            value = value.pk
        self.set(relations, field, empty(field) if value is None and not field.null else value, "")

    def note(self, path: str, old: Any, new: Any) -> None:
        """Record the old and new value of an attribute whose columns do not contain them."""
        first, _ = self._notes.get(path, (old, None))
        self._notes[path] = (first, new)

    # Staged values

    def value(self, path: str) -> Any:
        """Return the staged value of an attribute: ``unit.value("title")``."""
        return self.adapter.declared.by_path[path].current(self)

    def changed(self, path: str) -> bool:
        """Return whether the staged value of an attribute differs from the stored one.

        For a new resource, return whether the attribute was staged.
        """
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
        """Return the pending change of an attribute that is stored in columns, or None."""
        return next((each for each in self._column_changes() if each.path == path), None)

    def _column_changes(self) -> Iterator[Change]:
        for path, (old, new) in self._notes.items():
            if old != new:
                yield Change(path, old, new)
        by_path: dict[str, tuple[list[Any], list[Any]]] = {}
        for column in self._columns.values():
            old, new = column.old, getattr(column.record, column.field.attname)
            if column.path and new != old:
                olds, news = by_path.setdefault(column.path, ([], []))
                olds.append(None if old in EMPTY else column.show(old))
                news.append(None if new in EMPTY else column.show(new))
        for path, (olds, news) in by_path.items():
            yield Change(path, recorded(olds) if self.has_past else None, recorded(news))

    def column_changes(self, names: Collection[str]) -> list[tuple[Any, Any]]:
        """Return the old and new values of the object's changed columns with these names.

        A column belongs to the object even if relations lead back to it.
        """
        return [
            (column.old, new)
            for column in self._columns.values()
            if column.field.name in names
            and isinstance(self.target, column.field.model)
            and (new := column.new) != column.old
        ]

    # Writing

    def save(self) -> bool:
        """Write the staged changes. Return whether anything changed.

        Call ``before_save`` of the adapter and of its behaviours before the first statement, and
        ``after_save`` after the last one. Raise a ScimError if a value cannot be stored; the
        caller must then roll back.
        """
        declared = self.adapter.declared
        if self.is_locked:
            self._refuse_locked()
        self.adapter.before_save(self)
        for mapping in declared.before_save:
            mapping.behaviour.before_save(self, mapping)
        for mapping in declared.unique:
            mapping.check_unique(self)
        self.changes.extend(self._column_changes())
        is_guarded = self._may_decide() and privileges.guards(self)
        self.target._scim_saving = True  # this app's receivers must not write keys and values too
        try:
            self._save_records()
        finally:
            self.target._scim_saving = False
        if self.is_new:
            self.link.target = self.target
            self.link.last_modified = self.link.created
            self.insert(self.link)
        for mapping, staged in self._staged.items():
            if (old_and_new := staged.save()) is not None:
                self.changes.append(Change(mapping.full_name, *old_and_new))
        if self.changes and not self.is_new:
            self._refuse_immutable()
            self._touch()
        if is_guarded:
            privileges.refuse_gain(self)
        for mapping in declared.after_save:
            mapping.behaviour.after_save(self, mapping)
        self.adapter.after_save(self)
        return self.is_new or bool(self.changes)

    def insert(self, row: models.Model) -> None:
        """Insert a row, immediately or in a batch with other units of work."""
        if self.batch is not None:
            self.batch.insert([row])
        else:
            row.save(force_insert=True)

    def update(self, row: models.Model, names: Iterable[str]) -> None:
        """Update columns of a row, immediately or in a batch with other units of work."""
        if self.batch is not None:
            self.batch.update(row, names)
        else:
            save_changed(row, names)

    def insert_all(self, model: type[models.Model], rows: list[Any]) -> None:
        """Insert rows of one model, immediately or in a batch with other units of work."""
        if self.batch is not None:
            self.batch.insert(rows)
        elif rows:
            insert(model, rows)

    def _save_records(self) -> None:
        """Save each changed record, so that the site's receivers are called."""
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
                continue  # _touch saves the link; a new object was inserted above
            if record._state.adding:
                require_columns(record, self.adapter)
                self.insert(record)
            else:
                self.update(record, changed)

    def _may_decide(self) -> bool:
        """Return whether changes, other than of members, could decide about permissions."""
        if self.adapter.declared.privileged is None or self.link.privileged or not self.has_past:
            return False
        return any(not each.has_members for each in self._staged) or any(
            column.new != column.old
            and not (relations == LINK and column.field.name in privileges.LINK_COLUMNS)
            for (relations, _), column in self._columns.items()
        )

    def _refuse_locked(self) -> None:
        """Reject changes to locked attributes; a changed e-mail would allow a password reset.

        The columns are compared as well: several attributes may write the same one.
        """
        for mapping in self.adapter.declared.locked:
            names = {field.name for _, field in mapping.written_columns()}
            if self.changed(mapping.full_name) or self.column_changes(
                names & self.adapter.sign_in_columns()
            ):
                raise Mutability(
                    f"{mapping.full_name}: is locked until an admin confirms the link",
                    "unconfirmed",
                    attribute=mapping.full_name,
                )

    def _refuse_immutable(self) -> None:
        """Raise Mutability if an immutable attribute had another value (RFC 7643 section 7)."""
        by_path = self.adapter.declared.by_path
        for change in self.changes:
            mapping = by_path.get(change.path)
            if mapping is None or change.old is None:
                continue
            if "immutable" in (mapping.attribute.mutability, mapping.path.attribute.mutability):
                raise Mutability(f"{change.path}: is immutable and already has another value")

    def _touch(self) -> None:
        """Increment the link's version, and save it with its other changed columns."""
        changed = {
            column.field.name
            for (relations, _), column in self._columns.items()
            if relations == LINK and column.new != column.old
        }
        self.link.version += 1
        self.link.created_by_scope = False
        self.link.last_modified = timezone.now()
        written = changed | {"version", "created_by_scope", "last_modified"}
        self.update(self.link, written)

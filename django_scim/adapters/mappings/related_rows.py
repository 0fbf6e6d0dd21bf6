"""Rows and Values: a multi-valued attribute with one row for each value."""

import json
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from ...models import ExactCharField
from ...protocol.attributes import Attribute, AttributePath
from ...protocol.messages.patch import Operation
from ...query import Column
from ...query.columns import Sortable
from ...query.translate import list_condition
from ..interfaces import Adapter
from ..model_paths import MappingError
from ..writing import persistence
from ..writing.unit_of_work import UnitOfWork
from .base import Mapping, Reader, Selected
from .column_types import Conversion, as_json, check_length, clean, conversion, from_json, same
from .complete_values import wrapped
from .mirrored_column import MirroredColumn
from .multivalued import MultiValue, ValueList
from .row_tables import OwnTable, RowTable, StoredRow, UserValueTable


def Rows(relation: str, *, keys: dict[str, str] | None = None, **columns: str) -> "RelatedRows":
    """Return a mapping that stores a list of values in a table of the site.

    ``Rows("phones", value="number", type="kind", primary="is_main")``: the relation from the
    object to the rows (the reverse of a foreign key), and the column of each sub-attribute. A list
    of simple values only has ``value``. ``keys`` contains columns with folded keys, as in
    ``Field``: ``keys={"value": "number_key"}``.
    """
    return RelatedRows(OwnTable(relation, columns, keys or {}))


def Values(name: str, *, mirror: str = "") -> "RelatedRows":
    """Return a mapping that stores a user's values in this app's table: ``Values("phoneNumbers")``.

    ``mirror`` is a text column of the user that contains the primary value, or else the first one,
    such as ``email``. That value is only stored there, so that changes by the site are visible.
    """
    return RelatedRows(UserValueTable(name, mirror))


class RelatedRows(Mapping):
    """A list of values in the rows of the table ``storage``. See ``Rows`` and ``Values``."""

    can_batch = True
    loader: RowTable

    def __init__(self, storage: OwnTable | UserValueTable) -> None:
        self.storage, self.name, self.mirror = storage, storage.name, storage.mirror

    def resolve(self, adapter: type[Adapter]) -> None:
        if not self.attribute.multi_valued:
            raise MappingError("it has only one value; use Field")
        if lists := [sub.name for sub in self.attribute.sub_attributes if sub.multi_valued]:
            raise MappingError(f"{', '.join(lists)}: a column cannot store a list of values")
        self.is_simple = not self.attribute.is_complex
        parts = (self.attribute.single(),) if self.is_simple else self.attribute.sub_attributes
        self.subs = {"value" if self.is_simple else each.name: each for each in parts}
        self.loader = self.storage.resolve(adapter, set(self.subs))
        self.mirrored = MirroredColumn(adapter, self.mirror) if self.mirror else None
        self.is_unique = self.mirrored is not None and self.mirrored.field.unique
        self.conversions: dict[str, Conversion] = {
            name: conversion(sub, self.loader.fields[name]) for name, sub in self.subs.items()
        }
        self.query_columns = {
            name: self._query_column(name, sub) for name, sub in self.subs.items()
        }
        self._readers = [self._column_reader(name) for name in self.loader.columns]

    def _query_column(self, name: str, sub: Attribute) -> Column:
        table, field = self.loader, self.loader.fields[name]
        source: Any = None
        if self.mirrored and name == "value":
            source = self.mirrored.expression(table.owner, table.columns[name])
        return Column(
            table.columns[name],
            self.conversions[name].kind,
            sub.case_exact,
            key=table.keys.get(name, ""),
            exact_storage=isinstance(field, ExactCharField),
            nullable=field.null,
            source=source,
            absent_is_false=sub.type == "boolean" and sub.name == "primary",
            adjust=self.conversions[name].adjust,
        )

    def _column_reader(self, name: str) -> tuple[str, Any, Any]:
        """Return the sub-attribute of a column, its conversion, and its value that means absent.

        There is no conversion (None) if the column does not need one, or if the attribute does not
        have the sub-attribute.
        """
        if name not in self.conversions:
            return name, None, None
        read = self.conversions[name].read
        # In a boolean column without NULL, false may also mean that ``primary`` was not set.
        false_is_absent = name == "primary" and not self.loader.fields[name].null
        return name, None if read is same else read, False if false_is_absent else None

    def place(self) -> tuple[Any, ...]:
        return (self.loader, self.name) if self.name else (self.loader.model, self.loader.owner)

    def new_rows(self) -> tuple[Any, set[str]] | None:
        if self.loader.shared:
            return None  # the table belongs to this app
        return self.loader.model, {self.loader.owner, *self.loader.columns.values()}

    def written_columns(self) -> Sequence[tuple[tuple[str, ...], Any]]:
        return [((), self.mirrored.field)] if self.mirrored else []

    # Reading

    def columns(self) -> dict[str, Selected]:
        columns: dict[str, Selected] = {"owner": "target_id"}
        if self.mirror:
            columns["mirror"] = f"target__{self.mirror}"
        return columns

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        owner, table, name, mirror = at["owner"], self.loader, self.name, at.get("mirror")
        names = {sub.name for sub in wanted.sub_attributes}
        is_complete = len(names) == len(self.attribute.sub_attributes)

        def read(row: Any, page: Any) -> list[Any]:
            rows = page.rows(table, row[owner], name)
            mirrored = "" if mirror is None else row[mirror]
            if not (rows or mirrored):
                return []
            values = [data for _, data in self.read(rows, mirrored)]
            if self.is_simple:
                return [data["value"] for data in values]
            if is_complete:
                return values
            narrowed = ({k: v for k, v in data.items() if k in names} for data in values)
            return [data for data in narrowed if data]

        return read

    def read(
        self, rows: Iterable[StoredRow], mirrored: str = ""
    ) -> list[tuple[Any, dict[str, Any]]]:
        """Return (primary key of the row, sub-attributes) of each value.

        ``mirrored`` is the value in the object's column. If it has no row, it is the first value
        in the result, with the key None.
        """
        values: list[tuple[Any, dict[str, Any]]] = []
        has_mirrored_row = False
        for key, is_mirrored, columns in rows:
            data = self._data(columns)
            if is_mirrored:
                has_mirrored_row = True
                if not mirrored:
                    continue
                data = {"value": mirrored} | data
            if data:
                values.append((key, data))
        if mirrored and not has_mirrored_row:
            values.insert(0, (None, {"value": mirrored, "primary": True}))
        return values

    def _data(self, columns: Iterable[Any]) -> dict[str, Any]:
        """Return the columns of a row as sub-attributes, without "" and NULL."""
        data = {}
        for (name, read, absent), value in zip(self._readers, columns, strict=True):
            if value is None or value == "" or value is absent or name not in self.subs:
                continue
            data[name] = value if read is None else read(value)
        return data

    # Filtering and sorting

    def where(self, term: Any, adapter: Adapter, negated: bool) -> Q:
        rows, owner = self._nonempty_rows(), self.loader.owner

        def having(condition: Q | None) -> Q:
            matching = rows if condition is None else rows.filter(condition)
            return Q(target__in=matching.values(owner))

        return list_condition(term, self.query_columns, having, negated)

    def _nonempty_rows(self) -> models.QuerySet[Any]:
        """Return the rows for filters and sorting: those with at least one sub-attribute."""
        rows = self.loader.rows(self.name)
        if self.mirrored:
            rows = self.mirrored.without_empty(rows, self.loader.owner)
        if self.loader.shared:
            return rows
        present = (column.present() for column in self.query_columns.values())
        return rows.filter(reduce(or_, present))

    def sort_key(self, path: AttributePath, adapter: Adapter) -> Sortable:
        sub = path.sub.name if path.sub else "value"
        if sub not in self.query_columns:
            return super().sort_key(path, adapter)
        first: list[Any] = ["pk"]
        if "primary" in self.query_columns:
            first.insert(0, F(self.loader.columns["primary"]).desc(nulls_last=True))
        rows = self._nonempty_rows().filter(**{self.loader.owner: OuterRef("target")})
        return Subquery(rows.order_by(*first).values_list(self.query_columns[sub].order())[:1])

    # Writing

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        if self.is_simple:
            operation = wrapped(operation)
        values = self._staged(unit).values
        for each in values.apply(operation, unit.tolerances):
            if each.data != each.original:
                self._check(each.data)
        if self.mirrored:
            self.mirrored.stage(unit, values, self.full_name)

    def _staged(self, unit: UnitOfWork) -> "StagedRows":
        return unit.staged(self, lambda: StagedRows(self, unit, *self._stored(unit)))

    def _stored(self, unit: UnitOfWork) -> tuple[list[MultiValue], set[Any]]:
        """Return the values in the database, and the primary keys of mirrored rows."""
        if not unit.has_past:
            return [], set()
        table, key = self.loader, unit.target.pk
        names = unit.adapter.declared.loaders[table]
        rows = unit.cached(table, lambda: table.load([key], names, unit.adapter))
        mirrored = self.mirrored.value(unit.target) if self.mirrored else ""
        own = rows.get((key, self.name), [])
        values = [MultiValue(data, key, dict(data)) for key, data in self.read(own, mirrored)]
        return values, {key for key, is_mirrored, _ in own if is_mirrored}

    def as_json(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return sub-attributes in the form in which they are stored."""
        return {
            name: value if isinstance(value, str | bool) else as_json(self.subs[name], value)
            for name, value in data.items()
        }

    def _check(self, data: dict[str, Any]) -> None:
        """Raise InvalidValue if a column cannot store its sub-attribute."""
        for sub, value in data.items():
            field, path = self.loader.fields[sub], f"{self.full_name}.{sub}"
            if self.conversions[sub].kind == "text":
                check_length(field, value, path)
            if not self.loader.shared:
                clean(field, self._column_value(sub, value), path)

    def _column_value(self, sub: str, value: Any) -> Any:
        return self.conversions[sub].write(from_json(self.subs[sub], value))

    def row(self, unit: UnitOfWork, value: MultiValue, *, is_mirrored: bool = False) -> Any:
        """Return the row of one value, with its primary key if the row exists."""
        columns = {
            sub: self._column_value(sub, each)
            for sub, each in value.data.items()
            if sub in self.conversions
        }
        row = self.loader.new(unit.target, self.name, columns)
        if is_mirrored and self.mirrored:
            self.mirrored.mark(row, value)
        if value.key is not None:
            row.pk, row._state.adding = value.key, False
        return row

    def current(self, unit: UnitOfWork) -> Any:
        values = [each.data for each in self._staged(unit).values]
        return [each["value"] for each in values] if self.is_simple else values

    def unique_value(self, unit: UnitOfWork) -> Any:
        return getattr(unit.target, self.mirror)

    def check_unique(self, unit: UnitOfWork) -> None:
        if self.mirrored:
            self.mirrored.check_unique(unit, self.full_name)


class StagedRows:
    """The stored values of one attribute, and the staged values that replace them."""

    def __init__(
        self,
        mapping: RelatedRows,
        unit: UnitOfWork,
        stored: list[MultiValue],
        mirrored_keys: set[Any],
    ) -> None:
        self._mapping, self._unit = mapping, unit
        self._stored, self._mirrored_keys = stored, mirrored_keys
        self.values = ValueList(
            mapping.full_name, mapping.attribute, stored, unit.effort, mapping.as_json
        )

    def is_changed(self) -> bool:
        """Return whether the values differ. Their order does not matter."""
        old = sorted(json.dumps(each.original, sort_keys=True) for each in self._stored)
        return old != sorted(json.dumps(each.data, sort_keys=True) for each in self.values)

    def save(self) -> tuple[Any, Any] | None:
        """Write the changed rows: one statement each for deleted, changed and new ones.

        Return the old and the new values, or None if nothing changed.
        """
        if not self.is_changed():
            return None
        mapping, unit, table = self._mapping, self._unit, self._mapping.loader
        old = [each.original for each in self._stored]
        chosen = mapping.mirrored.choose(self.values) if mapping.mirrored else None
        changed, added, columns = [], [], set[str]()
        for each in self.values:
            if each.key is None:
                added.append(mapping.row(unit, each, is_mirrored=each is chosen))
            elif each.data != each.original or each is chosen or each.key in self._mirrored_keys:
                changed.append(mapping.row(unit, each, is_mirrored=each is chosen))
                columns |= self._changed_columns(each)
        for row in added:
            persistence.require_columns(row, unit.adapter)
        kept = {each.key for each in self.values}
        deleted = [each.key for each in self._stored if each.key and each.key not in kept]
        persistence.delete(table.model, deleted)
        persistence.update(table.model, changed, columns)
        unit.insert_all(table.model, added)
        return old or None, [each.data for each in self.values] or None

    def _changed_columns(self, value: MultiValue) -> set[str]:
        """Return the columns of a row that may have changed."""
        table, old, new = self._mapping.loader, value.original, value.data
        changed = {sub for sub in old.keys() | new.keys() if old.get(sub) != new.get(sub)}
        if self._mapping.mirrored:  # another value may be the mirrored one now
            changed.add("value")
        columns = {table.columns[sub] for sub in changed if sub in table.columns}
        columns |= {table.keys[sub] for sub in changed if sub in table.keys}
        return columns | ({"mirrored"} if table.shared else set())

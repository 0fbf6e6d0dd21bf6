"""A multi-valued attribute kept one row a value, in a table of the site's own."""

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from ...models import ExactCharField, FoldedField
from ...protocol.attributes import Attribute, AttributePath
from ...protocol.errors import InvalidFilter, InvalidValue
from ...protocol.filters import ValueFilter
from ...protocol.values import is_empty
from ...query import Column
from ...query.translate import translate_element
from ..model_paths import ForbiddenColumn, MappingError, empty
from ..writing import persistence as records
from .base import Mapping, Reader, RelatedLoader, Selected
from .column_types import Conversion, as_json, clean, conversion, from_json
from .multivalued import MultiValue, apply, wrapped

if TYPE_CHECKING:
    from ...protocol.messages.patch import Operation
    from ...query.columns import Sortable
    from ..base import ResourceAdapter
    from ..writing.unit_of_work import UnitOfWork


class RowTable(RelatedLoader):
    """A table with a row for each value, read for a page of owners in one statement.

    ``owner`` is its foreign key to the object, ``columns`` gives the column of every
    sub-attribute. A table that several attributes share names them in its column ``attribute``.
    """

    def __init__(
        self, model: type[models.Model], owner: str, columns: dict[str, str], *, shared: bool
    ) -> None:
        self.model, self.owner, self.columns, self.shared = model, owner, columns, shared
        self.fields: dict[str, Any] = {
            sub: model._meta.get_field(name) for sub, name in columns.items()
        }
        extra = ["attribute", "mirrored"] if shared else []
        self._names = [f"{owner}_id", "pk", *columns.values(), *extra]

    def rows(self, name: str) -> models.QuerySet[Any]:
        """Return the rows of one attribute."""
        rows = self.model._base_manager.all()
        return rows.filter(attribute=name) if self.shared else rows

    def load(
        self, keys: list[Any], names: list[str], adapter: "ResourceAdapter"
    ) -> dict[tuple[Any, str], list[Any]]:
        rows = self.model._base_manager.filter(**{f"{self.owner}__in": keys}).order_by("pk")
        if self.shared:
            rows = rows.filter(attribute__in=names)
        found: dict[tuple[Any, str], list[Any]] = {}
        end = 2 + len(self.columns)
        for row in rows.values_list(*self._names):
            name, mirrored = row[end:] if self.shared else (names[0], False)
            found.setdefault((row[0], name), []).append((row[1], mirrored, row[2:end]))
        return found


class Rows(Mapping):
    """A list of values in a table of the site's own.

    ``Rows("phones", value="number", type="kind", primary="is_main")``: the relation from the
    object to the rows (a foreign key's reverse), and the column of each sub-attribute. A list of
    simple values has ``value`` alone. ``keys`` names columns of folded keys, as ``Field`` has
    them: ``keys={"value": "number_key"}``.
    """

    can_batch = True

    loader: RowTable
    mirror = ""

    def __init__(
        self, relation: str, *, keys: dict[str, str] | None = None, **columns: str
    ) -> None:
        self.relation, self.keys, self.sub_columns = relation, keys or {}, columns

    def table(self, adapter: type["ResourceAdapter"]) -> RowTable:
        for candidate in adapter.model._meta.related_objects:
            if candidate.get_accessor_name() == self.relation and candidate.one_to_many:
                owner = candidate.field.name
                return RowTable(
                    candidate.related_model, owner, dict(self.sub_columns), shared=False
                )
        raise FieldDoesNotExist(
            f"{adapter.model.__name__} has no rows {self.relation!r}: name the reverse of a "
            "foreign key"
        )

    def resolve(self, adapter: type["ResourceAdapter"]) -> None:
        if not self.attribute.multi_valued:
            raise MappingError("it has one value; use Field")
        self.is_simple = not self.attribute.is_complex
        self.loader = self.table(adapter)
        self.subs = {"value": _single(self.attribute)} if self.is_simple else {
            sub.name: _single(sub) for sub in self.attribute.sub_attributes
        }  # fmt: skip
        subs = self.subs
        if unknown := set(subs) - set(self.loader.columns):
            raise MappingError(f"there is no column for {', '.join(sorted(unknown))}")
        if not self.loader.shared and (spare := set(self.loader.columns) - set(subs)):
            raise MappingError(f"it has no sub-attribute {', '.join(sorted(spare))}")
        self.conversions: dict[str, Conversion] = {
            name: conversion(sub, self.loader.fields[name]) for name, sub in subs.items()
        }
        if many := [sub.name for sub in self.attribute.sub_attributes if sub.multi_valued]:
            raise MappingError(f"{', '.join(many)}: a column holds no list")
        for name, column in self.keys.items():
            key = self.loader.model._meta.get_field(column)
            if not isinstance(key, FoldedField):
                raise MappingError(f"keys: {column!r} of {name} is no FoldedField")
            if not self.loader.shared and key.source != self.loader.columns.get(name):
                raise MappingError(
                    f"keys: {column!r} is not the folded key of {name}, by its source"
                )
        owner: Any = self.loader.model._meta.get_field(self.loader.owner)
        if not owner.target_field.primary_key:
            raise MappingError(f"{owner.name!r} leads to another column than the primary key")
        if any(field.primary_key for field in self.loader.fields.values()):
            raise ForbiddenColumn("a client must not write the primary key of a row")
        self.query_columns = {name: self._query_column(name, sub) for name, sub in subs.items()}

    def place(self) -> tuple[Any, ...]:
        return (self.loader.model, self.loader.owner)

    def new_rows(self) -> tuple[Any, set[str]] | None:
        return self.loader.model, {self.loader.owner, *self.loader.columns.values()}

    def _query_column(self, name: str, sub: Attribute) -> Column:
        field = self.loader.fields[name]
        return Column(
            self.loader.columns[name],
            self.conversions[name].kind,
            sub.case_exact,
            key=self.keys.get(name, ""),
            exact_storage=isinstance(field, ExactCharField),
            nullable=field.null,
            absent_is_false=sub.type == "boolean" and sub.name == "primary",
            adjust=self.conversions[name].adjust,
        )

    # Reading

    def columns(self) -> dict[str, Selected]:
        return {"owner": "target_id"}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        owner, table, name = at["owner"], self.loader, self.name
        held_by_owner = at.get("mirror")
        if self.is_simple:
            return lambda row, page: [
                data["value"] for _, data in self.read(page.rows(table, row[owner], name))
            ]
        names = {sub.name for sub in wanted.sub_attributes}
        everything = len(names) == len(self.attribute.sub_attributes)

        def read(row: Any, page: Any) -> list[dict[str, Any]]:
            mirrored = row[held_by_owner] if held_by_owner is not None else ""
            found = self.read(page.rows(table, row[owner], name), mirrored)
            if everything:
                return [data for _, data in found]
            narrowed = ({k: v for k, v in data.items() if k in names} for _, data in found)
            return [data for data in narrowed if data]

        return read

    def read(self, rows: Iterable[Any], mirrored: str = "") -> list[tuple[Any, dict[str, Any]]]:
        """Return (key, sub-attributes) of each value."""
        return [(key, data) for key, _, columns in rows if (data := self.data(columns))]

    def data(self, columns: Iterable[Any]) -> dict[str, Any]:
        """Return a row's columns as sub-attributes; "" and NULL are absent."""
        found = {}
        for name, value in zip(self.loader.columns, columns, strict=True):
            if is_empty(value) or name not in self.conversions:
                continue
            if value is False and name == "primary" and not self.loader.fields[name].null:
                continue  # a column that has no third state says nothing by False
            found[name] = self.conversions[name].read(value)
        return found

    # Filtering and sorting

    def where(self, term: Any, adapter: "ResourceAdapter", negated: bool) -> Q:
        rows = self.rows()
        if isinstance(term, ValueFilter):
            return self._any(rows.filter(translate_element(term.term, self.query_columns)), negated)
        if term.op == "pr" and term.path.sub is None:
            return self._any(rows, negated)
        column = self.query_columns.get(term.path.sub.name if term.path.sub else "value")
        if column is None:
            raise InvalidFilter(f"{term.path} cannot be used in a filter here")
        matching = self._any(rows.filter(column.test(term.op, term.value)), False)
        if term.op == "ne":
            matching |= self._any(rows, True)
        return ~matching if negated else matching

    def rows(self) -> models.QuerySet[Any]:
        """Return the rows that count in a filter: those with anything to show."""
        rows = self.loader.rows(self.name)
        if self.loader.shared:
            return rows
        return rows.filter(
            reduce(or_, (column.present() for column in self.query_columns.values()))
        )

    def _any(self, rows: models.QuerySet[Any], negated: bool) -> Q:
        q = Q(target__in=rows.values(self.loader.owner))
        return ~q if negated else q

    def sort_key(self, path: AttributePath, adapter: "ResourceAdapter") -> "Sortable":
        sub = path.sub.name if path.sub else "value"
        if sub not in self.query_columns:
            return super().sort_key(path, adapter)
        first: list[Any] = ["pk"]
        if "primary" in self.query_columns:
            first.insert(0, F(self.loader.columns["primary"]).desc(nulls_last=True))
        rows = self.rows().filter(**{self.loader.owner: OuterRef("target")}).order_by(*first)
        return Subquery(rows.values_list(self.query_columns[sub].order())[:1])

    # Writing

    def stage(self, unit: "UnitOfWork", operation: "Operation") -> None:
        if self.is_simple:
            operation = wrapped(operation)
        if isinstance(operation.value, list):  # else a moment would never be the stored one
            operation = replace(operation, value=[self._as_json(item) for item in operation.value])
        elements = apply(unit.elements(self), operation, unit.tolerances)
        for element in elements:
            element.data = self._as_json(element.data)
            if element.data != element.original:
                self.check(element.data)
        unit.set_elements(self, elements)

    def check(self, data: dict[str, Any]) -> None:
        """Raise InvalidValue for a sub-attribute that its column does not take."""
        for sub, value in data.items():
            field, path = self.loader.fields[sub], f"{self.path}.{sub}"
            limit = field.max_length if self.conversions[sub].kind == "text" else None
            if limit and len(value) > limit:
                raise InvalidValue(f"{path}: is longer than {limit} characters")
            if not self.loader.shared:
                clean(field, self._write(sub, value), path)

    def _as_json(self, data: dict[str, Any]) -> dict[str, Any]:
        return {name: as_json(self.subs[name], value) for name, value in data.items()}

    def _write(self, sub: str, value: Any) -> Any:
        return self.conversions[sub].write(from_json(self.subs[sub], value))

    def stored_elements(self, unit: "UnitOfWork") -> list[MultiValue]:
        """Return the values that the database holds now."""
        if not unit.has_past:
            return []
        rows = unit.value_rows(self.loader).get((unit.target.pk, self.name), [])
        return [MultiValue(data, key, dict(data)) for key, data in self.read(rows)]

    def row(self, owner: Any, data: dict[str, Any]) -> Any:
        """Return the unsaved row of one value."""
        values = {}
        for sub, name in self.loader.columns.items():
            field = self.loader.fields[sub]
            value = data.get(sub)
            if value is not None and sub in self.conversions:
                values[name] = self._write(sub, value)
            else:
                values[name] = None if field.null else empty(field)
        return self.loader.model(**{self.loader.owner: owner}, **values)

    def save(self, unit: "UnitOfWork", old: list[MultiValue], new: list[MultiValue]) -> None:
        """Write the rows that differ: a statement each for those gone, changed and new."""
        kept = {element.key for element in new}
        gone = [element.key for element in old if element.key and element.key not in kept]
        changed, fresh = self._rows_to_write(unit, new)
        records.delete(self.loader.model, gone)
        records.update(self.loader.model, changed, self._written())
        unit.insert_all(self.loader.model, fresh)

    def _rows_to_write(
        self, unit: "UnitOfWork", elements: list[MultiValue]
    ) -> tuple[list[Any], list[Any]]:
        changed, fresh = [], []
        for element in elements:
            if element.key is None:
                fresh.append(self.row(unit.target, element.data))
            elif element.data != element.original:
                row = self.row(unit.target, element.data)
                row.pk, row._state.adding = element.key, False
                changed.append(row)
        for row in fresh:
            records.require_columns(row, unit)
        return changed, fresh

    def _written(self) -> Sequence[str]:
        return [*self.loader.columns.values(), *self.keys.values()]


def _single(attribute: Attribute) -> Attribute:
    return attribute.single() if attribute.multi_valued else attribute

"""A singular attribute in one column."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from ...models import ExactCharField, FoldedField
from ...protocol.attributes import Attribute, AttributePath
from ...protocol.errors import InvalidValue
from ...protocol.values import is_empty
from ...query import Column
from ..model_paths import LINK, MappingError, empty, locate, orm_path, refuse_write
from .base import Mapping, Reader, Selected
from .column_types import clean, conversion, same

if TYPE_CHECKING:
    from ...protocol.messages.patch import Operation
    from ...query.columns import Sortable
    from ..base import ResourceAdapter
    from ..writing.unit_of_work import UnitOfWork


class Field(Mapping):
    """A column: of the object, of what a relation leads to, or of the link.

    ``Field("username")``, ``Field("scim_profile.title")``, ``Field("link.external_id")``. A row
    that a reverse one-to-one relation leads to is made when a value needs it.

    ``key`` names the column of the folded key that serves comparisons without case. ``absent``
    names a boolean column that says that the attribute is unassigned, for a column that has no
    such state itself: to unassign it then leaves the column as it is. ``validate`` off takes
    values that the site's validators would refuse, but none that the column's type does.
    """

    can_batch = True

    def __init__(
        self, column: str, *, key: str = "", absent: str = "", validate: bool = True
    ) -> None:
        self.column, self.key, self.absent, self.validate = column, key, absent, validate

    def resolve(self, adapter: type["ResourceAdapter"]) -> None:
        self.relations, self.field = locate(adapter, self.column)
        self.orm_path = orm_path(adapter, self.column)
        self.conversion = conversion(self.attribute, self.field)
        if self.attribute.mutability != "readOnly":
            refuse_write(adapter, self.column)
        if self.key:
            relations, key = locate(adapter, self.key)
            if not isinstance(key, FoldedField):
                raise MappingError(f"key: {self.key!r} is no FoldedField")
            if key.source and (relations, key.source) != (self.relations, self.field.name):
                raise MappingError(f"key: {self.key!r} is the folded key of {key.source!r}")
        # The link's own columns that no client writes change with its version number alone.
        self.versioned = self.relations != LINK or self.attribute.mutability != "readOnly"
        nullable = self.field.null or bool(self.relations and self.relations != LINK)
        self.query_column = Column(
            self.orm_path,
            self.conversion.kind,
            self.attribute.case_exact,
            orm_path(adapter, self.key) if self.key else "",
            bool(self.key) and not getattr(locate(adapter, self.key)[1], "source", ""),
            isinstance(self.field, ExactCharField),
            nullable,
            absence=orm_path(adapter, self.absent) if self.absent else "",
            adjust=self.conversion.adjust,
        )
        if self.absent:
            self.absent_relations, self.absent_field = locate(adapter, self.absent)
            if not isinstance(self.absent_field, models.BooleanField):
                raise MappingError(f"absent: {self.absent!r} is no boolean column")
            if self.attribute.mutability != "readOnly":
                refuse_write(adapter, self.absent)

    def columns(self) -> dict[str, Selected]:
        columns: dict[str, Selected] = {"value": self.orm_path}
        if self.absent:
            columns["absent"] = self.query_column.absence
        return columns

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        index, read = at["value"], self.conversion.read
        if self.absent:
            absent = at["absent"]
            return lambda row, page: None if row[absent] else row[index]
        if read is same:
            return lambda row, page: row[index]
        return lambda row, page: None if row[index] is None else read(row[index])

    def where(self, term: Any, adapter: "ResourceAdapter", negated: bool) -> Q:
        return self.query_column.test(term.op, term.value, negated)

    def sort_key(self, path: AttributePath, adapter: "ResourceAdapter") -> "Sortable":
        return self.query_column.order()

    def stage(self, unit: "UnitOfWork", operation: "Operation") -> None:
        value = None if operation.op == "remove" else operation.value
        if self.absent:
            flag = f"{self.path} unassigned"
            unit.set(self.absent_relations, self.absent_field, value is None, flag)
            if value is None:
                return
        unit.set(
            self.relations, self.field, self.stored(value), str(self.path), self.conversion.read
        )

    def written_columns(self) -> Sequence[tuple[tuple[str, ...], Any]]:
        written = [(self.relations, self.field)]
        return [*written, (self.absent_relations, self.absent_field)] if self.absent else written

    def is_unassigned(self, unit: "UnitOfWork") -> bool:
        """Whether the draft as it stands has no value for the attribute."""
        if self.absent:
            return bool(getattr(unit.record(self.absent_relations), self.absent_field.attname))
        record = unit.record(self.relations)
        return record is None or is_empty(getattr(record, self.field.attname))

    def stored(self, value: Any) -> Any:
        """Return the column's value for an attribute's. Raises InvalidValue if it does not fit."""
        if is_empty(value):
            return None if self.field.null else empty(self.field)
        limit = self.field.max_length if self.conversion.kind == "text" else None
        if limit and len(value) > limit:
            raise InvalidValue(f"{self.path}: is longer than {limit} characters")
        try:
            stored = self.conversion.write(value)
        except (ValidationError, ValueError, ArithmeticError):
            raise InvalidValue(f"{self.path}: the site cannot store this value") from None
        clean(self.field, stored, str(self.path), by_type_only=not self.validate)
        return stored

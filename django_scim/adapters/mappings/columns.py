"""Field: a single-valued attribute in one column."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from ...models import ExactCharField, FoldedField
from ...protocol.attributes import Attribute, AttributePath
from ...protocol.errors import InvalidValue, Uniqueness
from ...protocol.messages.patch import Operation
from ...protocol.values import EMPTY
from ...query import Column
from ...query.columns import Sortable
from ..interfaces import Adapter
from ..model_paths import LINK, MappingError, empty, locate, orm_path, refuse_write
from ..writing.unit_of_work import UnitOfWork
from .base import Mapping, Reader, Selected
from .column_types import clean, conversion, same


class Field(Mapping):
    """A column of the object, of a related row, or of the link.

    ``Field("username")``, ``Field("scim_profile.title")``, ``Field("link.external_id")``. The row
    at the end of a reverse one-to-one relation is created when there is a value for it.

    ``key`` names the column with the folded key, for comparisons without case. ``validate=False``
    skips the site's validators, but not those of the column's type.
    """

    can_batch = True

    def __init__(self, column: str, *, key: str = "", validate: bool = True) -> None:
        self.column, self.key, self.validate = column, key, validate

    def resolve(self, adapter: type[Adapter]) -> None:
        self.relations, self.field = locate(adapter, self.column)
        self.orm_path = orm_path(adapter, self.column)
        self.conversion = conversion(self.attribute, self.field)
        if self.attribute.mutability != "readOnly":
            refuse_write(adapter, self.column)
        if self.key:
            self._check_key(adapter)
        # A read-only column of the link only changes together with the version number.
        self.versioned = self.relations != LINK or self.attribute.mutability != "readOnly"
        self.query_column = self._query_column(adapter)
        self._writes_as_is = self.conversion.write is same
        self.text_column = self.query_column if self.conversion.kind == "text" else None
        # With validate=False, the adapter checks uniqueness.
        self.is_unique = (
            self.validate
            and self.relations != LINK
            and (self.field.unique or self.attribute.uniqueness in ("server", "global"))
        )

    def _check_key(self, adapter: type[Adapter]) -> None:
        relations, key = locate(adapter, self.key)
        if not isinstance(key, FoldedField):
            raise MappingError(f"key: {self.key!r} must be a FoldedField")
        if key.source and (relations, key.source) != (self.relations, self.field.name):
            raise MappingError(
                f"key: {self.key!r} is the folded key of {key.source!r}, not of {self.field.name!r}"
            )

    def _query_column(self, adapter: type[Adapter]) -> Column:
        key = self.key
        return Column(
            self.orm_path,
            self.conversion.kind,
            self.attribute.case_exact,
            orm_path(adapter, key) if key else "",
            bool(key) and not getattr(locate(adapter, key)[1], "source", ""),
            isinstance(self.field, ExactCharField),
            self.field.null or bool(self.relations and self.relations != LINK),
            adjust=self.conversion.adjust,
        )

    # Reading

    def columns(self) -> dict[str, Selected]:
        return {"value": self.orm_path}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        index, read = at["value"], self.conversion.read
        if read is same:
            return lambda row, page: row[index]
        return lambda row, page: None if row[index] is None else read(row[index])

    # Filtering and sorting

    def where(self, term: Any, adapter: Adapter, negated: bool) -> Q:
        return self.query_column.test(term.op, term.value, negated)

    def sort_key(self, path: AttributePath, adapter: Adapter) -> Sortable:
        return self.query_column.order()

    # Writing

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        value = None if operation.op == "remove" else operation.value
        read = self.conversion.read
        unit.set(self.relations, self.field, self.stored(value), self.full_name, read)

    def stored(self, value: Any) -> Any:
        """Return the column's value for a value of the attribute.

        Raise InvalidValue if the column cannot store it.
        """
        field, path = self.field, self.full_name
        if value in EMPTY:
            return None if field.null else empty(field)
        try:
            stored = value if self._writes_as_is else self.conversion.write(value)
        except (ValidationError, ValueError, ArithmeticError):
            raise InvalidValue(f"{path}: this site cannot store the value") from None
        clean(field, stored, path, by_type_only=not self.validate)
        return stored

    def current(self, unit: UnitOfWork) -> Any:
        record = unit.record(self.relations)
        value = None if record is None else getattr(record, self.field.attname)
        read = self.conversion.read
        return value if value is None or read is same else read(value)

    def check_unique(self, unit: UnitOfWork) -> None:
        """Raise Uniqueness if another row has the value, even one of another connection."""
        if not unit.changed(self.full_name):
            return
        record: Any = unit.record(self.relations)
        value = getattr(record, self.field.attname)
        if value is None or value == "":
            return
        if self.attribute.is_text and not self.attribute.case_exact and isinstance(value, str):
            equal = Column(self.field.name, nullable=self.field.null).test("eq", value)
        else:
            equal = Q(**{self.field.name: value})
        rows = type(record)._base_manager.filter(equal)
        if rows.exclude(pk=record.pk).exists():
            shown = self.conversion.read(value)
            raise Uniqueness(
                f"{self.full_name}: {shown!r} is taken", attribute=self.full_name, value=str(shown)
            )

    def written_columns(self) -> Sequence[tuple[tuple[str, ...], Any]]:
        return [(self.relations, self.field)]

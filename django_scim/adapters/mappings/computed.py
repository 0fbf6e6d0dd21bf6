"""Constant, Computed, Location and Ignored: attributes whose values clients do not change."""

from collections.abc import Mapping as Dict
from dataclasses import replace
from typing import Any

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import InterfaceError, NotSupportedError, OperationalError
from django.db.models import Expression, F, Q

from ...compat import annotation_field, compile_sql
from ...protocol.attributes import Attribute, AttributePath
from ...protocol.messages.patch import Operation
from ...query import Column, Locator
from ...query import Constant as ConstantColumn
from ...query.columns import Sortable
from ..interfaces import Adapter
from ..model_paths import MappingError
from ..writing.unit_of_work import UnitOfWork
from .base import Mapping, Reader, Selected, from_target
from .column_types import as_json, conversion


def read_only(attribute: Attribute) -> Attribute:
    """Return an attribute with the mutability readOnly (RFC 7643 section 7)."""
    if attribute.mutability == "readOnly":
        return attribute
    return replace(attribute, mutability="readOnly", required=False)


def try_to_compile(rows: Any) -> None:
    """Raise FieldDoesNotExist or MappingError if a query cannot be compiled. Nothing is run."""
    try:
        compile_sql(rows)
    except (OperationalError, InterfaceError):
        pass  # without a database connection, the query cannot be checked
    except FieldError as error:
        raise FieldDoesNotExist(str(error)) from None
    except NotSupportedError as error:
        raise MappingError(str(error)) from None


class ServerWritten(Mapping):
    """Base class of values that only the server sets. /Schemas shows them as readOnly."""

    versioned = False
    is_derived = True

    def describe(self, attribute: Attribute) -> Attribute:
        return read_only(super().describe(attribute))

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        """Ignore the operation."""


class Constant(ServerWritten):
    """A text or boolean that is the same for every resource: ``Constant("Guest")``."""

    def __init__(self, value: str | bool) -> None:
        self.value = value

    def resolve(self, adapter: type[Adapter]) -> None:
        if self.attribute.multi_valued or self.attribute.is_complex:
            raise MappingError("Constant only supports single-valued, simple attributes")
        value_type = bool if self.attribute.type == "boolean" else str
        is_supported = self.attribute.is_text or self.attribute.type == "boolean"
        if not is_supported or not isinstance(self.value, value_type) or self.value == "":
            raise MappingError(
                f"Constant({self.value!r}) does not fit the type {self.attribute.type}; Constant "
                f"supports non-empty texts and booleans"
            )

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        return lambda row, page: self.value

    def where(self, term: Any, adapter: Adapter, negated: bool) -> Q:
        return self._column().test(term.op, term.value, negated)

    def sort_key(self, path: AttributePath, adapter: Adapter) -> Sortable:
        return self._column().order()

    def _column(self) -> ConstantColumn:
        return ConstantColumn(self.value, self.attribute.case_exact)


class Computed(ServerWritten):
    """A value that the database computes from an expression on the object's model.

    ``Computed(Concat("first_name", Value(" "), "last_name"))``; sub-queries with ``OuterRef`` work
    as in ``annotate``. Clients can filter and sort by it like by any other attribute, but this is
    slow without an index on the same expression.
    """

    versioned = True

    def __init__(self, expression: Expression | F) -> None:
        self.expression = expression

    def resolve(self, adapter: type[Adapter]) -> None:
        if self.attribute.multi_valued or self.attribute.is_complex:
            raise MappingError("Computed only supports single-valued, simple attributes")
        try:
            rows = self._rows(adapter.model).values("scim_value")
        except FieldError as error:
            raise FieldDoesNotExist(str(error)) from None
        try_to_compile(rows)
        field = annotation_field(rows, "scim_value")
        self.query_column = replace(self._column(field), path="scim_value")

    def _column(self, field: Any) -> Column:
        """Return the column that compares the computed values.

        Raise MappingError if the type of the expression does not fit the attribute's.
        """
        try:
            converted = conversion(self.attribute, field)
        except MappingError:
            converted = None
        if converted is None or converted.kind == "opaque":
            raise MappingError(
                f"the expression is a {type(field).__name__}, but the attribute's type is "
                f"{self.attribute.type}: wrap it in Cast"
            )
        return Column("", converted.kind, self.attribute.case_exact, adjust=converted.adjust)

    def _rows(self, model: Any) -> Any:
        return model._base_manager.annotate(scim_value=self.expression)

    def columns(self) -> dict[str, Selected]:
        return {"value": from_target(self.expression)}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        index, attribute = at["value"], self.attribute
        return lambda row, page: as_json(attribute, row[index])

    def where(self, term: Any, adapter: Adapter, negated: bool) -> Q:
        rows = self._rows(adapter.model).filter(
            self.query_column.test(term.op, term.value, negated)
        )
        return Q(target__in=rows.values("pk"))

    def sort_key(self, path: AttributePath, adapter: Adapter) -> Sortable:
        computed: Any = from_target(self.expression)
        value = computed(adapter)
        return replace(self.query_column, path="", source=value).order()


class Location(ServerWritten):
    """``meta.location``: the URI of the resource (RFC 7643 section 3.1)."""

    def __init__(self, resource_type: str) -> None:
        self.resource_type = resource_type

    def columns(self) -> dict[str, Selected]:
        return {"id": "scim_id"}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        index, name = at["id"], self.resource_type
        return lambda row, page: page.location(name, row[index])

    def where(self, term: Any, adapter: Adapter, negated: bool) -> Q:
        own_id = Column("scim_id", case_exact=True, exact_storage=True, nullable=False)
        locator = Locator(own_id, adapter.base_url, adapter.endpoint)
        return locator.test(term.op, term.value, negated)


class Ignored(Mapping):
    """An attribute that is accepted but not stored, such as a password with single sign-on.

    The schema must define it as never returned.
    """

    can_batch = True

    versioned = False

    def resolve(self, adapter: type[Adapter]) -> None:
        if self.attribute.returned != "never":
            raise MappingError('Ignored stores nothing: the attribute must have returned="never"')

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        return lambda row, page: None

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        """Store nothing."""

"""Custom: the base class of a site's own mappings, if no other mapping fits."""

from collections.abc import Mapping as Dict
from collections.abc import Sequence
from typing import Any, ClassVar

from django.core.exceptions import (
    FieldDoesNotExist,
    FieldError,
    ObjectDoesNotExist,
    ValidationError,
)
from django.db.models import Expression, F, Q

from ...protocol.attributes import Attribute, AttributePath
from ...protocol.errors import InvalidFilter, InvalidValue
from ...protocol.filters import And, Comparison, Filter, Not, Or, ValueFilter
from ...protocol.messages.patch import Operation
from ...query.columns import Sortable
from ...query.translate import join
from ..interfaces import Adapter
from ..model_paths import MappingError, locate, refuse_write
from ..writing.unit_of_work import UnitOfWork
from .base import Mapping, Reader, Selected, from_target
from .complete_values import amended
from .computed import read_only, try_to_compile


class Custom(Mapping):
    """Base class of a site's own mappings. Override its methods to read, write, filter and sort.

    Columns and expressions are relative to the object, as in a queryset of its model. Only
    ``write`` may access the database. Methods that a subclass does not define are not available to
    clients: without ``write`` the attribute is readOnly, without ``filter`` filters on it are
    rejected.
    """

    #: The arguments of ``read``: names, with an ORM path or expression for each.
    select: ClassVar[dict[str, str | Expression | F]] = {}
    #: The columns that ``write`` may set, as in declarations: ``"employee.office"``.
    writes: ClassVar[tuple[str, ...]] = ()

    def read(self, **selected: Any) -> Any:
        """Return the attribute's value from the selected values, None if it has no value."""
        raise NotImplementedError

    def write(self, value: Any) -> dict[str, Any]:
        """Return the columns to set for a value.

        None unassigns the attribute. For a complex or multi-valued attribute, the value is
        complete: PATCH operations have been applied. A ValueError, ValidationError or DoesNotExist
        becomes the error ``invalidValue``.
        """
        raise NotImplementedError

    def filter(self, op: str, value: Any, sub: str = "") -> Q:
        """Return the Q for ``attribute op value``.

        ``op`` is eq, co, sw, ew, gt, ge, lt, le or pr; ``ne`` and ``not`` are derived from them.
        ``sub`` is the name of the sub-attribute, if any. Raise NotImplementedError for an operator
        that is not supported.
        """
        raise NotImplementedError

    def order(self, sub: str = "") -> Expression | F:
        """Return the expression to sort by, which is NULL if the value is absent."""
        raise NotImplementedError

    # Derived from these methods

    def describe(self, attribute: Attribute) -> Attribute:
        described = super().describe(attribute)
        return read_only(described) if type(self).write is Custom.write else described

    def resolve(self, adapter: type[Adapter]) -> None:
        self.model: Any = adapter.model
        if type(self).read is Custom.read:
            raise MappingError(f"{type(self).__name__} must define read()")
        if type(self).write is not Custom.write and not self.writes:
            raise MappingError(
                f"{type(self).__name__} has write(): writes must contain the columns that it sets"
            )
        if isinstance(self.writes, str):
            raise MappingError(f"writes must be a tuple of columns, not the text {self.writes!r}")
        for column in self.writes:
            refuse_write(adapter, column)
        self.written = [locate(adapter, column) for column in self.writes]
        if not isinstance(self.select, dict):
            raise MappingError(f"select must be a dict, not {self.select!r}")
        for name, expression in self.select.items():
            if not isinstance(expression, str) and not hasattr(expression, "resolve_expression"):
                raise MappingError(
                    f"select: {name} must be the path of a column or an expression, not "
                    f"{expression!r}"
                )
        try:
            rows = self._selection()
        except FieldError as error:
            raise FieldDoesNotExist(str(error)) from None
        try_to_compile(rows)

    def _selection(self) -> Any:
        """Return the queryset of the values in ``select``."""
        return self.model._base_manager.values_list(*self.select.values())

    def written_columns(self) -> Sequence[tuple[tuple[str, ...], Any]]:
        return self.written

    def columns(self) -> dict[str, Selected]:
        return {name: from_target(expression) for name, expression in self.select.items()}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        names = {sub.name for sub in wanted.sub_attributes}

        def read(row: Any, page: Any) -> Any:
            value = self.read(**{name: row[index] for name, index in at.items()})
            if isinstance(value, dict) and names:
                return {k: v for k, v in value.items() if k in names}
            if isinstance(value, list) and names:
                return [{k: v for k, v in each.items() if k in names} for each in value]
            return value

        return read

    def where(self, term: Any, adapter: Adapter, negated: bool) -> Q:
        if isinstance(term, ValueFilter) and self.attribute.multi_valued:
            raise InvalidFilter(f"{self.path} cannot be filtered with brackets")
        rows = self.model._base_manager
        q = Q(target__in=rows.filter(self._condition(term)).values("pk"))
        return ~q if negated else q

    def _condition(self, term: Filter) -> Q:
        match term:
            case And(terms) | Or(terms):
                return join(term, (self._condition(each) for each in terms), False)
            case Not(inner):
                return ~self._among(self._condition(inner))
            case ValueFilter(path, inner):
                # A filter in brackets can only match if there is a value.
                return self._condition(And((Comparison(path, "pr"), inner)))
            case Comparison(path, op, value):
                sub = path.sub.name if path.sub else ""
                if path.attribute.name != self.path.attribute.name:
                    sub = path.attribute.name  # in brackets, paths are relative to the value
                try:
                    if op == "ne":
                        return ~self._among(self.filter("eq", value, sub))
                    return self.filter(op, value, sub)
                except NotImplementedError:
                    raise InvalidFilter(
                        f"{self.path} cannot be filtered with the operator {op}"
                    ) from None
        raise TypeError(term)

    def _among(self, q: Q) -> Q:
        """Return the condition in a form that is never NULL, so that it can be negated."""
        return Q(pk__in=self.model._base_manager.filter(q).values("pk"))

    def sort_key(self, path: AttributePath, adapter: Adapter) -> Sortable:
        try:
            key: Any = from_target(self.order(path.sub.name if path.sub else ""))
        except NotImplementedError:
            return super().sort_key(path, adapter)
        return F(key) if isinstance(key, str) else key(adapter)

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        if type(self).write is Custom.write:
            return
        old = self.current(unit)
        value = amended(self.attribute, old, operation, unit.tolerances, unit.effort)
        if value == old:
            return
        try:
            columns = self.write(value)
        except (ValueError, ObjectDoesNotExist) as error:
            raise InvalidValue(f"{self.path}: {error}") from None
        except ValidationError as error:
            raise InvalidValue(f"{self.path}: {' '.join(error.messages)}") from None
        for column, stored in columns.items():
            if column not in self.writes:
                raise TypeError(
                    f"{type(self).__name__} sets the column {column!r}, which is not in writes"
                )
            unit.put(column, stored)
        unit.note(self.full_name, old, value)
        unit.replace_cached(self, value)

    def current(self, unit: UnitOfWork) -> Any:
        return unit.cached(self, lambda: self._stored(unit) if unit.has_past else None)

    def _stored(self, unit: UnitOfWork) -> Any:
        row = self._selection().filter(pk=unit.target.pk).first()
        return None if row is None else self.read(**dict(zip(self.select, row, strict=True)))

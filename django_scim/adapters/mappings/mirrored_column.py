"""A column of the object that holds one value of a list, such as a user's ``email``.

The column alone holds that value, so that what the site writes there shows at once. Its row adds
the type and the key to find it by.
"""

from typing import Any

from django.db import models
from django.db.models import Case, F, When

from ...models import fold_key
from ...protocol.errors import InvalidValue, Uniqueness
from ...query import Column
from ..interfaces import Adapter
from ..model_paths import MappingError, locate
from ..writing.unit_of_work import UnitOfWork
from .column_types import check_length
from .multivalued import MultiValue


class MirroredColumn:
    """The column for the primary value of a list, or else the first one."""

    def __init__(self, adapter: type[Adapter], column: str) -> None:
        """Raise MappingError if the object has no such text column."""
        relations, self.field = locate(adapter, column)
        if relations or not isinstance(self.field, models.CharField | models.TextField):
            raise MappingError(f"mirror: {column!r} is no text column of the user")
        self.column = column

    def value(self, target: Any) -> str:
        """Return what the column of an object holds."""
        return getattr(target, self.column) or ""

    def expression(self, owner: str, path: str) -> Case:
        """Return the value of a row: the object's column for the mirrored row, else its own."""
        return Case(
            When(mirrored=True, then=F(f"{owner}__{self.column}")),
            default=F(path),
            output_field=models.TextField(),
        )

    def without_empty(self, rows: Any, owner: str) -> Any:
        """Return the rows without a mirrored one whose column is empty."""
        absent = Column(f"{owner}__{self.column}", nullable=True).absent()
        return rows.exclude(absent, mirrored=True)

    def choose(self, values: list[MultiValue]) -> MultiValue | None:
        """Return the value that belongs in the column: the primary one, or else the first."""
        first = None
        for each in values:
            if each.data.get("value"):
                if each.data.get("primary") is True:
                    return each
                first = first or each
        return first

    def stage(self, unit: UnitOfWork, values: list[MultiValue], path: str) -> None:
        """Stage the column. Raises InvalidValue if the value is too long for it."""
        chosen = self.choose(values)
        value = chosen.data["value"] if chosen else ""
        check_length(self.field, value, f"{path}.value")
        unit.set((), self.field, value or (None if self.field.null else ""), "")

    def mark(self, row: Any, value: MultiValue) -> None:
        """Turn the row of the chosen value into the mirrored one: the column has the value."""
        row.mirrored, row.value, row.key = True, "", fold_key(value.data["value"])

    def check_unique(self, unit: UnitOfWork, path: str) -> None:
        """Raise a ScimError if the column is unique and empty, or another object has the value."""
        if not (unit.is_new or unit.changed(path)):
            return
        value = getattr(unit.target, self.column)
        if value is None:
            return
        if value == "":
            raise InvalidValue(f"{path}: is required here")
        rows = type(unit.target)._base_manager.filter(**{self.column: value})
        if rows.exclude(pk=unit.target.pk).exists():
            raise Uniqueness(f"{path}: {value!r} is taken")

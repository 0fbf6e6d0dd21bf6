"""Store one value of a list in a column of the object, such as a user's ``email``.

The value is only in that column, so that changes by the site are visible immediately. The value's
row contains its other sub-attributes and the folded key.
"""

from collections.abc import Iterable
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
    """The column that contains the primary value of a list, or else the first value."""

    def __init__(self, adapter: type[Adapter], column: str) -> None:
        """Raise MappingError if the column is not a text column of the object."""
        relations, self.field = locate(adapter, column)
        if relations or not isinstance(self.field, models.CharField | models.TextField):
            raise MappingError(f"mirror: {column!r} must be a text column of the user")
        self.column = column

    def value(self, target: Any) -> str:
        """Return the value of the column in an object, "" if it is NULL."""
        return getattr(target, self.column) or ""

    def expression(self, owner: str, path: str) -> Case:
        """Return the expression for a row's value.

        For the mirrored row it is the column of the object, for others the column ``path``.
        """
        return Case(
            When(mirrored=True, then=F(f"{owner}__{self.column}")),
            default=F(path),
            output_field=models.TextField(),
        )

    def without_empty(self, rows: Any, owner: str) -> Any:
        """Return the rows without mirrored rows whose object has an empty column."""
        absent = Column(f"{owner}__{self.column}", nullable=True).absent()
        return rows.exclude(absent, mirrored=True)

    def choose(self, values: Iterable[MultiValue]) -> MultiValue | None:
        """Return the value to store in the column: the primary one, or else the first."""
        first = None
        for each in values:
            if each.data.get("value"):
                if each.data.get("primary") is True:
                    return each
                first = first or each
        return first

    def stage(self, unit: UnitOfWork, values: Iterable[MultiValue], path: str) -> None:
        """Stage the column. Raise InvalidValue if the value is too long for it."""
        chosen = self.choose(values)
        value = chosen.data["value"] if chosen else ""
        check_length(self.field, value, f"{path}.value")
        unit.set((), self.field, value or (None if self.field.null else ""), "")

    def mark(self, row: Any, value: MultiValue) -> None:
        """Change the row of the chosen value to the mirrored row, without the value itself."""
        row.mirrored, row.value, row.key = True, "", fold_key(value.data["value"])

    def check_unique(self, unit: UnitOfWork, path: str) -> None:
        """Check the value of a unique column.

        Raise InvalidValue if it is empty, Uniqueness if another object has it.
        """
        if not (unit.is_new or unit.changed(path)):
            return
        value = getattr(unit.target, self.column)
        if value is None:
            return
        if value == "":
            raise InvalidValue(f"{path}: is required by this site")
        rows = type(unit.target)._base_manager.filter(**{self.column: value})
        if rows.exclude(pk=unit.target.pk).exists():
            raise Uniqueness(f"{path}: {value!r} is taken", attribute=path, value=str(value))

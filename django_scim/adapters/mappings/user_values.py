"""A multi-valued attribute of a user in this app's own table of values."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Case, F, When

from ...models import UserValue, fold_key
from ...protocol.attributes import Attribute
from ...protocol.errors import InvalidValue, Uniqueness
from ...query import Column
from ..model_paths import MappingError, locate
from .base import Selected
from .multivalued import MultiValue
from .related_rows import Rows, RowTable

if TYPE_CHECKING:
    from ...protocol.messages.patch import Operation
    from ..base import ResourceAdapter
    from ..writing.unit_of_work import UnitOfWork

USER_VALUES = RowTable(
    UserValue,
    "user",
    {
        "value": "value",
        "display": "display",
        "type": "type",
        "primary": "primary",
        "formatted": "formatted",
        "streetAddress": "street_address",
        "locality": "locality",
        "region": "region",
        "postalCode": "postal_code",
        "country": "country",
    },
    shared=True,
)


class Values(Rows):
    """A list of values in this app's table, named by ``name``: ``Values("phoneNumbers")``.

    ``mirror`` is a column of the object that holds the primary value, or else the first, such as
    ``email``. The value is then in that column alone, and what the site writes there shows.
    """

    loader: RowTable = USER_VALUES
    keys = {"value": "key"}

    def __init__(self, name: str, *, mirror: str = "") -> None:
        self.name, self.mirror = name, mirror

    def table(self, adapter: type["ResourceAdapter"]) -> RowTable:
        return USER_VALUES

    def resolve(self, adapter: type["ResourceAdapter"]) -> None:
        if not issubclass(adapter.model, get_user_model()):
            raise MappingError("Values are kept for users; use Rows")
        if self.mirror:
            relations, self.mirror_field = locate(adapter, self.mirror)
            if relations or not isinstance(self.mirror_field, models.CharField | models.TextField):
                raise MappingError(f"mirror: {self.mirror!r} is no text column of the user")
        super().resolve(adapter)

    def _query_column(self, name: str, sub: Attribute) -> Column:
        path = self.loader.columns[name]
        if sub.type == "boolean":
            return Column(path, "boolean", absent_is_false=name == "primary")
        if name != "value":
            return Column(path, case_exact=sub.case_exact, nullable=False)
        source = None
        if self.mirror:
            source = Case(
                When(mirrored=True, then=F(f"{self.loader.owner}__{self.mirror}")),
                default=F(path),
                output_field=models.TextField(),
            )
        return Column(path, case_exact=sub.case_exact, key="key", nullable=False, source=source)

    def place(self) -> tuple[Any, ...]:
        return (self.loader, self.name)

    def new_rows(self) -> tuple[Any, set[str]] | None:
        return None  # the package's own

    def written_columns(self) -> Sequence[tuple[tuple[str, ...], Any]]:
        return [((), self.mirror_field)] if self.mirror else []

    def columns(self) -> dict[str, Selected]:
        mirror: dict[str, Selected] = {"mirror": f"target__{self.mirror}"} if self.mirror else {}
        return super().columns() | mirror

    def read(self, rows: Iterable[Any], mirrored: str = "") -> list[tuple[Any, dict[str, Any]]]:
        """Return (key, sub-attributes) of each value, the mirrored one filled in."""
        found, seen = [], False
        for key, is_mirrored, columns in rows:
            data = self.data(columns)
            if is_mirrored:
                seen = True
                if not mirrored:
                    continue
                data = {"value": mirrored} | data
            if data:
                found.append((key, data))
        if mirrored and not seen:
            found.insert(0, (None, {"value": mirrored, "primary": True}))
        return found

    def rows(self) -> models.QuerySet[Any]:
        rows = super().rows()
        if self.mirror:
            column = f"{self.loader.owner}__{self.mirror}"
            absent = Column(column, nullable=True).absent()
            rows = rows.exclude(absent, mirrored=True)
        return rows

    def stage(self, unit: "UnitOfWork", operation: "Operation") -> None:
        super().stage(unit, operation)
        if not self.mirror:
            return
        chosen = self.mirrored(unit.elements(self))
        value = chosen.data["value"] if chosen else ""
        limit = self.mirror_field.max_length
        if limit and len(value) > limit:
            raise InvalidValue(f"{self.path}.value: is longer than {limit} characters")
        unit.set((), self.mirror_field, value or (None if self.mirror_field.null else ""), "")

    def check_unique(self, unit: "UnitOfWork") -> None:
        """Raise ScimError where the column is unique and has no value, or another object's."""
        if not (self.mirror and self.mirror_field.unique):
            return
        if not (unit.is_new or unit.changed(str(self.path))):
            return
        value = getattr(unit.target, self.mirror)
        if value is None:
            return
        if value == "":
            raise InvalidValue(f"{self.path}: is required here")
        rows = type(unit.target)._base_manager.filter(**{self.mirror: value})
        if rows.exclude(pk=unit.target.pk).exists():
            raise Uniqueness(f"{self.path}: {value!r} is taken")

    def mirrored(self, elements: list[MultiValue]) -> MultiValue | None:
        """Return the value that the object's column holds: the primary one, or the first."""
        valued = [element for element in elements if element.data.get("value")]
        return next(
            (element for element in valued if element.data.get("primary") is True),
            valued[0] if valued else None,
        )

    def stored_elements(self, unit: "UnitOfWork") -> list[MultiValue]:
        if not unit.has_past:
            return []
        rows = unit.value_rows(self.loader).get((unit.target.pk, self.name), [])
        value = getattr(unit.target, self.mirror) if self.mirror else ""
        return [MultiValue(data, key, dict(data)) for key, data in self.read(rows, value)]

    def _rows_to_write(
        self, unit: "UnitOfWork", elements: list[MultiValue]
    ) -> tuple[list[Any], list[Any]]:
        chosen = self.mirrored(elements) if self.mirror else None
        changed, fresh = [], []
        for element in elements:
            row = self.row(unit.target, element.data)
            row.attribute = self.name
            if element is chosen:  # its column alone holds the value
                row.mirrored, row.value, row.key = True, "", fold_key(element.data["value"])
            if element.key is None:
                fresh.append(row)
            elif self.mirror or element.data != element.original:
                row.pk = element.key
                changed.append(row)
        return changed, fresh

    def _written(self) -> Sequence[str]:
        return ["key", "mirrored", *self.loader.columns.values()]

"""A singular attribute in one column."""

from collections.abc import Mapping as Dict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q

from ..models import ExactCharField
from ..protocol.attributes import Attribute, AttributePath
from ..protocol.errors import InvalidValue
from ..protocol.values import format_datetime, is_empty
from ..query import Column
from .mapping import Mapping, Reader, Selected

if TYPE_CHECKING:
    from ..protocol.patch import Operation
    from ..query.columns import Sortable
    from .base import ResourceAdapter
    from .draft import Draft


class Field(Mapping):
    """A column: of the object, of what a relation leads to, or of the link.

    ``Field("username")``, ``Field("scim_profile.title")``, ``Field("link.external_id")``. A row
    that a reverse one-to-one relation leads to is made when a value needs it.

    ``key`` names the column of the folded key that serves comparisons without case. ``absent``
    names a boolean column that says that the attribute is unassigned, for a column that has no
    such state itself: to unassign it then leaves the column as it is.
    """

    def __init__(self, column: str, *, key: str = "", absent: str = "") -> None:
        self.column, self.key, self.absent = column, key, absent

    def resolve(self, adapter: type["ResourceAdapter"]) -> None:
        self.hops, self.field = locate(adapter, self.column)
        self.orm_path = orm_path(adapter, self.column)
        # The link's own columns that no client writes change with its version number alone.
        self.versioned = self.hops != LINK or self.attribute.mutability != "readOnly"
        nullable = self.field.null or bool(self.hops and self.hops != LINK)
        kind = "text" if self.attribute.is_text else "plain"
        self.query_column = Column(
            self.orm_path,
            "boolean" if self.attribute.type == "boolean" else kind,  # type: ignore[arg-type]
            self.attribute.case_exact,
            orm_path(adapter, self.key) if self.key else "",
            bool(self.key) and not getattr(locate(adapter, self.key)[1], "source", ""),
            isinstance(self.field, ExactCharField),
            nullable,
            absence=orm_path(adapter, self.absent) if self.absent else "",
        )
        if self.absent:
            self.absent_hops, self.absent_field = locate(adapter, self.absent)

    def columns(self) -> dict[str, Selected]:
        columns: dict[str, Selected] = {"value": self.orm_path}
        if self.absent:
            columns["absent"] = self.query_column.absence
        return columns

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        index = at["value"]
        if self.absent:
            absent = at["absent"]
            return lambda row, page: None if row[absent] else row[index]
        if self.attribute.type == "dateTime":
            return lambda row, page: _moment(row[index])
        if self.attribute.is_text and not isinstance(
            self.field, models.CharField | models.TextField
        ):
            return lambda row, page: None if row[index] is None else str(row[index])
        return lambda row, page: row[index]

    def where(self, term: Any, adapter: "ResourceAdapter", negated: bool) -> Q:
        return self.query_column.test(term.op, term.value, negated)

    def order(self, path: AttributePath, adapter: "ResourceAdapter") -> "Sortable":
        return self.query_column.order()

    def stage(self, draft: "Draft", operation: "Operation") -> None:
        value = None if operation.op == "remove" else operation.value
        if self.absent:
            flag = f"{self.path} unassigned"
            draft.set(self.absent_hops, self.absent_field, value is None, flag)
            if value is None:
                return
        draft.set(self.hops, self.field, self.stored(value), str(self.path))

    def is_unassigned(self, draft: "Draft") -> bool:
        """Whether the draft as it stands has no value for the attribute."""
        if self.absent:
            return bool(getattr(draft.record(self.absent_hops), self.absent_field.attname))
        record = draft.record(self.hops)
        return record is None or is_empty(getattr(record, self.field.attname))

    def stored(self, value: Any) -> Any:
        """Return the column's value for an attribute's. Raises InvalidValue if it does not fit."""
        if is_empty(value):
            return None if self.field.null else self.empty()
        limit = self.field.max_length
        if limit and isinstance(value, str) and len(value) > limit:
            raise InvalidValue(f"{self.path}: is longer than {limit} characters")
        return value

    def empty(self) -> Any:
        """What an unassigned attribute leaves in a column that takes no NULL."""
        if self.field.has_default():
            return self.field.get_default()
        return "" if self.attribute.is_text else self.field.get_default()


LINK = ("link",)


def locate(
    adapter: type["ResourceAdapter"], column: str
) -> tuple[tuple[str, ...], "models.Field[Any, Any]"]:
    """Return the relations to follow from the object, and the field that they end at.

    Raises FieldDoesNotExist where the declaration names none.
    """
    *hops, name = column.split(".")
    if tuple(hops) == LINK:
        own: Any = adapter.link._meta.get_field(name)
        return LINK, own
    model: Any = adapter.model
    for hop in hops:
        model = model._meta.get_field(hop).related_model
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise FieldDoesNotExist(f"{adapter.__name__}: {column!r} is not a column")
    return tuple(hops), field


def orm_path(adapter: type["ResourceAdapter"], column: str) -> str:
    """Return a declared column as a path from the link."""
    link, _, rest = column.partition(".")
    return rest if (link,) == LINK else f"target__{column.replace('.', '__')}"


def _moment(value: datetime | None) -> str | None:
    return None if value is None else format_datetime(value)

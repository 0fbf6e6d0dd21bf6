"""The order of a list of resources, of one type or several, and positions in it.

Resources are sorted by their sort key, then by type, then by primary key. Absent keys come last in
ascending order and first in descending order (RFC 7644 section 3.4.2.3). Each resource has thus a
unique position, from which a cursor can continue without counting the resources before it, even
if the resource itself has been deleted since.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import (
    Case,
    CharField,
    DecimalField,
    F,
    FloatField,
    IntegerField,
    Q,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.db.models.lookups import Exact, GreaterThan, IsNull, LessThan

from ..compat import annotation_field
from ..protocol.attributes import AttributePath
from ..protocol.errors import InvalidCursor, InvalidValue
from .columns import ALWAYS, NEVER, Sortable
from .text_functions import Exactly, TypedNull


@dataclass(frozen=True)
class CursorPosition:
    """The position of a resource: its type, sort key and primary key, as JSON values."""

    kind: str
    key: Any
    pk: Any


@dataclass(frozen=True)
class ResourceSlice:
    """The resources of one type in a list: their links and the expressions to sort them by."""

    adapter: Any
    links: Any
    #: The sort key, or None for a list that is not sorted by an attribute.
    key: Sortable | None
    #: The model field that describes the values of the key.
    field: Any
    tiebreaker: Any
    #: The model field that describes the values of the tiebreaker.
    tie_field: Any
    descending: bool

    def ordered(self) -> Any:
        """Return the links in the order of the list."""
        if self.key is None:
            return self.links.order_by("pk")
        if self.descending:
            return self.links.order_by(self.key.desc(nulls_first=True), "pk")
        return self.links.order_by(self.key.asc(nulls_last=True), "pk")

    def after(self, position: CursorPosition, is_later: bool | None) -> "ResourceSlice":
        """Return the part of the slice that comes after a position.

        ``is_later`` tells whether, among equal keys, this type comes after the type of the
        position; None means that it is the same type. Raises InvalidCursor if the position does
        not fit the columns of the slice.
        """
        key = _from_json(self.field, position.key)
        pk = _from_json(self.tie_field, position.pk)
        tied = Q(GreaterThan(self.tiebreaker, Value(pk)))
        if is_later is not None:
            tied = ALWAYS if is_later else NEVER
        absent = ALWAYS if self.key is None else Q(IsNull(self.key, True))
        if key is None:
            beyond = absent & tied
            if self.descending:
                beyond |= ~absent
        elif self.key is None:
            beyond = NEVER if self.descending else ALWAYS
        else:
            further = LessThan if self.descending else GreaterThan
            beyond = Q(further(self.key, Value(key))) | (Q(Exact(self.key, Value(key))) & tied)
            if not self.descending:
                beyond |= absent
        return replace(self, links=self.links.filter(beyond))

    def with_position(self, links: Any) -> Any:
        """Return links annotated with ``scim_key`` and ``scim_tie``, which make a position."""
        key = TypedNull(TextField()) if self.key is None else self.key
        return links.annotate(scim_key=key, scim_tie=self.tiebreaker)

    def position(self, key: Any, pk: Any) -> CursorPosition:
        """Return the position for a sort key and a primary key from the database."""
        return CursorPosition(self.adapter.name, _to_json(key), _to_json(pk))

    def link_pk(self, pk: Any) -> Any:
        """Return a primary key from ``merged_positions`` converted to the link model's type."""
        return self.links.model._meta.pk.to_python(pk)


def slices_of(
    found: Sequence[tuple[Any, Any]], paths: Sequence[AttributePath | None], descending: bool
) -> list[ResourceSlice]:
    """Return the slices of a list, from pairs of an adapter and its links.

    ``paths`` has the attribute to sort by, for each pair. Raises InvalidValue for an attribute
    that resources cannot be sorted by.
    """
    keys = [_sort_key(adapter, path) for (adapter, _), path in zip(found, paths, strict=True)]
    fields = [_field(links, key) for (_, links), key in zip(found, keys, strict=True)]
    keyed = _comparable(keys, fields)
    tied = _comparable([F("pk")] * len(found), [links.model._meta.pk for _, links in found])
    return [
        ResourceSlice(adapter, links, *keyed[index], *tied[index], descending)
        for index, (adapter, links) in enumerate(found)
    ]


def merged_positions(slices: Sequence[ResourceSlice]) -> Any:
    """Return the rows of all slices in the order of the list, as one lazy queryset.

    A row consists of the slice's index, the sort key, the tiebreaker and 1 for an absent key.
    """
    field = next((each.field for each in slices if each.key is not None), TextField())
    rows = []
    for rank, each in enumerate(slices):
        key = TypedNull(field) if each.key is None else each.key
        absent = Case(When(IsNull(key, True), then=1), default=0) if each.key else Value(1)
        links = each.links.order_by().annotate(
            scim_rank=Value(rank), scim_absent=absent, scim_key=key, scim_tie=each.tiebreaker
        )
        rows.append(links.values_list("scim_rank", "scim_key", "scim_tie", "scim_absent"))
    sign = "-" if slices[0].descending else ""
    merged = rows[0].union(*rows[1:], all=True)
    return merged.order_by(f"{sign}scim_absent", f"{sign}scim_key", "scim_rank", "scim_tie")


def _field(links: Any, key: Sortable | None) -> Any:
    """Return the model field that describes the values of a sort key."""
    if key is None:
        return None
    return annotation_field(links.annotate(scim_key=key), "scim_key")


def _sort_key(adapter: Any, path: AttributePath | None) -> Sortable | None:
    if path is None or path.is_foreign:
        return None
    mappings = adapter.declared.mappings_for(path)
    if len(mappings) != 1:
        raise InvalidValue(f"sortBy: {path} cannot be sorted by; use one of its sub-attributes")
    return mappings[0].sort_key(path, adapter)


def _comparable(expressions: Sequence[Any], fields: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Return pairs of expression and field whose values, of several types, can be compared.

    Texts get a common collation. Values of different kinds are all converted to texts.
    """
    kinds = {_kind(field) for field in fields if field is not None}
    if len(expressions) == 1 or not kinds or (len(kinds) == 1 and "text" not in kinds):
        return list(zip(expressions, fields, strict=True))
    text = TextField()
    return [
        (None, None)
        if field is None
        else (Exactly(each if _kind(field) == "text" else Cast(each, text)), text)
        for each, field in zip(expressions, fields, strict=True)
    ]


def _kind(field: Any) -> str:
    if isinstance(field, CharField | TextField):
        return "text"
    if isinstance(field, IntegerField | FloatField | DecimalField):
        return "number"
    return str(field.get_internal_type())


def _to_json(value: Any) -> Any:
    """Return a value from the database as a JSON value."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _from_json(field: Any, value: Any) -> Any:
    """Return the value that ``_to_json`` converted. Raises InvalidCursor if it does not fit."""
    if field is None or not isinstance(value, str):
        return value
    try:
        return field.to_python(value)
    except (ValidationError, ValueError, TypeError):
        raise InvalidCursor from None

"""The order of a list and a place in it, over one resource type or several (RFC 7644 3.4.2.3).

Resources stand by their sort key, absent values last ascending and first descending; then by type;
then in the order of creation. So each has a place of its own, and a walk can go on behind any of
them, whether it is still there or not, without counting what came before.
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
from .text_functions import Exactly, Nothing


@dataclass(frozen=True)
class CursorPosition:
    """The place of a resource: its type, sort key and primary key, as JSON has them."""

    kind: str
    key: Any
    pk: Any


@dataclass(frozen=True)
class ResourceSlice:
    """The resources of one type in a list: their links, and what these are ordered by.

    ``key`` is None where there is nothing to sort by; ``field`` is the Django field of its values.
    """

    adapter: Any
    links: Any
    key: Sortable | None
    field: Any
    tiebreaker: Any
    tie_field: Any
    descending: bool

    def ordered(self) -> Any:
        """Return the links in the list's order."""
        if self.key is None:
            return self.links.order_by("pk")
        if self.descending:
            return self.links.order_by(self.key.desc(nulls_first=True), "pk")
        return self.links.order_by(self.key.asc(nulls_last=True), "pk")

    def after(self, place: CursorPosition, is_later: bool | None) -> "ResourceSlice":
        """Return what of the part comes after a place.

        ``is_later`` says on which side of the place the type is among equal keys, None for the
        place's own type. Raises InvalidCursor for a place that was in another column.
        """
        key, pk = _value(self.field, place.key), _value(self.tie_field, place.pk)
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
        return self.on(self.links.filter(beyond))

    def on(self, links: Any) -> "ResourceSlice":
        """Return the part with other links."""
        return replace(self, links=links)

    def marked(self, links: Any) -> Any:
        """Return links with what a place is made of: ``scim_key`` and ``scim_tie``."""
        key = Nothing(TextField()) if self.key is None else self.key
        return links.annotate(scim_key=key, scim_tie=self.tiebreaker)

    def place(self, key: Any, pk: Any) -> CursorPosition:
        """Return the place of a resource, by what the database says of it."""
        return CursorPosition(self.adapter.name, _plain(key), _plain(pk))

    def key_of(self, pk: Any) -> Any:
        """Return a primary key as the link's own field has it."""
        return self.links.model._meta.pk.to_python(pk)


def parts_of(
    finds: Sequence[tuple[Any, Any]], paths: Sequence[AttributePath | None], descending: bool
) -> list[ResourceSlice]:
    """Return the parts of a list: an adapter and its links each, and the attribute to sort by.

    Raises InvalidValue for one that cannot be sorted by.
    """
    keys = [_sort_key(adapter, path) for (adapter, _), path in zip(finds, paths, strict=True)]
    fields = [_field(links, key) for (_, links), key in zip(finds, keys, strict=True)]
    keyed = _alike(keys, fields)
    tied = _alike([F("pk")] * len(finds), [links.model._meta.pk for _, links in finds])
    return [
        ResourceSlice(adapter, links, *keyed[at], *tied[at], descending)
        for at, (adapter, links) in enumerate(finds)
    ]


def places(parts: Sequence[ResourceSlice]) -> Any:
    """Return the places in several types as one ordered list: the part's number, key, tie.

    One statement, of which the database sends only what is taken.
    """
    field = next((part.field for part in parts if part.key is not None), TextField())
    rows = []
    for rank, part in enumerate(parts):
        key = Nothing(field) if part.key is None else part.key
        absent = Case(When(IsNull(key, True), then=1), default=0) if part.key else Value(1)
        links = part.links.order_by().annotate(
            scim_rank=Value(rank), scim_absent=absent, scim_key=key, scim_tie=part.tiebreaker
        )
        rows.append(links.values_list("scim_rank", "scim_key", "scim_tie", "scim_absent"))
    sign = "-" if parts[0].descending else ""
    listed = rows[0].union(*rows[1:], all=True)
    return listed.order_by(f"{sign}scim_absent", f"{sign}scim_key", "scim_rank", "scim_tie")


def _field(links: Any, key: Sortable | None) -> Any:
    """Return the Django field that the values of a sort key are read by."""
    if key is None:
        return None
    return annotation_field(links.annotate(scim_key=key), "scim_key")


def _sort_key(adapter: Any, path: AttributePath | None) -> Sortable | None:
    if path is None or path.is_foreign:
        return None
    mappings = adapter.mappings_for(path)
    if len(mappings) != 1:
        raise InvalidValue(f"sortBy: {path} cannot be sorted by; name a sub-attribute")
    return mappings[0].sort_key(path, adapter)


def _alike(expressions: Sequence[Any], fields: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Make the expressions of several types comparable with each other, and so their collations.

    Those of one kind stay as they are; else all become texts.
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


def _plain(value: Any) -> Any:
    """Return a value of a column as JSON has it."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _value(field: Any, plain: Any) -> Any:
    """Return the value of a column that ``_plain`` made JSON of."""
    if field is None or not isinstance(plain, str):
        return plain
    try:
        return field.to_python(plain)
    except (ValidationError, ValueError, TypeError):
        raise InvalidCursor from None

"""Json: an attribute in a JSON column, simple or complex, single-valued or multi-valued."""

import copy
import re
from collections.abc import Mapping as Dict
from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db import models
from django.db.models import F, Q

from ...protocol.attributes import Attribute, AttributePath
from ...protocol.errors import InvalidValue
from ...protocol.filters import ValueFilter
from ...protocol.formats import format_datetime, parse_datetime
from ...protocol.messages.patch import Operation
from ...protocol.values import is_empty
from ...query import Column
from ...query.columns import Sortable
from ...query.json_expressions import (
    GREATEST,
    LEAST,
    AnyElement,
    Element,
    Kind,
    Within,
    value_of,
    written_moment,
)
from ...query.translate import list_condition, translate_element
from ..interfaces import Adapter
from ..model_paths import MappingError, empty, locate, orm_path, refuse_shared
from ..writing.unit_of_work import UnitOfWork
from .base import Mapping, Reader, Selected
from .column_types import Adjust, kind_of
from .complete_values import amended
from .multivalued import hashable, identity_of

_KEY = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9-])*")


class Json(Mapping):
    """A value in a JSON column: ``Json("employee.extras", "badge")``.

    The keys are the path to the value in the column's object. Without keys, the column contains
    only the value.
    """

    can_batch = True

    def __init__(self, column: str, *keys: str) -> None:
        self.column, self.keys = column, keys

    def resolve(self, adapter: type[Adapter]) -> None:
        self.relations, self.field = locate(adapter, self.column)
        self.orm_path = orm_path(adapter, self.column)
        if not isinstance(self.field, models.JSONField):
            raise MappingError(f"{self.column!r} must be a JSONField")
        if self.attribute.mutability != "readOnly":
            refuse_shared(adapter, self.column)
        if invalid := [key for key in self.keys if not _KEY.fullmatch(str(key))]:
            raise MappingError(
                f"the key {invalid[0]!r} must start with a letter and contain only letters, "
                f"digits, - and single _"
            )
        if lists := [sub.name for sub in self.attribute.sub_attributes if sub.multi_valued]:
            raise MappingError(
                f"{', '.join(lists)}: Json does not support multi-valued sub-attributes, since "
                f"they cannot be filtered"
            )
        subs = self.attribute.sub_attributes or (self.attribute,)
        is_list_of_texts = self.attribute.multi_valued and not self.attribute.is_complex
        self.query_columns = {
            "value" if is_list_of_texts else sub.name: self._query_column(sub) for sub in subs
        }

    def place(self) -> tuple[Any, ...]:
        return (self.relations, self.field, *self.keys)

    def _query_column(self, attribute: Attribute) -> Column:
        kind = _kind(attribute)
        name = attribute.name if attribute is not self.attribute else ""
        source: Any
        if self.attribute.multi_valued:
            source = Element(name, kind)
        else:
            source = Within(F(self.orm_path), (*self.keys, name) if name else self.keys, kind)
        return Column(
            "",
            "text" if kind == "moment" else kind_of(attribute),
            attribute.case_exact or kind == "moment",
            source=source,
            absent_is_false=attribute.name == "primary",
            adjust=_ADJUSTMENTS.get(kind),
        )

    # Reading

    def columns(self) -> dict[str, Selected]:
        return {"document": self.orm_path}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        index = at["document"]
        return lambda row, page: _formatted(wanted, valid_value(wanted, self.raw_value(row[index])))

    def raw_value(self, document: Any) -> Any:
        """Return the raw value at the keys in a column's document, or None."""
        for key in self.keys:
            document = document.get(key) if isinstance(document, dict) else None
        return document

    # Filtering and sorting

    def where(self, term: Any, adapter: Adapter, negated: bool) -> Q:
        if self.attribute.multi_valued:
            return self._where_any(term, negated)
        if isinstance(term, ValueFilter):
            matches = translate_element(term.term, self.query_columns, negated)
            return ~self._present() | matches if negated else self._present() & matches
        if term.path.sub is None and self.attribute.is_complex:
            return ~self._present() if negated else self._present()
        return self.query_columns[term.path.leaf.name].test(term.op, term.value, negated)

    def _present(self) -> Q:
        """Return the Q for a value, or a value of a list, with at least one sub-attribute."""
        return reduce(or_, (column.present() for column in self.query_columns.values()))

    def _where_any(self, term: Any, negated: bool) -> Q:
        present, source = self._present(), F(self.orm_path)

        def having(condition: Q | None) -> Q:
            q = present if condition is None else present & condition
            return Q(AnyElement(source, self.keys, q))

        return list_condition(term, self.query_columns, having, negated)

    def sort_key(self, path: AttributePath, adapter: Adapter) -> Sortable:
        if self.attribute.multi_valued or (self.attribute.is_complex and path.sub is None):
            return super().sort_key(path, adapter)
        return self.query_columns[path.leaf.name].order()

    # Writing

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        document = copy.deepcopy(getattr(unit.record(self.relations), self.field.attname, None))
        raw = self.raw_value(document)
        old = valid_value(self.attribute, raw)
        operation = replace(operation, value=_storable(operation.value))
        value = _storable(amended(self.attribute, old, operation, unit.tolerances, unit.effort))
        if value == old or (is_empty(value) and is_empty(old)):
            return
        _refuse_too_large(self.attribute, value, self.full_name)
        merged = _with_unknown(self.attribute, raw, value)
        if not self.keys:
            blank = None if self.field.null else empty(self.field)
            stored = blank if is_empty(merged) else merged
        else:
            stored = document if isinstance(document, dict) else {}
            self._set_at_keys(stored, merged)
        unit.set(self.relations, self.field, stored, "")
        unit.note(self.full_name, None if is_empty(old) else old, value)

    def current(self, unit: UnitOfWork) -> Any:
        document = getattr(unit.record(self.relations), self.field.attname, None)
        return valid_value(self.attribute, self.raw_value(document))

    def _set_at_keys(self, document: dict[str, Any], value: Any) -> None:
        """Set the value at the keys in a document, or remove it if it is empty."""
        for key in self.keys[:-1]:
            inner = document.get(key)
            if not isinstance(inner, dict):
                inner = document[key] = {}
            document = inner
        if is_empty(value):
            document.pop(self.keys[-1], None)
        else:
            document[self.keys[-1]] = value


def valid_value(attribute: Attribute, raw: Any) -> Any:
    """Return the value of an attribute in a document, with moments as in ``written_moment``.

    Values that are empty or not of the attribute's type are absent: the site may write anything to
    the column.
    """
    if attribute.multi_valued:
        single = attribute.single()
        values = (valid_value(single, each) for each in (raw if isinstance(raw, list) else ()))
        return [each for each in values if each is not None] or None
    if attribute.is_complex:
        if not isinstance(raw, dict):
            return None
        parts = {sub.name: valid_value(sub, raw.get(sub.name)) for sub in attribute.sub_attributes}
        return {name: each for name, each in parts.items() if each is not None} or None
    return value_of(_kind(attribute), raw)


def _kind(attribute: Attribute) -> Kind:
    match attribute.type:
        case "dateTime":
            return "moment"
        case "boolean" | "integer" as kind:
            return kind
        case "decimal":
            return "plain"
    return "text"


def _within_range(op: str, value: int) -> tuple[str, int] | None:
    """Return a comparison with any integer as one with a 64-bit integer.

    Return None if no 64-bit integer can satisfy it.
    """
    if LEAST <= value <= GREATEST:
        return op, value
    if op == "eq" or (op in ("gt", "ge")) is (value > 0):
        return None
    return ("le", GREATEST) if value > 0 else ("ge", LEAST)


_ADJUSTMENTS: dict[str, Adjust] = {
    "moment": lambda op, moment: (op, written_moment(moment)),
    "integer": _within_range,
}


def _refuse_too_large(attribute: Attribute, value: Any, path: str) -> None:
    """Raise InvalidValue for a number that is too large to be read or filtered."""
    for each in value if isinstance(value, list) else [value]:
        if attribute.is_complex:
            for sub in attribute.sub_attributes:
                _refuse_too_large(sub, (each or {}).get(sub.name), f"{path}.{sub.name}")
        elif isinstance(each, int | float) and value_of(_kind(attribute), each) is None:
            raise InvalidValue(f"{path}: the number is too large")


def _with_unknown(attribute: Attribute, raw: Any, value: Any) -> Any:
    """Return a value with the keys of the old one that are not in the schema: the site's data."""
    names = {sub.name for sub in attribute.sub_attributes}
    if not names:
        return value
    if not attribute.multi_valued:
        others = {k: v for k, v in raw.items() if k not in names} if isinstance(raw, dict) else {}
        return {**others, **(value or {})}
    single = attribute.single()
    unmatched = {}
    found: dict[Any, list[int]] = {}
    foreign = []
    for position, each in enumerate(raw if isinstance(raw, list) else ()):
        valid = valid_value(single, each)
        if not valid:
            foreign.append(each)
            continue
        unmatched[position] = each
        for key in _keys(valid):
            found.setdefault(key, []).append(position)
    result = []
    for item in value or ():
        positions = (at for key in _keys(item) for at in found.get(key, ()) if at in unmatched)
        old = unmatched.pop(next(positions, -1), {})
        result.append({**{k: v for k, v in old.items() if k not in names}, **item})
    return result + foreign


def _keys(item: dict[str, Any]) -> list[Any]:
    """Return the keys by which a value is found in the old list, the closest match first."""
    same = ("same", identity_of(item))
    return [same, ("value", hashable(item["value"]))] if "value" in item else [same]


def _storable(value: Any) -> Any:
    """Return a value as it is stored in JSON: with moments as in ``written_moment``."""
    match value:
        case datetime():
            return written_moment(value)
        case dict():
            return {key: _storable(each) for key, each in value.items()}
        case list():
            return [_storable(each) for each in value]
    return value


def _formatted(attribute: Attribute, value: Any) -> Any:
    """Return a stored value as in responses: with moments as in ``format_datetime``."""
    if isinstance(value, list):
        return [_formatted(attribute, each) for each in value]
    if isinstance(value, dict):
        return {k: _formatted(sub, v) for k, v in value.items() if (sub := attribute.sub(k))}
    if attribute.type == "dateTime" and isinstance(value, str):
        moment = parse_datetime(value)
        return format_datetime(moment) if moment else None
    return value

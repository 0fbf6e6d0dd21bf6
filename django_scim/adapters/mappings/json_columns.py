"""An attribute in a JSON column: simple or complex, one value or many."""

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
from ...protocol.messages.patch import Operation
from ...protocol.values import format_datetime, is_empty, parse_datetime
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
from .multivalued import amended, same

_KEY = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9-])*")


class Json(Mapping):
    """A value within a JSON column: ``Json("employee.extras", "badge")``.

    The keys lead into the column's object; without keys the column is the value itself.
    """

    can_batch = True

    def __init__(self, column: str, *keys: str) -> None:
        self.column, self.keys = column, keys

    def resolve(self, adapter: type[Adapter]) -> None:
        self.relations, self.field = locate(adapter, self.column)
        self.orm_path = orm_path(adapter, self.column)
        if not isinstance(self.field, models.JSONField):
            raise MappingError(f"{self.column!r} is no JSON column")
        if self.attribute.mutability != "readOnly":
            refuse_shared(adapter, self.column)
        if odd := [key for key in self.keys if not _KEY.fullmatch(str(key))]:
            raise MappingError(f"{odd[0]!r} is no key of letters, digits, - and single _")
        if many := [sub.name for sub in self.attribute.sub_attributes if sub.multi_valued]:
            raise MappingError(f"{', '.join(many)}: no filter finds a list within a value")
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
        return lambda row, page: _shown(wanted, held(wanted, self.dig(row[index])))

    def dig(self, document: Any) -> Any:
        """Return what the keys lead to in a column's document, whatever it is; or None."""
        for key in self.keys:
            document = document.get(key) if isinstance(document, dict) else None
        return document

    # Filtering and sorting

    def where(self, term: Any, adapter: Adapter, negated: bool) -> Q:
        if self.attribute.multi_valued:
            return self._where_any(term, negated)
        if isinstance(term, ValueFilter):
            found = translate_element(term.term, self.query_columns, negated)
            return ~self._something() | found if negated else self._something() & found
        if term.path.sub is None and self.attribute.is_complex:
            return ~self._something() if negated else self._something()
        return self.query_columns[term.path.leaf.name].test(term.op, term.value, negated)

    def _something(self) -> Q:
        """Return the Q of a value, or an element, of which anything is shown."""
        return reduce(or_, (column.present() for column in self.query_columns.values()))

    def _where_any(self, term: Any, negated: bool) -> Q:
        something, source = self._something(), F(self.orm_path)

        def having(condition: Q | None) -> Q:
            q = something if condition is None else something & condition
            return Q(AnyElement(source, self.keys, q))

        return list_condition(term, self.query_columns, having, negated)

    def sort_key(self, path: AttributePath, adapter: Adapter) -> Sortable:
        if self.attribute.multi_valued or (self.attribute.is_complex and path.sub is None):
            return super().sort_key(path, adapter)
        return self.query_columns[path.leaf.name].order()

    # Writing

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        document = copy.deepcopy(getattr(unit.record(self.relations), self.field.attname, None))
        raw = self.dig(document)
        old = held(self.attribute, raw)
        operation = replace(operation, value=_storable(operation.value))
        value = _storable(amended(self.attribute, old, operation, unit.tolerances))
        if value == old or (is_empty(value) and is_empty(old)):
            return
        _refuse_too_large(self.attribute, value, self.full_name)
        written = _with_unknown(self.attribute, raw, value)
        if not self.keys:
            nothing = None if self.field.null else empty(self.field)
            stored = nothing if is_empty(written) else written
        else:
            stored = document if isinstance(document, dict) else {}
            self._bury(stored, written)
        unit.set(self.relations, self.field, stored, "")
        unit.note(self.full_name, None if is_empty(old) else old, value)

    def current(self, unit: UnitOfWork) -> Any:
        document = getattr(unit.record(self.relations), self.field.attname, None)
        return held(self.attribute, self.dig(document))

    def _bury(self, document: dict[str, Any], value: Any) -> None:
        for key in self.keys[:-1]:
            inner = document.get(key)
            if not isinstance(inner, dict):
                inner = document[key] = {}
            document = inner
        if is_empty(value):
            document.pop(self.keys[-1], None)
        else:
            document[self.keys[-1]] = value


def held(attribute: Attribute, raw: Any) -> Any:
    """Return what a document holds of an attribute, moments as ``written_moment`` has them.

    What is not of the attribute's type is absent, and so is what is empty, whatever the site has
    written there.
    """
    if attribute.multi_valued:
        single = attribute.single()
        found = (held(single, each) for each in (raw if isinstance(raw, list) else ()))
        return [each for each in found if each is not None] or None
    if attribute.is_complex:
        if not isinstance(raw, dict):
            return None
        parts = {sub.name: held(sub, raw.get(sub.name)) for sub in attribute.sub_attributes}
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
    """Return a comparison with an integer of any size as one with an integer of 64 bits."""
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
    """Raise InvalidValue for a number that nobody could read or find once it is stored."""
    for each in value if isinstance(value, list) else [value]:
        if attribute.is_complex:
            for sub in attribute.sub_attributes:
                _refuse_too_large(sub, (each or {}).get(sub.name), f"{path}.{sub.name}")
        elif isinstance(each, int | float) and value_of(_kind(attribute), each) is None:
            raise InvalidValue(f"{path}: is too large a number")


def _with_unknown(attribute: Attribute, raw: Any, value: Any) -> Any:
    """Return a value with the keys that no schema knows: they are the site's own, and stay."""
    names = {sub.name for sub in attribute.sub_attributes}
    if not names:
        return value
    if not attribute.multi_valued:
        others = {k: v for k, v in raw.items() if k not in names} if isinstance(raw, dict) else {}
        return {**others, **(value or {})}
    single = attribute.single()
    rest = [(each, held(single, each)) for each in raw] if isinstance(raw, list) else []
    result = []
    for item in value or ():
        shown = [pair for pair in rest if pair[1]]
        known = next((pair for pair in shown if same(pair[1], item)), None) or next(
            (pair for pair in shown if "value" in item and pair[1].get("value") == item["value"]),
            None,
        )
        others = {}
        if known is not None:
            rest.remove(known)
            others = {k: v for k, v in known[0].items() if k not in names}
        result.append({**others, **item})
    return result + [each for each, kept in rest if not kept]


def _storable(value: Any) -> Any:
    match value:
        case datetime():
            return written_moment(value)
        case dict():
            return {key: _storable(each) for key, each in value.items()}
        case list():
            return [_storable(each) for each in value]
    return value


def _shown(attribute: Attribute, value: Any) -> Any:
    """Return what is held as the client has it: a moment without needless digits."""
    if isinstance(value, list):
        return [_shown(attribute, each) for each in value]
    if isinstance(value, dict):
        return {k: _shown(sub, v) for k, v in value.items() if (sub := attribute.sub(k))}
    if attribute.type == "dateTime" and isinstance(value, str):
        moment = parse_datetime(value)
        return format_datetime(moment) if moment else None
    return value

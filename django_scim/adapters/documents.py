"""An attribute in a JSON column: simple or complex, one value or many."""

import copy
import re
from collections.abc import Mapping as Dict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import F, Q

from ..protocol.attributes import Attribute, AttributePath
from ..protocol.filters import ValueFilter
from ..protocol.values import format_datetime, is_empty, parse_datetime
from ..query import Column
from ..query.json import AnyElement, Element, json_value
from ..query.translate import translate_element
from .conversion import kind_of
from .elements import amended
from .fields import empty, locate, orm_path, refuse_shared
from .mapping import Mapping, Misfit, Reader, Selected

if TYPE_CHECKING:
    from ..protocol.patch import Operation
    from ..query.columns import Sortable
    from .base import ResourceAdapter
    from .draft import Draft


_KEY = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9-])*")


class Json(Mapping):
    """A value within a JSON column: ``Json("employee.extras", "badge")``.

    The keys lead into the column's object; without keys the column is the value itself.
    """

    def __init__(self, column: str, *keys: str) -> None:
        self.column, self.keys = column, keys

    def resolve(self, adapter: type["ResourceAdapter"]) -> None:
        self.hops, self.field = locate(adapter, self.column)
        self.orm_path = orm_path(adapter, self.column)
        if not isinstance(self.field, models.JSONField):
            raise Misfit(f"{self.column!r} is no JSON column")
        if self.attribute.mutability != "readOnly":
            refuse_shared(adapter, self.column)
        if odd := [key for key in self.keys if not _KEY.fullmatch(str(key))]:
            raise Misfit(
                f"{odd[0]!r} is no key that every database finds: letters, digits, - and _"
            )
        subs = self.attribute.sub_attributes or (self.attribute,)
        self.query_columns = {sub.name: self._query_column(sub) for sub in subs}

    def place(self) -> tuple[Any, ...]:
        return (self.hops, self.field, *self.keys)

    def _query_column(self, attribute: Attribute) -> Column:
        # A moment is stored with all its digits, so that its text compares as it does.
        is_moment = attribute.type == "dateTime"
        kind = "text" if is_moment else kind_of(attribute)
        within = attribute is not self.attribute
        source: Any
        if self.attribute.multi_valued:
            source = Element(attribute.name if within else "", kind)
        elif kind == "text":
            keys = (*self.keys, attribute.name) if within else self.keys
            source = json_value(self.orm_path, keys, as_text=True) if keys else F(self.orm_path)
        else:
            path = "__".join([self.orm_path, *self.keys, *([attribute.name] if within else [])])
            return Column(path, kind, absent_is_false=attribute.name == "primary")
        return Column(
            "",
            kind,
            attribute.case_exact or is_moment,
            source=source,
            absent_is_false=attribute.name == "primary",
            adjust=(lambda op, moment: (op, _stored(moment))) if is_moment else None,
        )

    # Reading

    def columns(self) -> dict[str, Selected]:
        return {"document": self.orm_path}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        index = at["document"]
        names = {sub.name for sub in wanted.sub_attributes}

        def read(row: Any, page: Any) -> Any:
            value = self.dig(row[index])
            if not names or is_empty(value):
                return _shown(self.attribute, value)
            many = value if self.attribute.multi_valued else [value]
            kept = [_shown(self.attribute, {k: v for k, v in o.items() if k in names})
                    for o in many]  # fmt: skip
            return [each for each in kept if each] if self.attribute.multi_valued else kept[0]

        return read

    def dig(self, document: Any) -> Any:
        """Return the value within a column's document; None for what has not this shape."""
        for key in self.keys:
            document = document.get(key) if isinstance(document, dict) else None
        if self.attribute.multi_valued:
            kind: Any = dict if self.attribute.is_complex else object
            found = document if isinstance(document, list) else []
            return [each for each in found if isinstance(each, kind) and each is not None]
        return document if isinstance(document, dict) or not self.attribute.is_complex else None

    # Filtering and sorting

    def where(self, term: Any, adapter: "ResourceAdapter", negated: bool) -> Q:
        if self.attribute.multi_valued:
            return self._where_any(term, negated)
        if isinstance(term, ValueFilter):
            return translate_element(term.term, self.query_columns, negated)
        if term.path.sub is None and self.attribute.is_complex:
            tests = [column.present() for column in self.query_columns.values()]
            present = Q()
            for test in tests:
                present |= test
            return ~present if negated else present
        return self.query_columns[term.path.leaf.name].test(term.op, term.value, negated)

    def _where_any(self, term: Any, negated: bool) -> Q:
        anything = Column("", "opaque", source=Element()).present()
        if isinstance(term, ValueFilter):
            q = self._any(translate_element(term.term, self.query_columns))
        elif term.op == "pr" and term.path.sub is None:
            q = self._any(anything)
        else:
            q = self._any(self.query_columns[term.path.leaf.name].test(term.op, term.value))
            if term.op == "ne":
                q |= ~self._any(anything)
        return ~q if negated else q

    def _any(self, condition: Q) -> Q:
        return Q(AnyElement(F(self.orm_path), self.keys, condition))

    def sort_key(self, path: AttributePath, adapter: "ResourceAdapter") -> "Sortable":
        if self.attribute.multi_valued or (self.attribute.is_complex and path.sub is None):
            return super().sort_key(path, adapter)
        column = self.query_columns[path.leaf.name]
        if column.source is None:  # a number or a boolean
            keys = (*self.keys, path.sub.name) if path.sub else self.keys
            return json_value(self.orm_path, keys, as_text=False)  # type: ignore[no-any-return]
        return column.order()

    # Writing

    def stage(self, draft: "Draft", operation: "Operation") -> None:
        document = copy.deepcopy(getattr(draft.record(self.hops), self.field.attname, None))
        old = self.dig(document)
        value = _storable(amended(self.attribute, old, operation, draft.tolerances))
        if value == old or (is_empty(value) and is_empty(old)):
            return
        if not self.keys:
            stored = (None if self.field.null else empty(self.field)) if is_empty(value) else value
        else:
            stored = document if isinstance(document, dict) else {}
            self._bury(stored, value)
        draft.set(self.hops, self.field, stored, "")
        draft.note(str(self.path), None if is_empty(old) else old, value)

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


def _stored(moment: datetime) -> str:
    text = format_datetime(moment).removesuffix("Z")
    return f"{text}{'' if '.' in text else '.000000'}Z"


def _storable(value: Any) -> Any:
    match value:
        case datetime():
            return _stored(value)
        case dict():
            return {key: _storable(each) for key, each in value.items()}
        case list():
            return [_storable(each) for each in value]
    return value


def _shown(attribute: Attribute, value: Any) -> Any:
    """Return a stored value as the client has it: a moment without needless digits."""
    if isinstance(value, list):
        return [_shown(attribute, each) for each in value]
    if isinstance(value, dict):
        return {k: _shown(sub, v) for k, v in value.items() if (sub := attribute.sub(k))}
    if attribute.type == "dateTime" and isinstance(value, str):
        moment = parse_datetime(value)
        return format_datetime(moment) if moment else None
    return value

"""Columns that filters compare and lists are sorted by.

Every test is a Q that is true or false for each row, never NULL; otherwise ``not`` and ``ne``
would give wrong results. An empty text counts as absent, like NULL.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db.models import (
    BooleanField,
    Case,
    Expression,
    F,
    Q,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Left, NullIf, Right, StrIndex
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from ..models.fields import PREFIX_LENGTH, fold_key
from ..protocol.errors import InvalidFilter
from ..protocol.values import fold, split_location
from .text_functions import Exactly, Fold, FoldWithKey, PlainText

NEVER = Q(pk__in=[])
ALWAYS = ~NEVER
_LOOKUPS: dict[str, Any] = {
    "eq": Exact,
    "gt": GreaterThan,
    "ge": GreaterThanOrEqual,
    "lt": LessThan,
    "le": LessThanOrEqual,
}


@dataclass(frozen=True)
class Column:
    """A column or an SQL expression, as the operand of filters and sort keys."""

    #: The ORM path, relative to the queryset's model.
    path: str
    #: An opaque column, such as a UUID, can only be tested for equality.
    kind: Literal["text", "boolean", "plain", "opaque"] = "text"
    case_exact: bool = False
    #: The ORM path of the folded key, if there is one.
    key: str = ""
    #: True if the site can change the column without updating the key.
    key_may_drift: bool = False
    #: True if the column itself compares by code point.
    exact_storage: bool = False
    nullable: bool = True
    #: True if absent means false, as for ``primary`` (RFC 7643 section 2.4).
    absent_is_false: bool = False
    #: Converts operator and value to those of the column; None means that no row can match.
    adjust: Callable[[str, Any], tuple[str, Any] | None] | None = field(default=None, compare=False)
    #: The expression that computes the value, instead of the path.
    source: Expression | None = field(default=None, compare=False)

    @property
    def expression(self) -> Expression | F:
        return self.source or F(self.path)

    def present(self) -> Q:
        return ~self.absent()

    def absent(self) -> Q:
        if self.kind == "text":
            empty = self._is_exactly("")
            if not self.nullable:
                return empty
            if self.source is not None:
                return empty | Q(IsNull(self.source, True))
            return empty | Q(**{f"{self.path}__isnull": True})
        if self.source is not None:
            return Q(IsNull(self.source, True))
        if self.absent_is_false and not self.nullable:
            return Q(**{self.path: False})  # the column has no third state
        return Q(**{f"{self.path}__isnull": True}) if self.nullable else NEVER

    def test(self, op: str, value: Any = None, negated: bool = False) -> Q:
        """Return the Q for ``column op value``, or for its negation.

        Raise InvalidFilter for an operator that does not apply to the column.
        """
        if op == "pr":
            return self.absent() if negated else self.present()
        if op == "ne":
            return self.test("eq", value, not negated)
        if self.absent_is_false and value is False:  # false or absent: the negation of true
            return self.test("eq", True, not negated)
        positive = self._compare(op, value)
        if not negated:
            return positive
        return ~positive | self.absent() if self.nullable else ~positive

    def _compare(self, op: str, value: Any) -> Q:
        if self.kind == "opaque" and op != "eq":
            raise InvalidFilter(f"{op} does not apply to this attribute; use eq, ne or pr")
        adjusted = self.adjust(op, value) if self.adjust else (op, value)
        if adjusted is None:
            return NEVER
        op, value = adjusted
        if self.kind == "text":
            return self._compare_text(op, value)
        if self.source is not None:
            return Q(_LOOKUPS[op](self.source, value))
        lookup = {"eq": "exact", "gt": "gt", "ge": "gte", "lt": "lt", "le": "lte"}[op]
        q = Q(**{f"{self.path}__{lookup}": value})
        # For a value outside the column's range, Django drops the comparison: NULL would match.
        return q & self.present() if op in ("lt", "le", "gt", "ge") and self.nullable else q

    def equals_exactly(self, text: str) -> Q:
        """Return the Q for rows with exactly this text; it can use an index on the column."""
        return Q(**{self.path: text}) & self._is_exactly(text)

    def _is_exactly(self, text: str) -> Q:
        if self.exact_storage and self.source is None:
            return Q(**{self.path: text})
        return Q(Exact(Exactly(self.expression), Value(text)))

    def _compare_text(self, op: str, value: str) -> Q:
        wanted = value if self.case_exact else fold(value)
        if not wanted:
            return self.present() if op in ("co", "sw", "ew", "gt", "ge") else NEVER
        if op == "eq":
            return self._equal(value, wanted)
        if op == "sw":
            return self._starts_with(wanted)
        operand = self._operand()
        if op == "co":
            return Q(GreaterThan(StrIndex(operand, Value(wanted)), 0))
        if op == "ew":
            return Q(Exact(Right(operand, len(wanted)), Value(wanted)))
        return Q(_LOOKUPS[op](operand, Value(wanted))) & self.present()

    def _operand(self) -> Expression | F:
        """Return the expression of the text in the form in which it is compared."""
        if not self.case_exact:
            return FoldWithKey(self.expression, F(self.key)) if self.key else Fold(self.expression)
        return self.expression if self.exact_storage else Exactly(self.expression)

    def _equal(self, value: str, wanted: str) -> Q:
        by_key = Q(**{self.key: fold_key(value)}) if self.key else Q()
        if self.case_exact and self.exact_storage:
            return Q(**{self.path: wanted})
        if self.case_exact and self.source is None:
            by_key &= Q(**{self.path: wanted})  # uses an index on the column
        if self.case_exact or not self.key:
            return by_key & Q(Exact(self._operand(), Value(wanted)))
        return by_key

    def _starts_with(self, wanted: str) -> Q:
        """Return a range where possible, because SQLite and MariaDB use no index for LIKE."""
        indexed = self.path if self.case_exact and self.exact_storage else ""
        if not self.case_exact and self.key and len(wanted) <= PREFIX_LENGTH:
            indexed = self.key
        if not indexed:
            return Q(Exact(Left(self._operand(), len(wanted)), Value(wanted)))
        q = Q(**{f"{indexed}__gte": wanted})
        successor = _successor(wanted)
        return q & Q(**{f"{indexed}__lt": successor}) if successor else q

    def order(self) -> Expression | F:
        """Return the expression to sort by, which is NULL if the value is absent."""
        if self.kind != "text":
            return self.expression
        if self.key and not self.case_exact:
            return F(self.key)
        return NullIf(self._operand(), Value(""), output_field=TextField())


def _successor(text: str) -> str:
    """Return the smallest text that is greater than all texts with this prefix; "" if none is."""
    while text:
        code = ord(text[-1]) + 1
        if code == 0xD800:
            code = 0xE000
        if code <= 0x10FFFF:
            return text[:-1] + chr(code)
        text = text[:-1]
    return ""


@dataclass(frozen=True)
class Constant:
    """A value that is the same for all rows, such as ``meta.resourceType``."""

    value: str | bool
    case_exact: bool = True

    def test(self, op: str, value: Any = None, negated: bool = False) -> Q:
        mine, theirs = self._comparable(self.value), self._comparable(value)
        result = {
            "pr": lambda: True,
            "eq": lambda: mine == theirs,
            "ne": lambda: mine != theirs,
            "co": lambda: theirs in mine,
            "sw": lambda: mine.startswith(theirs),
            "ew": lambda: mine.endswith(theirs),
            "gt": lambda: mine > theirs,
            "ge": lambda: mine >= theirs,
            "lt": lambda: mine < theirs,
            "le": lambda: mine <= theirs,
        }[op]()
        return ALWAYS if result is not negated else NEVER

    def _comparable(self, value: Any) -> Any:
        return fold(value) if isinstance(value, str) and not self.case_exact else value

    def order(self) -> Expression:
        field = BooleanField() if isinstance(self.value, bool) else TextField()
        return Cast(Value(self.value), field)  # ORDER BY 1 would mean the first column


@dataclass(frozen=True)
class Absent:
    """An attribute that is absent from all rows."""

    def test(self, op: str, value: Any = None, negated: bool = False) -> Q:
        return ALWAYS if (op == "ne") is not negated else NEVER


#: An id that no resource has.
NO_ID = "-"


def _unversioned(base: str) -> str:
    return re.sub(r"/v\d+$", "", base.rstrip("/").lower())


@dataclass(frozen=True)
class Locator:
    """The URI of another resource, which ends with its id (``$ref``, RFC 7643 section 2.4).

    ``base`` is the site's base URL, ``endpoint`` that of the resource type below it.
    """

    id: Column
    base: str = ""
    endpoint: str = ""

    def _id_in(self, uri: str) -> str:
        """Return the id in a URI, NO_ID if it is that of another site or resource type.

        The version of the protocol in the URI does not matter.
        """
        endpoint, scim_id = split_location(uri)
        if endpoint and self.endpoint and endpoint.lower() != self.endpoint.lower():
            return NO_ID
        above = uri.rstrip("/").rsplit("/", 2)[0]
        if self.base and "://" in uri and _unversioned(above) != _unversioned(self.base):
            return NO_ID
        return scim_id

    def test(self, op: str, value: Any = None, negated: bool = False) -> Q:
        if op not in ("eq", "ne", "pr"):
            raise InvalidFilter(f"{op} does not apply to $ref; use eq, ne or pr, or value instead")
        return self.id.test(op, value and self._id_in(value), negated)

    def order(self) -> Expression | F:
        return self.id.order()


@dataclass(frozen=True)
class WithDefault:
    """A text column, and the one whose text a row shows if nothing is stored in the first.

    With ``flag``, the path of a boolean column, only rows where it is true show the second text.
    """

    stored: Column
    default: "Column | WithDefault"
    flag: str = ""

    def test(self, op: str, value: Any = None, negated: bool = False) -> Q:
        """Return the Q for a comparison with the text that a row shows, or for its negation."""
        if op == "ne":
            return self.test("eq", value, not negated)
        flagged = Q((self.flag, True)) if self.flag else ALWAYS
        by_default = flagged & self.stored.absent() & self.default.test(op, value, negated)
        stored = self.stored.test(op, value, negated)
        if negated:
            unflagged = Q((self.flag, False)) if self.flag else NEVER
            stored &= self.stored.present() | unflagged
        return stored | by_default

    @property
    def expression(self) -> Expression:
        """The text that a row shows."""
        texts = [
            NullIf(PlainText(each.expression), Value(""), output_field=TextField())
            for each in (self.stored, self.default)
        ]
        return self._first(*texts)

    def order(self) -> Expression:
        return self._first(self.stored.order(), self.default.order())

    def _first(self, stored: Any, default: Any) -> Expression:
        if self.flag:
            default = Case(When(Q((self.flag, True)), then=default), output_field=TextField())
        return Coalesce(stored, default, output_field=TextField())


Comparable = Column | Constant | Locator | Absent | WithDefault
Sortable = Expression | F | Subquery


def text_or_empty(expression: Any) -> Expression:
    """Return an expression for a text, or "" if it is NULL."""
    empty = Value("", output_field=TextField())
    text = NullIf(expression, empty, output_field=TextField())
    return Coalesce(text, empty, output_field=TextField())

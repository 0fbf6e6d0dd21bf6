"""A column as a filter sees it: comparing, being absent, ordering.

Every test gives a Q that is true or false for every row, never NULL: SQL's third truth value
must not leak into ``not`` and ``ne``. A text that is "" counts as absent, like NULL.
"""

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

from ..models.fields import KEY_LENGTH, fold_key
from ..protocol.errors import InvalidFilter
from ..protocol.values import fold, split_location
from .text_functions import Exactly, Fold, FoldWithKey

NEVER = Q(pk__in=[])
ALWAYS = ~NEVER
_LOOKUPS: dict[str, Any] = {
    "eq": Exact,
    "gt": GreaterThan,
    "ge": GreaterThanOrEqual,
    "lt": LessThan,
    "le": LessThanOrEqual,
}
_LONGEST_PREFIX = KEY_LENGTH - 64  # up to here a key is the folded text itself


@dataclass(frozen=True)
class Column:
    """One ORM path, from the root of the queryset that it is used in.

    ``key`` is the path of its folded key, where it has one; ``key_may_drift`` says that the site
    can change the column without the key. ``absence`` is the path of a boolean that says that the
    value is absent, where the column itself cannot. ``source`` replaces the path where
    the value is computed in SQL. ``absent_is_false`` is the rule for ``primary`` (RFC 7643 2.4).
    ``adjust`` turns operator and value into the column's own, or into None: no row can match.
    An opaque column, such as a UUID, can only be equal or not.
    """

    path: str
    kind: Literal["text", "boolean", "plain", "opaque"] = "text"
    case_exact: bool = False
    key: str = ""
    key_may_drift: bool = False
    exact_storage: bool = False
    nullable: bool = True
    absent_is_false: bool = False
    absence: str = ""
    adjust: Callable[[str, Any], tuple[str, Any] | None] | None = field(default=None, compare=False)
    source: Expression | None = field(default=None, compare=False)

    @property
    def expression(self) -> Expression | F:
        return self.source or F(self.path)

    def present(self) -> Q:
        return ~self.absent()

    def absent(self) -> Q:
        if self.absence:
            return Q(**{self.absence: True})
        if self.kind == "text":
            empty = self._holds("")
            if not self.nullable:
                return empty
            if self.source is not None:
                return empty | Q(IsNull(self.source, True))
            return empty | Q(**{f"{self.path}__isnull": True})
        if self.source is not None:
            return Q(IsNull(self.source, True))
        if self.absent_is_false and not self.nullable:
            return Q(**{self.path: False})  # a column that knows no third state
        return Q(**{f"{self.path}__isnull": True}) if self.nullable else NEVER

    def test(self, op: str, value: Any = None, negated: bool = False) -> Q:
        """Return the Q of ``column op value``, or of its opposite."""
        if op == "pr":
            return self.absent() if negated else self.present()
        if op == "ne":
            return self.test("eq", value, not negated)
        if self.absent_is_false and value is False:  # the opposite of true, absence included
            return self.test("eq", True, not negated)
        positive = self._compare(op, value)
        if self.absence:
            positive &= self.present()
        if not negated:
            return positive
        return ~positive | self.absent() if self.nullable else ~positive

    def _compare(self, op: str, value: Any) -> Q:
        if self.kind == "opaque" and op != "eq":
            raise InvalidFilter(f"{op} does not go with this attribute; compare it with eq or ne")
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
        # Beyond the column's range Django drops the comparison, and with it the NULLs.
        return q & self.present() if op in ("lt", "le", "gt", "ge") and self.nullable else q

    def as_written(self, text: str) -> Q:
        """Return the Q of the very text; an index of the column's own collation serves it."""
        return Q(**{self.path: text}) & self._holds(text)

    def _holds(self, text: str) -> Q:
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
        """The text in the form in which it compares."""
        if not self.case_exact:
            return FoldWithKey(self.expression, F(self.key)) if self.key else Fold(self.expression)
        return self.expression if self.exact_storage else Exactly(self.expression)

    def _equal(self, value: str, wanted: str) -> Q:
        by_key = Q(**{self.key: fold_key(value)}) if self.key else Q()
        if self.case_exact and self.exact_storage:
            return Q(**{self.path: wanted})
        if self.case_exact and self.source is None:
            by_key &= Q(**{self.path: wanted})  # what an index of the column's collation finds
        if self.case_exact or not self.key:
            return by_key & Q(Exact(self._operand(), Value(wanted)))
        return by_key

    def _starts_with(self, wanted: str) -> Q:
        """A range, since LIKE cannot use an index on SQLite and MariaDB."""
        indexed = self.path if self.case_exact and self.exact_storage else ""
        if not self.case_exact and self.key and len(wanted) <= _LONGEST_PREFIX:
            indexed = self.key
        if not indexed:
            return Q(Exact(Left(self._operand(), len(wanted)), Value(wanted)))
        q = Q(**{f"{indexed}__gte": wanted})
        successor = _successor(wanted)
        return q & Q(**{f"{indexed}__lt": successor}) if successor else q

    def order(self) -> Expression | F:
        """Return what to sort by; NULL where the value is absent."""
        if self.absence:
            return Case(When(Q(**{self.absence: True}), then=Value(None)), default=self._sortable())
        return self._sortable()

    def _sortable(self) -> Expression | F:
        if self.kind != "text":
            return self.expression
        if self.key and not self.case_exact:
            return F(self.key)
        return NullIf(self._operand(), Value(""), output_field=TextField())


def _successor(text: str) -> str:
    """Return the least text that is greater than every text that starts with ``text``."""
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
    """A value that is the same for every row, such as meta.resourceType."""

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
        return Cast(Value(self.value), field)  # a bare constant is a position in ORDER BY


@dataclass(frozen=True)
class Absent:
    """A value that no row has."""

    def test(self, op: str, value: Any = None, negated: bool = False) -> Q:
        return ALWAYS if (op == "ne") is not negated else NEVER


@dataclass(frozen=True)
class Locator:
    """The URI of another resource, which ends in its id (RFC 7643 section 2.4, ``$ref``)."""

    id: Column

    def test(self, op: str, value: Any = None, negated: bool = False) -> Q:
        if op not in ("eq", "ne", "pr"):
            raise InvalidFilter(f"{op} does not go with $ref; compare it with eq, or use value")
        return self.id.test(op, value and split_location(value)[1], negated)

    def order(self) -> Expression | F:
        return self.id.order()


Comparable = Column | Constant | Locator | Absent
Sortable = Expression | F | Subquery


def blank_to(expression: Any, *others: Any) -> Expression:
    """Return the first of several texts that is not empty."""
    blank = Value("", output_field=TextField())
    texts = (NullIf(each, blank, output_field=TextField()) for each in (expression, *others))
    return Coalesce(*texts, blank, output_field=TextField())

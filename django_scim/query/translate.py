"""A filter's tree to a Q on the links of one resource type (RFC 7644 section 3.4.2.2).

Negation is pushed down to the leaves, where each kind of mapping knows its exact opposite.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import BooleanField, Case, Func, Q, QuerySet, When

from ..protocol.errors import InvalidFilter
from ..protocol.filters import And, Comparison, Filter, Not, Or, ValueFilter
from ..protocol.filters.evaluation import compare
from .columns import ALWAYS, NEVER, Comparable

WIDEST = 16
#: Sub-selects that a database may join as it likes; to find the best order of more takes longer
#: than any order.
JOINED = 8


def condition(term: Filter, adapter: Any) -> Q:
    """Return the Q for a whole filter, of any size. Raises as ``translate`` does."""
    q = translate(term, adapter)
    if _selects(q) <= JOINED:
        return q
    # Behind a CASE every sub-select is run for itself, and none is made a join.
    return Q(Case(When(q, then=True), default=False, output_field=BooleanField()))


def _selects(q: Any) -> int:
    """Return how many sub-selects a Q has."""
    if isinstance(q, Q | Together):
        inner = q.children if isinstance(q, Q) else q.get_source_expressions()
        return sum(map(_selects, inner))
    return int(isinstance(q, tuple) and isinstance(q[1], QuerySet))


def translate(term: Filter, adapter: Any, negated: bool = False) -> Q:
    """Return the Q for ``term``; ``adapter`` knows the mapping of every attribute.

    Raises InvalidFilter for an attribute that is not mapped: dropping it would widen the result.
    """
    match term:
        case And(terms) | Or(terms):
            return join(term, (translate(each, adapter, negated) for each in terms), negated)
        case Not(inner):
            return translate(inner, adapter, not negated)
        case ValueFilter(path) | Comparison(path):
            if path.is_foreign:
                differs = isinstance(term, Comparison) and term.op == "ne"
                return ALWAYS if differs is not negated else NEVER
            if isinstance(term, Comparison) and path.is_schemas:
                return _by_schemas(term, adapter, negated)
            mappings = adapter.declared.mappings_for(path)
            if not mappings:
                raise InvalidFilter(f"{path} cannot be used in a filter here")
            if isinstance(term, ValueFilter) and mappings[0].path.sub is not None:
                return _in_parts(term, mappings, adapter, negated)
            return join(Or(()), (m.where(term, adapter, negated) for m in mappings), negated)
    raise TypeError(term)


def _by_schemas(term: Comparison, adapter: Any, negated: bool) -> Q:
    """Return the Q for a comparison of ``schemas``, which nothing stores.

    Every resource has its type's schema, and that of an extension when it has any part of it.
    """
    schema = adapter.resource_schema
    named = {
        each.id
        for each in schema.schemas
        if term.op == "pr" or compare(term.path.leaf, term.op, each.id, term.value)
    }
    parts = tuple(
        Comparison(mapping.path, "pr")
        for mapping in adapter.declared.mappings
        if mapping.path.is_extension and mapping.path.schema in named
    )
    if schema.schema.id in named:
        return NEVER if negated else ALWAYS
    if not parts:
        return ALWAYS if negated else NEVER
    return translate(Or(parts), adapter, negated)


def _in_parts(term: ValueFilter, mappings: list[Any], adapter: Any, negated: bool) -> Q:
    """Return the Q for brackets after a complex attribute of which each part has a mapping.

    Its one value is there when any part of it is.
    """
    parts = tuple(Comparison(mapping.path, "pr") for mapping in mappings)
    return translate(And((Or(parts), term.term)), adapter, negated)


def translate_element(term: Filter, columns: Mapping[str, Comparable], negated: bool = False) -> Q:
    """Return the Q for what stands in brackets, on the rows that hold the values."""
    match term:
        case And(terms) | Or(terms):
            return join(
                term, (translate_element(each, columns, negated) for each in terms), negated
            )
        case Not(inner):
            return translate_element(inner, columns, not negated)
        case Comparison(path, op, value):
            column = columns.get(path.leaf.name)
            if column is None:
                raise InvalidFilter(f"{path} cannot be used in a filter here")
            return column.test(op, value, negated)
    raise TypeError(term)


def list_condition(
    term: Comparison | ValueFilter,
    columns: Mapping[str, Comparable],
    having: Callable[[Q | None], Q],
    negated: bool,
) -> Q:
    """Return the Q for a term on a multi-valued attribute, of which any value may match.

    ``having`` returns the Q of the resources with a value that meets a condition on the rows;
    None asks for those with any value. Raises InvalidFilter for a sub-attribute without a column.
    """
    if isinstance(term, ValueFilter):
        q = having(translate_element(term.term, columns))
    elif term.op == "pr" and term.path.sub is None:
        q = having(None)
    else:
        column = columns.get(term.path.sub.name if term.path.sub else "value")
        if column is None:
            raise InvalidFilter(f"{term.path} cannot be used in a filter here")
        q = having(column.test(term.op, term.value))
        if term.op == "ne":
            q |= ~having(None)
    return ~q if negated else q


def join(term: And | Or, parts: Iterable[Q], negated: bool) -> Q:
    """Combine by ``and`` or ``or``; under a negation the one becomes the other (De Morgan)."""
    operator = and_ if isinstance(term, And) is not negated else or_
    found = list(parts)
    while len(found) > WIDEST:
        found = [
            Q(Together(reduce(operator, found[start : start + WIDEST])))
            for start in range(0, len(found), WIDEST)
        ]
    return reduce(operator, found)


class Together(Func):
    """A condition in parentheses, which Django leaves as they are.

    Databases count a long chain of conditions as depth: SQLite takes no more than 1,000.
    """

    template = "(%(expressions)s)"
    output_field = BooleanField()
    conditional = True

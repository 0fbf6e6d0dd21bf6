"""Translate a filter into a Q on the links of one resource type (RFC 7644 section 3.4.2.2).

Negation is pushed down to the comparisons, because each mapping can negate its own exactly.
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

#: Conditions in one chain of AND or OR; a longer chain is split.
CHAIN_LENGTH = 16
#: Subqueries that the database may turn into joins. With more of them, planning the order of the
#: joins takes longer than any order would.
JOINABLE = 8


def condition(term: Filter, adapter: Any) -> Q:
    """Return the Q for a whole filter. Raises InvalidFilter, as ``translate`` does."""
    q = translate(term, adapter)
    if _count_subqueries(q) <= JOINABLE:
        return q
    # Within a CASE, databases run each subquery separately instead of joining them.
    return Q(Case(When(q, then=True), default=False, output_field=BooleanField()))


def _count_subqueries(q: Any) -> int:
    if isinstance(q, Q | Parenthesized):
        inner = q.children if isinstance(q, Q) else q.get_source_expressions()
        return sum(map(_count_subqueries, inner))
    return int(isinstance(q, tuple) and isinstance(q[1], QuerySet))


def translate(term: Filter, adapter: Any, negated: bool = False) -> Q:
    """Return the Q for a term or for its negation.

    Raise InvalidFilter for an attribute that the adapter does not map; ignoring the term would
    return resources that do not match.
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
                return _by_sub_attributes(term, mappings, adapter, negated)
            return join(Or(()), (m.where(term, adapter, negated) for m in mappings), negated)
    raise TypeError(term)


def _by_schemas(term: Comparison, adapter: Any, negated: bool) -> Q:
    """Return the Q for a comparison of ``schemas``, which is not stored.

    Every resource has the schema of its type, and the schema of an extension if any attribute of
    the extension is present.
    """
    schema = adapter.resource_schema
    named = {
        each.id
        for each in schema.schemas
        if term.op == "pr" or compare(term.path.leaf, term.op, each.id, term.value)
    }
    present = tuple(
        Comparison(mapping.path, "pr")
        for mapping in adapter.declared.mappings
        if mapping.path.is_extension and mapping.path.schema in named
    )
    if schema.schema.id in named:
        return NEVER if negated else ALWAYS
    if not present:
        return ALWAYS if negated else NEVER
    return translate(Or(present), adapter, negated)


def _by_sub_attributes(term: ValueFilter, mappings: list[Any], adapter: Any, negated: bool) -> Q:
    """Return the Q for a value filter on a complex attribute whose sub-attributes are mapped.

    The attribute has a value if any of its sub-attributes is present.
    """
    present = tuple(Comparison(mapping.path, "pr") for mapping in mappings)
    return translate(And((Or(present), term.term)), adapter, negated)


def translate_element(term: Filter, columns: Mapping[str, Comparable], negated: bool = False) -> Q:
    """Return the Q for the filter within brackets, on the table of the attribute's values.

    Raise InvalidFilter for a sub-attribute that has no column.
    """
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


def join(term: And | Or, conditions: Iterable[Q], negated: bool) -> Q:
    """Combine conditions by ``and`` or ``or``; a negation swaps the two (De Morgan)."""
    operator = and_ if isinstance(term, And) is not negated else or_
    chain = list(conditions)
    while len(chain) > CHAIN_LENGTH:
        chain = [
            Q(Parenthesized(reduce(operator, chain[start : start + CHAIN_LENGTH])))
            for start in range(0, len(chain), CHAIN_LENGTH)
        ]
    return reduce(operator, chain)


class Parenthesized(Func):
    """A condition in parentheses, which Django does not flatten.

    Databases parse a chain of conditions as a nested expression; SQLite allows a depth of 1,000.
    """

    template = "(%(expressions)s)"
    output_field = BooleanField()
    conditional = True

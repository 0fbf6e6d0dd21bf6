"""The nodes of a parsed filter (RFC 7644 section 3.4.2.2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..attributes import AttributePath


@dataclass(frozen=True)
class Comparison:
    """``path op value``, or ``path pr`` without a value.

    A comparison with null is parsed as ``pr`` or its negation (RFC 7643 section 2.5).
    """

    path: AttributePath
    op: str
    value: Any = None


@dataclass(frozen=True)
class And:
    terms: tuple["Filter", ...]


@dataclass(frozen=True)
class Or:
    terms: tuple["Filter", ...]


@dataclass(frozen=True)
class Not:
    term: "Filter"


@dataclass(frozen=True)
class ValueFilter:
    """``path[term]``: a single value of the attribute matches the whole term."""

    path: AttributePath
    term: "Filter"


Filter = Comparison | And | Or | Not | ValueFilter


def equalities(term: Filter) -> Iterator[Comparison]:
    """Yield the comparisons by ``eq`` that everything the filter matches must meet."""
    match term:
        case And(terms):
            for each in terms:
                yield from equalities(each)
        case Comparison(op="eq"):
            yield term


def only_equalities(term: Filter) -> bool:
    """Return whether a filter consists of comparisons by ``eq`` that are combined by ``and``."""
    match term:
        case And(terms):
            return all(map(only_equalities, terms))
        case ValueFilter(_, inner):
            return only_equalities(inner)
    return isinstance(term, Comparison) and term.op == "eq"


def count_comparisons(term: Filter) -> int:
    """Return the number of comparisons in a filter."""
    match term:
        case And(terms) | Or(terms):
            return sum(map(count_comparisons, terms))
        case Not(inner) | ValueFilter(_, inner):
            return count_comparisons(inner)
    return 1


def paths_in(term: Filter) -> Iterator[AttributePath]:
    """Yield the path of every attribute that a filter names."""
    match term:
        case And(terms) | Or(terms):
            for each in terms:
                yield from paths_in(each)
        case Not(inner):
            yield from paths_in(inner)
        case Comparison(path) | ValueFilter(path):
            yield path
            if isinstance(term, ValueFilter):
                yield from paths_in(term.term)

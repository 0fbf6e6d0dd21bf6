"""Filters (RFC 7644 section 3.4.2.2): text to terms, and terms evaluated on a resource."""

from .terms import (
    And,
    Comparison,
    Filter,
    Not,
    Or,
    ValueFilter,
    count_comparisons,
    equalities,
    only_equalities,
    paths_in,
)

__all__ = [
    "And",
    "Comparison",
    "Filter",
    "Not",
    "Or",
    "ValueFilter",
    "count_comparisons",
    "equalities",
    "only_equalities",
    "paths_in",
]

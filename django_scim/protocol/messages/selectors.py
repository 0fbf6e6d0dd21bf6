"""The values that the filter in a PATCH path describes (RFC 7644 section 3.5.2).

``emails[type eq "work" and primary eq true]`` selects values, and also defines the ``type`` and
``primary`` of a value that is created or replaced.
"""

from typing import Any

from ..filters import And, Comparison, Filter
from ..tolerances import Tolerance, Tolerances


def selectors(where: Filter | None) -> dict[str, Any] | None:
    """Return the sub-attributes that a filter compares by ``eq``, joined by ``and``.

    Return None for any other filter, since it does not describe a single value.
    """
    match where:
        case Comparison(path, "eq", value):
            return {path.leaf.name: value}
        case And(terms):
            result: dict[str, Any] = {}
            for term in terms:
                found = selectors(term)
                if found is None:
                    return None
                result |= found
            return result
    return None


def created_value(where: Filter | None, tolerances: Tolerances) -> dict[str, Any] | None:
    """Return the value that an operation creates because its filter selects none.

    Return None if the filter does not describe a value or the profile does not accept this.
    """
    terms = selectors(where)
    if terms is None or not tolerances.permit(Tolerance.CREATE_TARGET):
        return None
    return terms


def kept_selectors(where: Filter | None, tolerances: Tolerances) -> dict[str, Any]:
    """Return the sub-attributes that a replaced value keeps because its filter names them."""
    terms = selectors(where)
    return terms if terms and tolerances.permit(Tolerance.KEEP_SELECTORS) else {}

"""The query parameters of a list (RFC 7644 sections 3.4.2 and 3.9)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..conf import settings
from ..protocol.attributes import AttributePath, ResourceSchema
from ..protocol.errors import InvalidSyntax, InvalidValue
from ..protocol.filters import Limits, parse_filter
from ..protocol.projection import Projection, parse_projection
from ..protocol.tolerances import Tolerance, Tolerances
from ..query.search import Search


def read_search(
    parameters: Mapping[str, str],
    schema: ResourceSchema,
    tolerances: Tolerances,
    others: Sequence[ResourceSchema] = (),
) -> Search:
    """Return what the parameters ask for; unknown ones are ignored.

    ``others`` are the further types that a query at the base covers. Raises InvalidFilter for
    the filter, InvalidValue for any other parameter.
    """
    text = parameters.get("filter")
    limits = Limits(
        settings.MAX_FILTER_LENGTH, settings.MAX_FILTER_DEPTH, settings.MAX_FILTER_TERMS
    )
    order = parameters.get("sortOrder", "ascending").lower()
    if order not in ("ascending", "descending"):
        raise InvalidValue("sortOrder: must be ascending or descending")
    return Search(
        filter=None if text is None else parse_filter(text, schema, tolerances, limits, others),
        sort_by=_sort_by(parameters.get("sortBy"), schema, tolerances, others),
        descending=order == "descending",
        start_index=max(1, _integer(parameters, "startIndex", 1)),
        count=min(
            settings.MAX_PAGE_SIZE, max(0, _integer(parameters, "count", settings.PAGE_SIZE))
        ),
        projection=read_projection(parameters, schema, tolerances),
    )


_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
SEARCH_URN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def search_parameters(body: Any, tolerances: Tolerances) -> dict[str, str]:
    """Return the members of a SearchRequest as the parameters of a GET (RFC 7644 3.4.3).

    Raises InvalidSyntax for a body that is no SearchRequest or a member of the wrong type.
    """
    if not isinstance(body, Mapping):
        raise InvalidSyntax("the body must be a JSON object")
    urns = body.get("schemas")
    if not isinstance(urns, list) or [str(u).lower() for u in urns] != [SEARCH_URN.lower()]:
        raise InvalidSyntax(f"schemas: must be [{SEARCH_URN}]")
    result: dict[str, str] = {}
    for name, kind in _SEARCH_MEMBERS.items():
        value = body.get(name)
        if value is None:
            continue
        is_text = isinstance(value, str) and kind is not str
        if is_text and tolerances.permit(Tolerance.NUMBER_TEXT):
            result[name] = value
        elif not isinstance(value, kind) or isinstance(value, bool):
            raise InvalidSyntax(f"{name}: must be {_KINDS[kind]}")
        else:
            result[name] = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return result


_SEARCH_MEMBERS: dict[str, type] = {
    "filter": str,
    "sortBy": str,
    "sortOrder": str,
    "startIndex": int,
    "count": int,
    "attributes": list,
    "excludedAttributes": list,
}
_KINDS = {str: "a string", int: "an integer", list: "an array"}


def read_projection(
    parameters: Mapping[str, str], schema: ResourceSchema, tolerances: Tolerances
) -> Projection:
    """Return the projection of ``attributes`` and ``excludedAttributes``."""
    wanted, unwanted = (
        [name for name in parameters.get(key, "").split(",") if name.strip()]
        for key in ("attributes", "excludedAttributes")
    )
    return parse_projection(schema, wanted, unwanted, tolerances)


def _integer(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None or text == "":
        return default
    if not _INTEGER.fullmatch(text.strip()):
        raise InvalidValue(f"{name}: must be an integer")
    return int(text)


def _sort_by(
    text: str | None,
    schema: ResourceSchema,
    tolerances: Tolerances,
    others: Sequence[ResourceSchema],
) -> AttributePath | None:
    if not text:
        return None
    path = schema.resolve(text.strip(), tolerances)
    if path is None and any(other.find(text.strip()) for other in others):
        return None
    if path is None:
        raise InvalidValue(f"sortBy: {schema.name} has no attribute {text[:80]!r}")
    if path.attribute.returned == "never":
        raise InvalidValue(f"sortBy: {path} cannot be sorted by")
    return path

"""The query parameters of a list (RFC 7644 sections 3.4.2 and 3.9)."""

from collections.abc import Mapping

from ..conf import settings
from ..protocol.attributes import AttributePath, ResourceSchema
from ..protocol.errors import InvalidValue
from ..protocol.filters import Limits, parse_filter
from ..protocol.projection import Projection, parse_projection
from ..protocol.tolerances import Tolerances
from ..query.search import Search


def read_search(
    parameters: Mapping[str, str], schema: ResourceSchema, tolerances: Tolerances
) -> Search:
    """Return what the parameters ask for; unknown ones are ignored.

    Raises InvalidFilter for the filter, InvalidValue for any other parameter.
    """
    text = parameters.get("filter")
    limits = Limits(
        settings.MAX_FILTER_LENGTH, settings.MAX_FILTER_DEPTH, settings.MAX_FILTER_TERMS
    )
    order = parameters.get("sortOrder", "ascending").lower()
    if order not in ("ascending", "descending"):
        raise InvalidValue("sortOrder: must be ascending or descending")
    return Search(
        filter=None if text is None else parse_filter(text, schema, tolerances, limits),
        sort_by=_sort_by(parameters.get("sortBy"), schema),
        descending=order == "descending",
        start_index=max(1, _integer(parameters, "startIndex", 1)),
        count=min(
            settings.MAX_PAGE_SIZE, max(0, _integer(parameters, "count", settings.PAGE_SIZE))
        ),
        projection=read_projection(parameters, schema),
    )


def read_projection(parameters: Mapping[str, str], schema: ResourceSchema) -> Projection:
    """Return the projection of ``attributes`` and ``excludedAttributes``."""
    wanted, unwanted = (
        [name for name in parameters.get(key, "").split(",") if name.strip()]
        for key in ("attributes", "excludedAttributes")
    )
    return parse_projection(schema, wanted, unwanted)


def _integer(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name)
    if text is None or text == "":
        return default
    digits = text.strip().lstrip("+-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        raise InvalidValue(f"{name}: must be an integer")
    return int(text)


def _sort_by(text: str | None, schema: ResourceSchema) -> AttributePath | None:
    if not text:
        return None
    path = schema.find(text.strip()) or schema.find_in_extensions(text.strip())
    if path is None:
        raise InvalidValue(f"sortBy: {schema.name} has no attribute {text[:80]!r}")
    if path.attribute.returned == "never":
        raise InvalidValue(f"sortBy: {path} cannot be sorted by")
    return path

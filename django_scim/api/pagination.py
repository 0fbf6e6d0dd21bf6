"""Lists of resources: parse query parameters, and return one page.

RFC 7644 sections 3.4.2 and 3.9, and RFC 9865 for pagination by cursor.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import router

from ..adapters.reading.plan import pop_version
from ..conf import settings
from ..protocol.attributes import AttributePath
from ..protocol.errors import InvalidCount, InvalidValue, ScimError, Sensitive
from ..protocol.filters import Filter, paths_in
from ..protocol.filters.parser import Limits, parse_filter
from ..protocol.messages.responses import list_response
from ..protocol.messages.search import NAMES, url_parameters
from ..protocol.projection import Projection, parse_projection
from ..protocol.resource_schema import ResourceSchema
from ..protocol.tolerances import Tolerances
from ..query.search import Search, search
from ..query.timeout import limited_reads
from .http.cursors import read_cursor, write_cursor


def read_parameters(view: Any) -> dict[str, str]:
    """Return the parameters in the URL of a view's request. Raise InvalidValue for a wrong one."""
    given, query = view.request.query_params, view.request.META.get("QUERY_STRING", "")
    is_plain = all(
        name in NAMES and len(values) == 1 and values[0] for name, values in given.lists()
    )
    if is_plain and not ("+" in query and "%20" in query):
        return {name: values[0] for name, values in given.lists()}
    return url_parameters(given.lists(), query, view.tolerances)


def page(
    view: Any, adapters: Sequence[Any], parameters: Mapping[str, str] | None
) -> dict[str, Any]:
    """Return the ListResponse to a query on the resources of some resource types.

    The parameters are read from the URL unless ``parameters`` contains those of a body.

    Raise a ScimError if a parameter is invalid.
    """
    in_url = parameters is None
    if parameters is None:
        parameters = read_parameters(view)
    schemas = [adapter.resource_schema for adapter in adapters]
    queries = [read_search(parameters, each, view.tolerances, schemas, in_url) for each in schemas]
    connection = view.token.connection
    if after := read_cursor(parameters.get("cursor", ""), connection, queries):
        queries = [replace(query, after=after) for query in queries]
    with limited_reads(router.db_for_read(adapters[0].link)):
        result = search(list(zip(adapters, queries, strict=True)))
    for resource in result.resources:
        pop_version(resource)
    if not queries[0].by_cursor:
        return list_response(result.resources, result.total, queries[0].start_index)
    next_cursor = result.position and write_cursor(result.position, connection, queries)
    return list_response(result.resources, result.total, None, next_cursor or "")


def read_search(
    parameters: Mapping[str, str],
    schema: ResourceSchema,
    tolerances: Tolerances,
    schemas: Sequence[ResourceSchema],
    in_url: bool = True,
) -> Search:
    """Return the search of one resource type for these parameters. Ignore unknown parameters.

    ``schemas`` are the schemas of all types that the query covers. Raise InvalidFilter for an
    invalid filter, Sensitive for a filter that must not be in a URL, InvalidCount for an invalid
    count with a cursor, and InvalidValue for any other invalid parameter.
    """
    others = [other for other in schemas if other is not schema]
    by_cursor = "cursor" in parameters
    if by_cursor and not tolerances.profile.offers_cursors:
        raise InvalidValue("cursor: this connection has no pages by cursor; use startIndex")
    if by_cursor and "startIndex" in parameters:
        raise InvalidValue("startIndex: cannot be combined with cursor; send only one of them")
    order = parameters.get("sortOrder", "ascending").lower()
    if order not in ("ascending", "descending"):
        raise InvalidValue("sortOrder: must be ascending or descending")
    sort_by = _sort_by(parameters.get("sortBy"), schema, tolerances, others)
    count_error = InvalidCount if by_cursor else InvalidValue
    count = _integer(parameters, "count", settings.PAGE_SIZE, count_error)
    is_paged = by_cursor or "count" in parameters or "startIndex" in parameters
    return Search(
        filter=_filter(parameters.get("filter"), schema, tolerances, others, in_url),
        sort_by=sort_by,
        descending=sort_by is not None and order == "descending",
        start_index=max(1, _integer(parameters, "startIndex", 1)),
        count=min(settings.MAX_PAGE_SIZE, max(0, count)),
        projection=read_projection(parameters, schema, tolerances),
        limit=0 if is_paged else settings.MAX_RESULTS,
        by_cursor=by_cursor,
    )


def _filter(
    text: str | None,
    schema: ResourceSchema,
    tolerances: Tolerances,
    others: Sequence[ResourceSchema],
    in_url: bool,
) -> Filter | None:
    """Return the parsed filter, or None. Raise InvalidFilter, or Sensitive if ``in_url``."""
    if text is None:
        return None
    limits = Limits(
        settings.MAX_FILTER_LENGTH,
        settings.MAX_FILTER_DEPTH,
        settings.MAX_FILTER_TERMS,
        settings.MAX_FILTER_VALUE_TERMS,
    )
    term = parse_filter(text, schema, tolerances, limits, others)
    if in_url and settings.SENSITIVE_FILTERS:
        paths = (_find(schema, name) for name in settings.SENSITIVE_FILTERS)
        sensitive = {str(path) for path in paths if path is not None}
        for path in paths_in(term):
            if sensitive & {str(path), path.name}:
                raise Sensitive(f"{path}: filters on it must not be in a URL; use POST /.search")
    return term


_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)


def read_projection(
    parameters: Mapping[str, str], schema: ResourceSchema, tolerances: Tolerances
) -> Projection:
    """Return the projection for ``attributes`` and ``excludedAttributes``."""
    wanted, unwanted = (
        [name for name in parameters.get(key, "").split(",") if name.strip()]
        for key in ("attributes", "excludedAttributes")
    )
    return parse_projection(schema, wanted, unwanted, tolerances)


def _integer(
    parameters: Mapping[str, str],
    name: str,
    default: int,
    error: type[ScimError] = InvalidValue,
) -> int:
    """Return an integer parameter, or the default. Raise ``error`` for another value."""
    text = parameters.get(name)
    if text is None or text == "":
        return default
    if not _INTEGER.fullmatch(text.strip()):
        raise error(f"{name}: must be an integer")
    return int(text)


def _sort_by(
    text: str | None,
    schema: ResourceSchema,
    tolerances: Tolerances,
    others: Sequence[ResourceSchema],
) -> AttributePath | None:
    """Return the attribute to sort by, or None. Raise InvalidValue if no type has it.

    If only another resource type has the attribute, the path is marked as foreign.
    """
    if not text:
        return None
    name = text.strip()
    path = schema.resolve(name, tolerances)
    if path is None:
        foreign = (each.resolve(name, tolerances) for each in others)
        path = next((replace(found, is_foreign=True) for found in foreign if found), None)
    if path is None:
        raise InvalidValue(f"sortBy: {schema.name} has no attribute {text[:80]!r}")
    if path.attribute.returned == "never":
        raise InvalidValue(f"sortBy: resources cannot be sorted by {path}")
    return path


def _find(schema: ResourceSchema, name: str) -> AttributePath | None:
    return schema.find(name) or schema.find_in_extensions(name)

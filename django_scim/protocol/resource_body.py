"""The attributes in a JSON object that a client sent, found in the schemas and coerced.

One walk serves the body of POST and PUT and the path-less value of PATCH: it opens extension
blocks, matches names without regard to case, and refuses what is given twice.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .attributes import AttributePath, ResourceSchema
from .errors import InvalidPath, InvalidSyntax, InvalidValue
from .tolerances import Tolerance, Tolerances, mend_urn
from .values import coerce, is_empty


def entries(
    body: Mapping[str, Any],
    schema: ResourceSchema,
    tolerances: Tolerances,
    *,
    path_keys: bool = False,
) -> Iterator[tuple[AttributePath, Any]]:
    """Yield (path, raw value) for each attribute in ``body``.

    With ``path_keys`` a key may also be a path with a dot or a URN, as PATCH values have it.
    Raises InvalidSyntax for an attribute given twice and, where the profile does not ignore
    them, for unknown ones; InvalidPath for an unknown path key.
    """
    seen: set[str] = set()
    for key, value in body.items():
        for path, each in _entry(key, value, schema, tolerances, path_keys):
            if str(path) in seen:
                raise InvalidSyntax(f"{path}: given twice")
            seen.add(str(path))
            yield path, each


def _entry(
    key: str, value: Any, schema: ResourceSchema, tolerances: Tolerances, path_keys: bool
) -> Iterator[tuple[AttributePath, Any]]:
    mended = mend_urn(key, tolerances)
    extension = schema.by_urn(mended)
    if extension is not None:
        if is_empty(value):
            return
        if not isinstance(value, Mapping):
            raise InvalidValue(f"{key}: must be an object")
        for name, each in value.items():
            path = schema.find(f"{extension.id}:{name}")
            if path is None or (path.sub and not path_keys):
                _refuse_unknown(f"{extension.id}:{name}", tolerances, path_keys)
            else:
                yield path, each
        return
    path = schema.find(mended)
    is_plain = path is not None and path.sub is None and not path.is_extension and ":" not in mended
    if path is not None and (is_plain or (path_keys and tolerances.permit(Tolerance.PATH_KEYS))):
        yield path, value
        return
    bare = schema.find_in_extensions(mended) if path is None else None
    if bare is not None and not is_empty(value) and tolerances.permit(Tolerance.BARE_EXTENSION):
        yield bare, value
        return
    _refuse_unknown(key, tolerances, path_keys)


def _refuse_unknown(key: str, tolerances: Tolerances, path_keys: bool) -> None:
    if not tolerances.permit(Tolerance.UNKNOWN_ATTRIBUTE):
        raise (InvalidPath if path_keys else InvalidSyntax)(f"{key}: no such attribute")


def check_schemas(body: Mapping[str, Any], schema: ResourceSchema, tolerances: Tolerances) -> None:
    """Raise InvalidSyntax unless ``schemas`` is as RFC 7643 section 3 wants it."""
    named = next((value for key, value in body.items() if key.lower() == "schemas"), None)
    if not isinstance(named, list) or not named or not all(isinstance(n, str) for n in named):
        raise InvalidSyntax(f"schemas: must be an array with {schema.schema.id}")
    lowered = [mend_urn(name, tolerances).lower() for name in named]
    if len(set(lowered)) < len(lowered):
        raise InvalidSyntax("schemas: a URN is given twice")
    for name, mended in zip(named, lowered, strict=True):
        if schema.by_urn(mended) is None and not tolerances.permit(Tolerance.UNKNOWN_SCHEMA):
            raise InvalidSyntax(f"schemas: {schema.name} has no schema {name}")
    if schema.schema.id.lower() not in lowered:
        raise InvalidSyntax(f"schemas: {schema.schema.id} is missing")
    for urn in schema.required_extensions:
        if urn.lower() not in {key.lower() for key in body}:
            raise InvalidValue(f"{urn}: this extension is required")


def read_resource(
    body: Any, schema: ResourceSchema, tolerances: Tolerances
) -> dict[AttributePath, Any]:
    """Return what a POST or PUT body assigns: attribute to value, None where it unassigns.

    What the server alone writes is left out (RFC 7644 3.3, 3.5.1). Raises InvalidSyntax for a
    body that is no resource of this type, InvalidValue for a value that does not fit or a
    required one that is missing.
    """
    if not isinstance(body, Mapping):
        raise InvalidSyntax("the body must be a JSON object")
    check_schemas(body, schema, tolerances)
    result = {
        path: coerce(path.attribute, value, str(path), tolerances)
        for path, value in entries(body, schema, tolerances)
        if path.attribute.mutability != "readOnly" and path.attribute.name != "schemas"
    }
    given = {str(path) for path, value in result.items() if value is not None}
    for path in schema.required:
        if str(path) not in given:
            raise InvalidValue(f"{path}: is required")
    return result

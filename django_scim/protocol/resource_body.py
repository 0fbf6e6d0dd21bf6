"""Reads the attributes of a JSON object that a client sent.

The body of a POST or PUT and the value of a PATCH without a path are read by the same code: it
looks into extensions, ignores the case of names, and rejects an attribute that is given twice.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .attributes import AttributePath
from .errors import InvalidPath, InvalidSyntax, InvalidValue, ScimError
from .resource_schema import ResourceSchema
from .tolerances import Tolerance, Tolerances, mend_urn
from .values import coerce, ignore_unknown, is_empty


def entries(
    body: Mapping[str, Any],
    schema: ResourceSchema,
    tolerances: Tolerances,
    *,
    path_keys: bool = False,
) -> Iterator[tuple[AttributePath, Any]]:
    """Yield the path and the JSON value of each attribute in ``body``.

    With ``path_keys`` a key can also be a path with a dot or a URN, as in the value of a PATCH.

    Raises InvalidSyntax for an attribute that is given twice, InvalidValue for an extension that
    is not an object, and InvalidSyntax (with ``path_keys`` InvalidPath) for an unknown attribute,
    unless the profile ignores those.
    """
    seen: set[AttributePath] = set()
    for key, value in body.items():
        for path, each in _entry(key, value, schema, tolerances, path_keys):
            if path in seen:
                raise InvalidSyntax(f"{path}: is given twice")
            seen.add(path)
            yield path, each


def _entry(
    key: str, value: Any, schema: ResourceSchema, tolerances: Tolerances, path_keys: bool
) -> Iterator[tuple[AttributePath, Any]]:
    unknown = InvalidPath if path_keys else InvalidSyntax
    name, path = key, schema.find(key)
    if path is None:
        name = mend_urn(key, tolerances)
        extension = schema.by_urn(name)
        if extension is not None:
            yield from _extension(extension.id, key, value, schema, tolerances, path_keys)
            return
        path = schema.find(name)
    if path is None:
        bare = None if is_empty(value) else schema.find_bare(name, tolerances)
        if bare is None:
            ignore_unknown(key, tolerances, unknown)
        else:
            yield bare, value
        return
    is_plain = path.sub is None and not path.is_extension and ":" not in name
    if is_plain or (path_keys and tolerances.permit(Tolerance.PATH_KEYS)):
        yield path, value
    else:
        ignore_unknown(key, tolerances, unknown)


def _extension(
    urn: str,
    key: str,
    value: Any,
    schema: ResourceSchema,
    tolerances: Tolerances,
    path_keys: bool,
) -> Iterator[tuple[AttributePath, Any]]:
    """Yield the attributes in the object that stands under the URN of a schema."""
    if is_empty(value):
        return
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{key}: must be an object")
    for name, each in value.items():
        path = schema.find(f"{urn}:{name}")
        if path is None or (path.sub and not path_keys):
            unknown = InvalidPath if path_keys else InvalidSyntax
            ignore_unknown(f"{urn}:{name}", tolerances, unknown)
        else:
            yield path, each


def check_schemas(body: Mapping[str, Any], schema: ResourceSchema, tolerances: Tolerances) -> None:
    """Check ``schemas`` and the required extensions of a resource (RFC 7643 section 3).

    Raises InvalidSyntax for a wrong list of URNs, InvalidValue for a missing extension.
    """
    core = schema.schema.id
    given = next((value for key, value in body.items() if key.lower() == "schemas"), None)
    if not isinstance(given, list) or not given or not all(isinstance(n, str) for n in given):
        raise InvalidSyntax(f"schemas: must be an array of URNs, among them {core}")
    urns = [mend_urn(urn, tolerances).lower() for urn in given]
    if len(set(urns)) < len(urns):
        raise InvalidSyntax("schemas: must not contain a URN twice")
    for urn in given:
        check_urn(urn, schema, tolerances)
    if core.lower() not in urns:
        raise InvalidSyntax(f"schemas: must contain {core}")
    for urn in schema.required_extensions:
        if urn.lower() not in {key.lower() for key in body}:
            raise InvalidValue(f"{urn}: is a required extension")


def check_urn(
    urn: str,
    schema: ResourceSchema,
    tolerances: Tolerances,
    error: type[ScimError] = InvalidSyntax,
) -> None:
    """Raise ``error`` for a URN of no schema of the type, unless the profile accepts any URN."""
    is_known = schema.by_urn(mend_urn(urn, tolerances)) is not None
    if not is_known and not tolerances.permit(Tolerance.UNKNOWN_SCHEMA):
        raise error(f"schemas: {schema.name} has no schema {urn[:80]}")


def read_resource(
    body: Any, schema: ResourceSchema, tolerances: Tolerances
) -> dict[AttributePath, Any]:
    """Return the values that the body of a POST or PUT assigns, None where it unassigns one.

    Read-only attributes are left out (RFC 7644 sections 3.3 and 3.5.1).

    Raises InvalidSyntax for a body that is not a resource of this type, InvalidValue for a value
    that does not fit its attribute or a required one that is missing.
    """
    if not isinstance(body, Mapping):
        raise InvalidSyntax("the body must be a JSON object")
    check_schemas(body, schema, tolerances)
    result = {
        path: coerce(path.attribute, value, path.full_name, tolerances)
        for path, value in entries(body, schema, tolerances)
        if path.attribute.mutability != "readOnly" and path.attribute.name != "schemas"
    }
    for path in schema.required:
        if result.get(path) is None:
            raise InvalidValue(f"{path}: is required")
    return result

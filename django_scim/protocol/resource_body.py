"""Reads the attributes of a JSON object that a client sent.

The body of a POST or PUT and the value of a PATCH without a path are read by the same code: it
looks into extensions, ignores the case of names, and rejects an attribute that is given twice.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from .attributes import AttributePath
from .embedded_json import json_in
from .errors import (
    IncompleteResource,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    MalformedMessage,
    ScimError,
    all_in_one,
)
from .resource_schema import ResourceSchema, takes_core_urn
from .tolerances import Tolerance, Tolerances, mend_urn
from .values import coerce, ignore_unknown, is_empty, only_element


def entries(
    body: Mapping[str, Any],
    schema: ResourceSchema,
    tolerances: Tolerances,
    errors: list[ScimError],
    *,
    path_keys: bool = False,
) -> Iterator[tuple[AttributePath, Any]]:
    """Yield the path and the JSON value of each attribute in ``body``.

    With ``path_keys`` a key can also be a path with a dot or a URN, as in the value of a PATCH.

    Adds to ``errors`` InvalidSyntax for an attribute that is given twice, InvalidValue for an
    extension that is not an object, and InvalidSyntax (with ``path_keys`` InvalidPath) for an
    unknown attribute, unless the profile ignores those.
    """
    seen: set[AttributePath] = set()
    for key, value in body.items():
        try:
            for path, each in _entry(key, value, schema, tolerances, errors, path_keys):
                if path in seen:
                    errors.append(_given_twice(path))
                    continue
                seen.add(path)
                yield path, each
        except ScimError as error:
            errors.append(error)


def _given_twice(path: AttributePath) -> InvalidSyntax:
    """Return the error for an attribute that a body contains twice, in different spelling."""
    error = InvalidSyntax(f"{path}: is given twice")
    error.paths = frozenset({path})
    return error


def _entry(
    key: str,
    value: Any,
    schema: ResourceSchema,
    tolerances: Tolerances,
    errors: list[ScimError],
    path_keys: bool,
) -> Iterator[tuple[AttributePath, Any]]:
    unknown = InvalidPath if path_keys else InvalidSyntax
    name, path = key, schema.find(key)
    if path is None:
        name = mend_urn(key, tolerances)
        whole = schema.by_urn(name)
        if whole is not None:
            if not schema.is_extension(whole) and not takes_core_urn(tolerances):
                raise unknown(f"{key}: is the URN of the resource itself, not of an extension")
            yield from _extension(whole.id, key, value, schema, tolerances, errors, path_keys)
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
    if is_plain or (path_keys and takes_path_keys(tolerances)):
        yield path, value
    else:
        ignore_unknown(key, tolerances, unknown)


def _extension(
    urn: str,
    key: str,
    value: Any,
    schema: ResourceSchema,
    tolerances: Tolerances,
    errors: list[ScimError],
    path_keys: bool,
) -> Iterator[tuple[AttributePath, Any]]:
    """Yield the attributes in the object that stands under the URN of a schema.

    In a PATCH, an empty object unassigns all of them.
    """
    value = _object(key, value, tolerances)
    if is_empty(value):
        extension = schema.by_urn(urn)
        assert extension is not None
        if path_keys and schema.is_extension(extension):
            for attribute in extension.attributes:
                yield AttributePath(extension.id, attribute, None, True), None
        return
    for name, each in value.items():
        path = schema.find(f"{urn}:{name}")
        if path is None or (path.sub and not path_keys):
            unknown = InvalidPath if path_keys else InvalidSyntax
            try:
                ignore_unknown(f"{urn}:{name}", tolerances, unknown)
            except ScimError as error:
                errors.append(error)
        else:
            yield path, each


def _object(key: str, value: Any, tolerances: Tolerances) -> Any:
    """Return the object under the URN of a schema, or an empty value. Raises InvalidValue."""
    value = json_in(only_element(value, tolerances), key, tolerances)
    if not isinstance(value, Mapping) and not is_empty(value):
        raise InvalidValue(f"{key}: must be an object")
    return value


def takes_path_keys(tolerances: Tolerances) -> bool:
    """Return whether the keys of a PATCH without a path can be paths."""
    return tolerances.permit(Tolerance.PATH_KEYS)


def takes_loose_schemas(tolerances: Tolerances) -> bool:
    """Return whether the profile accepts ``schemas`` that are missing, repeated or old."""
    return tolerances.permit(Tolerance.LOOSE_SCHEMAS)


_MESSAGES = "urn:ietf:params:scim:api:messages:"
_RESOURCES = "urn:ietf:params:scim:schemas:core:2.0:"
_OLD = "urn:scim:schemas:"  # SCIM 1.1


def names_other_message(urns: Any, expected: str) -> bool:
    """Return whether ``schemas`` is malformed, or names another message or resource type.

    Otherwise, the URL and the method determine the type of the body.
    """
    listed = urns if isinstance(urns, list) else [] if is_empty(urns) else [urns]
    return any(
        not isinstance(urn, str)
        or (urn.lower() != expected.lower() and urn.lower().startswith((_MESSAGES, _RESOURCES)))
        for urn in listed
    )


def check_schemas(body: Mapping[str, Any], schema: ResourceSchema, tolerances: Tolerances) -> None:
    """Check ``schemas`` and the required extensions of a resource (RFC 7643 section 3).

    Raise InvalidSyntax for a wrong list of URNs, InvalidValue for a missing extension.
    """
    core = schema.schema.id
    given = next((value for key, value in body.items() if key.lower() == "schemas"), None)
    listed: list[Any] = given if isinstance(given, list) else [] if is_empty(given) else [given]
    if not all(isinstance(urn, str) for urn in listed):
        raise InvalidSyntax(f"schemas: must be an array of URNs, among them {core}")
    urns = [mend_urn(urn, tolerances).lower() for urn in listed]
    if len(set(urns)) < len(urns) and not takes_loose_schemas(tolerances):
        raise InvalidSyntax("schemas: must not contain a URN twice")
    is_array = isinstance(given, list) and bool(given)
    is_tolerated = (is_array and core.lower() in urns) or (
        not names_other_message(given, core) and takes_loose_schemas(tolerances)
    )
    if not is_array and not is_tolerated:
        raise InvalidSyntax(f"schemas: must be an array of URNs, among them {core}")
    for urn in listed:
        check_urn(urn, schema, tolerances)
    if not is_tolerated:
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
    if schema.by_urn(mend_urn(urn, tolerances)) is not None:
        return
    if urn.lower().startswith(_OLD) and takes_loose_schemas(tolerances):
        return
    if not tolerances.permit(Tolerance.UNKNOWN_SCHEMA):
        raise error(f"schemas: {schema.name} has no schema {urn[:80]}")


def read_resource(
    body: Any,
    schema: ResourceSchema,
    tolerances: Tolerances,
    errors: list[ScimError] | None = None,
) -> dict[AttributePath, Any]:
    """Return the values that the body of a POST or PUT assigns, None where it unassigns one.

    Read-only attributes are left out (RFC 7644 sections 3.3 and 3.5.1).

    Raise InvalidSyntax for a body that is not a resource of this type, InvalidValue for a value
    that does not fit its attribute or a required one that is missing. One error names all wrong
    attributes; with a list ``errors``, they are added to it instead.
    """
    if not isinstance(body, Mapping):
        raise MalformedMessage("the body must be a JSON object")
    found: list[ScimError] = []
    try:
        check_schemas(body, schema, tolerances)
    except ScimError as error:
        found.append(error)
    result: dict[AttributePath, Any] = {}
    wrong: set[AttributePath] = set()
    for path, value in entries(body, schema, tolerances, found):
        if path.attribute.mutability == "readOnly" or path.attribute.name == "schemas":
            continue
        try:
            result[path] = coerce(path.attribute, value, path.full_name, tolerances)
        except ScimError as error:
            error.paths |= {path}
            wrong.add(path)
            found.append(error)
    for path in schema.required:
        if result.get(path) is None and path not in wrong:
            kind = InvalidValue if path in result else IncompleteResource
            found.append(kind(f"{path}: is required"))
    if errors is not None:
        errors += found
    elif found:
        raise all_in_one(found)
    return result

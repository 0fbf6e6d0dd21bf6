"""Parses a PatchOp message into operations (RFC 7644 section 3.5.2).

Every parsed operation has the path of a single attribute and a converted value: an operation
without a path becomes one operation for each attribute in its value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..attributes import AttributePath, Schema
from ..errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget, ScimError
from ..filters import Filter
from ..json_parser import parse_json
from ..paths import PatchPath, parse_path
from ..resource_body import check_urn, entries
from ..resource_schema import ResourceSchema
from ..tolerances import Tolerance, Tolerances
from ..values import EMPTY, coerce, coerce_one, has_values
from .envelope import read_members, read_message

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MAX_OPERATIONS = 1_000


@dataclass(frozen=True)
class Operation:
    """A change of one attribute: ``op`` is "add", "replace" or "remove".

    ``where`` is the filter that selects values of a multi-valued attribute. A "remove" has a value
    only if the client lists the values to remove.
    """

    op: str
    path: AttributePath
    where: Filter | None = None
    value: Any = None


def parse_patch(
    body: Any,
    schema: ResourceSchema,
    tolerances: Tolerances,
    resource_id: str,
    max_operations: int = MAX_OPERATIONS,
) -> list[Operation]:
    """Return the operations of a PatchOp message in the order in which they apply.

    Raises InvalidSyntax for a body that is not a PatchOp message, and InvalidSyntax, InvalidPath,
    InvalidFilter, InvalidValue, NoTarget or Mutability for an error in one of its operations.
    """
    operations = read_message(body, PATCH_URN).get("operations")
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax("Operations: must be an array of at least one operation")
    if len(operations) > max_operations:
        raise InvalidSyntax(f"Operations: must not be more than {max_operations} operations")
    return [
        operation
        for index, each in enumerate(operations)
        for operation in _operations(each, f"Operations[{index}]", schema, tolerances, resource_id)
    ]


def _operations(
    data: Any, where: str, schema: ResourceSchema, tolerances: Tolerances, resource_id: str
) -> Iterator[Operation]:
    members = read_members(data, where)
    op = members.get("op")
    if not isinstance(op, str) or op.lower() not in ("add", "remove", "replace"):
        raise InvalidSyntax(f"{where}.op: must be add, remove or replace")
    op = op.lower()
    text = members.get("path")
    if text is not None and not isinstance(text, str):
        raise InvalidPath(f"{where}.path: must be a string")
    if op == "remove" and not text:
        raise NoTarget(f"{where}.path: is required with remove")
    if op != "remove" and "value" not in members:
        raise InvalidValue(f"{where}.value: is required with {op}")
    value = members.get("value")
    if not text:
        yield from _without_path(op, value, where, schema, tolerances, resource_id)
        return
    try:
        target = parse_path(text, schema, tolerances)
    except ScimError as error:
        error.detail = f"{where}.path: {error.detail}"
        raise
    if target.extension is not None:
        yield from _whole_extension(op, target.extension, value, schema, tolerances, resource_id)
        return
    assert target.path is not None
    if target.path.attribute.name == "schemas":
        _check_schemas(op, value, schema, tolerances)
    else:
        yield from _operation(op, target, value, tolerances)


def _check_schemas(op: str, value: Any, schema: ResourceSchema, tolerances: Tolerances) -> None:
    """Check a change of ``schemas``, which has no effect because the list follows from the data."""
    if op == "remove":
        raise Mutability("schemas: is required and cannot be removed")
    for urn in value if isinstance(value, list) else [value]:
        if not isinstance(urn, str):
            raise InvalidValue("schemas: must be an array of URNs")
        check_urn(urn, schema, tolerances, InvalidValue)


def _without_path(
    op: str,
    value: Any,
    where: str,
    schema: ResourceSchema,
    tolerances: Tolerances,
    resource_id: str,
) -> Iterator[Operation]:
    """Yield an operation for each attribute in the value of an operation without a path."""
    if isinstance(value, str) and tolerances.permit(Tolerance.JSON_TEXT):
        try:
            value = parse_json(value, f"{where}.value")
        except InvalidSyntax as error:
            raise InvalidValue(error.detail) from None
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{where}.value: must be an object of attributes, as there is no path")
    for path, each in entries(value, schema, tolerances, path_keys=True):
        if path.attribute.name == "id" and each != resource_id:
            raise Mutability("id: is assigned by the server and cannot change")
        if path.leaf.mutability == "readOnly" or path.attribute.mutability == "readOnly":
            continue  # clients send back what they have read
        if path.attribute.name != "schemas":
            yield from _operation(op, PatchPath(path), each, tolerances)


def _whole_extension(
    op: str,
    extension: Schema,
    value: Any,
    schema: ResourceSchema,
    tolerances: Tolerances,
    resource_id: str,
) -> Iterator[Operation]:
    if op == "remove":
        for attribute in extension.attributes:
            if attribute.mutability != "readOnly":
                yield Operation("remove", AttributePath(extension.id, attribute, None, True))
        return
    body = {extension.id: value}
    yield from _without_path(op, body, extension.id, schema, tolerances, resource_id)


def _operation(
    op: str, target: PatchPath, value: Any, tolerances: Tolerances
) -> Iterator[Operation]:
    """Yield the operation, or none if a client cannot write any part of the value."""
    path, where = target.path, target.where
    assert path is not None
    attribute, leaf = path.attribute, path.leaf
    if "readOnly" in (attribute.mutability, leaf.mutability):
        raise Mutability(f"{path}: is read-only")
    if path.sub is not None and leaf.mutability == "immutable" and attribute.multi_valued:
        raise Mutability(f"{path}: is immutable; remove the whole value and add another")
    if path.sub is not None and attribute.multi_valued and where is None and op != "replace":
        example = f'{path.name}[value eq "..."].{leaf.name}'
        raise InvalidPath(f"{path}: must select the values to change, as in {example}")
    if op == "remove":
        yield _removal(path, where, value, tolerances)
        return
    has_parts = leaf.is_complex and not attribute.multi_valued and isinstance(value, Mapping)
    if has_parts:
        yield from (Operation("remove", part) for part in _unassigned_parts(path, value))
    cleaned = None if value in EMPTY else _cleaned(target, value, tolerances)
    if cleaned is not None:
        yield Operation(op, path, where, cleaned)
    elif attribute.multi_valued and op == "add" and path.sub is None:
        yield Operation("add", path, where, {} if where else [])
    elif value in EMPTY or not (has_parts or has_values(value)):
        yield _removal(path, where, None, tolerances)


def _unassigned_parts(path: AttributePath, value: Mapping[str, Any]) -> Iterator[AttributePath]:
    """Yield the sub-attributes that the value of a complex attribute sets to null.

    Those that it does not name stay as they are.
    """
    for key, each in value.items():
        part = path.parts.get(key.lower())
        if part is not None and each in EMPTY and part.leaf.mutability != "readOnly":
            yield part


def _cleaned(target: PatchPath, value: Any, tolerances: Tolerances) -> Any:
    """Return the converted value of an operation, or None if a client can write none of it."""
    path = target.path
    assert path is not None
    attribute = path.attribute
    if path.sub is not None or not attribute.multi_valued:
        return coerce(path.leaf, value, path.full_name, tolerances, partial=True)
    if target.where is None:
        items = value if isinstance(value, list) else [value]
        return coerce(attribute, items, path.full_name, tolerances)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return coerce_one(attribute, value, path.full_name, tolerances, partial=True)


def _removal(
    path: AttributePath, where: Filter | None, value: Any, tolerances: Tolerances
) -> Operation:
    if path.leaf.required and where is None and path.sub is None:
        raise Mutability(f"{path}: is required and cannot be removed")
    is_listed = value not in (None, "")  # an empty list removes no value, instead of all
    if not is_listed or where is not None or not path.attribute.multi_valued:
        return Operation("remove", path, where)
    if not tolerances.permit(Tolerance.LISTED_REMOVAL):
        example = f'{path}[value eq "..."]'
        raise InvalidSyntax(f"{path}: must select the values to remove, as in {example}")
    items = value if isinstance(value, list) else [value]
    return Operation(
        "remove", path, None, coerce(path.attribute, items, path.full_name, tolerances) or []
    )

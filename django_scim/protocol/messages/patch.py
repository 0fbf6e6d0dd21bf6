"""A PatchOp body to typed operations (RFC 7644 section 3.5.2).

Paths are resolved, values coerced, and operations without a path split into one for each
attribute, so that whoever applies them meets one form only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..attributes import AttributePath, ResourceSchema, Schema
from ..errors import InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget
from ..filters import Filter
from ..json_parser import parse_json
from ..paths import PatchPath, parse_path
from ..resource_body import entries
from ..tolerances import Tolerance, Tolerances, mend_urn
from ..values import coerce, coerce_one, is_empty, says_something

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MAX_OPERATIONS = 1_000


@dataclass(frozen=True)
class Operation:
    """One change: ``op`` is add, replace or remove; ``value`` is coerced.

    A remove has a value only where a client lists the elements to take away.
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
    """Return the operations of a PatchOp body in their order.

    Raises InvalidSyntax for a body that is no PatchOp, InvalidPath, InvalidFilter,
    InvalidValue, NoTarget or Mutability for what is wrong in one of its operations.
    """
    if not isinstance(body, Mapping):
        raise InvalidSyntax("the body must be a JSON object")
    keys = {key.lower(): value for key, value in body.items()}
    urns = keys.get("schemas")
    if not isinstance(urns, list) or [str(urn).lower() for urn in urns] != [PATCH_URN.lower()]:
        raise InvalidSyntax(f"schemas: must be [{PATCH_URN}]")
    operations = keys.get("operations")
    if not isinstance(operations, list) or not operations:
        raise InvalidSyntax("Operations: must be an array of at least one operation")
    if len(operations) > max_operations:
        raise InvalidSyntax(f"Operations: more than {max_operations} operations")
    return [
        operation
        for index, each in enumerate(operations)
        for operation in _operations(each, f"Operations[{index}]", schema, tolerances, resource_id)
    ]


def _operations(
    data: Any, where: str, schema: ResourceSchema, tolerances: Tolerances, resource_id: str
) -> Iterator[Operation]:
    if not isinstance(data, Mapping):
        raise InvalidSyntax(f"{where}: must be an object")
    keys = {key.lower(): value for key, value in data.items()}
    op = keys.get("op")
    if not isinstance(op, str) or op.lower() not in ("add", "remove", "replace"):
        raise InvalidSyntax(f"{where}.op: must be add, remove or replace")
    op = op.lower()
    text = keys.get("path")
    if text is not None and not isinstance(text, str):
        raise InvalidPath(f"{where}.path: must be a string")
    if op == "remove" and not text:
        raise NoTarget(f"{where}.path: a remove needs a path")
    if op != "remove" and "value" not in keys:
        raise InvalidValue(f"{where}.value: {op} needs a value")
    value = keys.get("value")
    if not text:
        yield from _without_path(op, value, where, schema, tolerances, resource_id)
        return
    target = parse_path(text, schema, tolerances)
    if target.extension is not None:
        yield from _whole_extension(op, target.extension, value, schema, tolerances, resource_id)
        return
    assert target.path is not None
    if target.path.attribute.name == "schemas":
        _check_schemas(op, value, schema, tolerances)
    else:
        yield from _operation(op, target, value, tolerances)


def _check_schemas(op: str, value: Any, schema: ResourceSchema, tolerances: Tolerances) -> None:
    """Hold a change of ``schemas`` against what there is; the list follows from the data."""
    if op == "remove":
        raise Mutability("schemas: is required and cannot be removed")
    for urn in value if isinstance(value, list) else [value]:
        if not isinstance(urn, str):
            raise InvalidValue("schemas: must be an array of URNs")
        known = schema.by_urn(mend_urn(urn, tolerances))
        if known is None and not tolerances.permit(Tolerance.UNKNOWN_SCHEMA):
            raise InvalidValue(f"schemas: {schema.name} has no schema {urn[:80]}")


def _without_path(
    op: str,
    value: Any,
    where: str,
    schema: ResourceSchema,
    tolerances: Tolerances,
    resource_id: str,
) -> Iterator[Operation]:
    """Split a value without path into an operation for each attribute in it."""
    if isinstance(value, str) and tolerances.permit(Tolerance.JSON_TEXT):
        try:
            value = parse_json(value, f"{where}.value")
        except InvalidSyntax as error:
            raise InvalidValue(error.detail) from None
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{where}.value: without a path it must be an object of attributes")
    for path, each in entries(value, schema, tolerances, path_keys=True):
        if path.attribute.name == "id" and each != resource_id:
            raise Mutability("id: is assigned by the server and cannot change")
        if path.leaf.mutability == "readOnly" or path.attribute.mutability == "readOnly":
            continue  # a client may echo what it has read
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
    """Yield the operation, or nothing for a value of which nothing can be written."""
    path, where = target.path, target.where
    assert path is not None
    attribute, leaf = path.attribute, path.leaf
    if "readOnly" in (attribute.mutability, leaf.mutability):
        raise Mutability(f"{path}: is read-only")
    if path.sub is not None and leaf.mutability == "immutable" and attribute.multi_valued:
        raise Mutability(f"{path}: is immutable; remove the value and add another")
    if path.sub is not None and attribute.multi_valued and where is None and op != "replace":
        raise InvalidPath(f"{path}: select the values to change, as in {attribute.name}[...]")
    if op == "remove":
        yield _removal(path, where, value, tolerances)
        return
    names_parts = leaf.is_complex and not attribute.multi_valued and isinstance(value, Mapping)
    if names_parts:
        yield from (Operation("remove", part) for part in _unassigned_parts(path, value))
    cleaned = None if is_empty(value) else _cleaned(target, value, tolerances)
    if cleaned is not None:
        yield Operation(op, path, where, cleaned)
    elif attribute.multi_valued and op == "add" and path.sub is None:
        yield Operation("add", path, where, {} if where else [])
    elif is_empty(value) or not (names_parts or says_something(value)):
        yield _removal(path, where, None, tolerances)


def _unassigned_parts(path: AttributePath, value: Mapping[str, Any]) -> Iterator[AttributePath]:
    """Yield the parts of a complex attribute that its value sets to null; the others stay."""
    for key, each in value.items():
        sub = path.attribute.sub(key)
        if sub is not None and is_empty(each) and sub.mutability != "readOnly":
            yield replace(path, sub=sub)


def _cleaned(target: PatchPath, value: Any, tolerances: Tolerances) -> Any:
    """Return the Python value of what an operation sets, None where it unassigns."""
    path = target.path
    assert path is not None
    attribute = path.attribute
    if path.sub is not None or not attribute.multi_valued:
        return coerce(path.leaf, value, str(path), tolerances, partial=True)
    if target.where is None:
        items = value if isinstance(value, list) else [value]
        return coerce(attribute, items, str(path), tolerances)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return coerce_one(attribute, value, str(path), tolerances, partial=True)


def _removal(
    path: AttributePath, where: Filter | None, value: Any, tolerances: Tolerances
) -> Operation:
    if path.leaf.required and where is None and path.sub is None:
        raise Mutability(f"{path}: is required and cannot be removed")
    is_listed = value not in (None, "")  # an empty list takes nothing away, rather than all
    if not is_listed or where is not None or not path.attribute.multi_valued:
        return Operation("remove", path, where)
    if not tolerances.permit(Tolerance.LISTED_REMOVAL):
        raise InvalidSyntax(f"{path}: to remove some values, select them in the path")
    items = value if isinstance(value, list) else [value]
    return Operation(
        "remove", path, None, coerce(path.attribute, items, str(path), tolerances) or []
    )

"""Parses a PatchOp message into operations (RFC 7644 section 3.5.2).

Every parsed operation has the path of a single attribute and a converted value: an operation
without a path becomes one operation for each attribute in its value.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..attributes import AttributePath, Schema
from ..embedded_json import json_in
from ..errors import (
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    MalformedMessage,
    Mutability,
    NoTarget,
    ScimError,
    UnknownPath,
    all_in_one,
)
from ..filters import Filter
from ..paths import PatchPath, parse_path
from ..resource_body import check_urn, entries, takes_path_keys
from ..resource_schema import ResourceSchema
from ..tolerances import Tolerance, Tolerances, mend_urn
from ..values import EMPTY, coerce, coerce_one, has_values, ignores_unknown, is_empty, only_element
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


@dataclass
class _Context:
    """The context that the operations of one message share."""

    schema: ResourceSchema
    tolerances: Tolerances
    resource_id: str
    errors: list[ScimError]
    #: The extensions that the message has added to ``schemas``, whose attributes then need no URN.
    added: list[Schema] = field(default_factory=list)


def parse_patch(
    body: Any,
    schema: ResourceSchema,
    tolerances: Tolerances,
    resource_id: str,
    max_operations: int = MAX_OPERATIONS,
    errors: list[ScimError] | None = None,
) -> list[Operation]:
    """Return the operations of a PatchOp message in the order in which they apply.

    Raise InvalidSyntax for a body that is not a PatchOp message, and InvalidSyntax, InvalidPath,
    InvalidFilter, InvalidValue, NoTarget or Mutability for an error in one of its operations. One
    error names all wrong operations; with a list ``errors``, they are added to it instead.
    """
    if isinstance(body, list) and tolerances.permit(Tolerance.BARE_OPERATIONS):
        body = {"schemas": [PATCH_URN], "Operations": body}
    members = read_message(body, PATCH_URN, tolerances)
    operations = members.get("operations")
    is_none = operations in (None, []) and members and members.keys() <= {"schemas", "operations"}
    if is_none and tolerances.permit(Tolerance.EMPTY_PATCH):
        return []
    if not isinstance(operations, list) or not operations:
        raise MalformedMessage("Operations: must be an array of at least one operation")
    if len(operations) > max_operations:
        raise MalformedMessage(f"Operations: must not be more than {max_operations} operations")
    context = _Context(schema, tolerances, resource_id, [])
    result: list[Operation] = []
    for index, each in enumerate(operations):
        known = len(context.errors)
        try:
            result += _operations(each, f"Operations[{index}]", context)
        except ScimError as error:
            context.errors.append(error)
        if len(operations) > 1:
            for each_error in context.errors[known:]:
                each_error.located(f"Operations[{index}]")
    if errors is not None:
        errors += context.errors
    elif context.errors:
        raise all_in_one(context.errors)
    return result


def _operations(data: Any, where: str, context: _Context) -> Iterable[Operation]:
    members = read_members(data, where)
    op = members.get("op")
    if not isinstance(op, str) or op.lower() not in ("add", "remove", "replace"):
        raise MalformedMessage(f"{where}.op: must be add, remove or replace")
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
        return _without_path(op, value, where, context)
    try:
        target = parse_path(text, context.schema, context.tolerances, context.added)
    except ScimError as error:
        if isinstance(error, UnknownPath) and ignores_unknown(text, context.tolerances):
            return []
        raise error.located(f"{where}.path") from None
    if target.extension is not None:
        return _whole_schema(op, target.extension, value, where, context)
    assert target.path is not None
    if target.path.attribute.name == "schemas":
        return _change_schemas(op, value, where, context)
    return list(_operation(op, target, value, context.tolerances))


def _change_schemas(op: str, value: Any, where: str, context: _Context) -> list[Operation]:
    """Note the extensions that a change of ``schemas`` adds; return operations for those it lacks.

    The list itself follows from the data. After an extension is added, operations can name its
    attributes without its URN (RFC 7644 section 3.5.2). A replaced list without an extension
    removes the attributes of that extension, but only in strict: other clients list what they know.

    Raise Mutability for a removal.
    """
    named: list[Schema | None] = []
    if op == "remove":
        raise Mutability(
            "schemas: is required and cannot be removed; remove the attributes of an extension, "
            "with its URN as the path"
        )
    for urn in value if isinstance(value, list) else [value]:
        if not isinstance(urn, str):
            raise InvalidValue("schemas: must be an array of URNs")
        check_urn(urn, context.schema, context.tolerances, InvalidValue)
        named.append(context.schema.by_urn(mend_urn(urn, context.tolerances)))
    extensions = [each for each in context.schema.extensions if each in named]
    context.added.extend(extensions)
    removals: list[Operation] = []
    for extension in context.schema.extensions if op == "replace" else ():
        what = f"the missing {extension.id} in schemas: its attributes were kept"
        if extension not in named and not _ignores(what, context.tolerances):
            removals += _whole_schema("remove", extension, None, where, context)
    return removals


def _without_path(op: str, value: Any, where: str, context: _Context) -> list[Operation]:
    """Return an operation for each attribute in the value of an operation without a path."""
    schema, tolerances = context.schema, context.tolerances
    value = json_in(only_element(value, tolerances), f"{where}.value", tolerances)
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{where}.value: must be an object of attributes, as there is no path")
    found: list[tuple[PatchPath, Any]] = []
    if op == "add":  # an empty object adds nothing (RFC 7644 section 3.5.2.1)
        value = {key: each for key, each in value.items() if each != {}}
    plain = {key: each for key, each in value.items() if "[" not in key}
    for key, each in value.items() if len(plain) < len(value) else ():
        if key not in plain:
            try:
                found.append((_path_in_key(key, where, context), each))
            except ScimError as error:
                context.errors.append(error)
    found += (
        (PatchPath(path), each)
        for path, each in entries(plain, schema, tolerances, context.errors, path_keys=True)
    )
    result: list[Operation] = []
    for target, each in found:
        path = target.path
        assert path is not None
        if path.attribute.name == "id" and each != context.resource_id:
            context.errors.append(Mutability("id: is assigned by the server and cannot change"))
            continue
        if path.leaf.mutability == "readOnly" or path.attribute.mutability == "readOnly":
            continue  # clients send back what they have read
        if path.attribute.name == "schemas":
            continue
        try:
            result += _operation(op, target, each, tolerances)
        except ScimError as error:
            context.errors.append(error)
    return result


def _path_in_key(key: str, where: str, context: _Context) -> PatchPath:
    """Return the path with a filter that is a key of a value. Raises InvalidPath."""
    target = None
    if takes_path_keys(context.tolerances):
        try:
            target = parse_path(key, context.schema, context.tolerances)
        except ScimError as error:
            raise error.located(where) from None
    if target is None or target.path is None:
        raise InvalidPath(f"{where}.value: {key[:80]!r} is a path; use it as the path")
    return target


def _whole_schema(
    op: str, whole: Schema, value: Any, where: str, context: _Context
) -> list[Operation]:
    """Return the operations on all attributes of an extension, or of the core schema."""
    is_extension = context.schema.is_extension(whole)
    if op == "remove":
        if not is_extension:
            raise NoTarget(f"{where}.path: must name the attribute to remove")
        return [
            Operation("remove", AttributePath(whole.id, attribute, None, True))
            for attribute in whole.attributes
            if attribute.mutability != "readOnly"
        ]
    if op == "add" and value == {}:
        return []
    body = {whole.id: value} if is_extension else value
    return _without_path(op, body, where, context)


def _ignores(what: str, tolerances: Tolerances) -> bool:
    """Return whether the profile ignores a change of what the server decides, and note it."""
    return tolerances.ignore(Tolerance.READ_ONLY_PATH, what)


def _operation(
    op: str, target: PatchPath, value: Any, tolerances: Tolerances
) -> Iterator[Operation]:
    """Yield the operation, or none if a client cannot write any part of the value."""
    path, where = target.path, target.where
    assert path is not None
    attribute, leaf = path.attribute, path.leaf
    if "readOnly" in (attribute.mutability, leaf.mutability):
        what = f"{path}: is read-only"
        if attribute.name != "id" and _ignores(what, tolerances):
            return
        raise Mutability(what)
    if path.sub is not None and leaf.mutability == "immutable" and attribute.multi_valued:
        raise Mutability(f"{path}: is immutable; remove the whole value and add another")
    if op == "remove":
        yield _removal(path, where, value, tolerances)
        return
    if op == "add" and value == {} and not attribute.multi_valued:
        return  # it adds nothing (RFC 7644 section 3.5.2.1); null and [] unassign
    has_parts = leaf.is_complex and not attribute.multi_valued and isinstance(value, Mapping)
    if has_parts:
        yield from (Operation("remove", part) for part in _unassigned_parts(path, value))
    cleaned = None if value in EMPTY else _cleaned(target, value, tolerances)
    if cleaned is not None:
        yield Operation(op, path, where, cleaned)
    elif attribute.multi_valued and op == "add" and path.sub is None:
        if where is not None and attribute.sub("$ref") is not None:
            yield Operation("add", path, where, {})  # the path says which one
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


def _has_no_value(item: Any) -> bool:
    return isinstance(item, Mapping) and not has_values(item)


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
    items = [each for each in items if not is_empty(each) and not _has_no_value(each)]
    return Operation(
        "remove", path, None, coerce(path.attribute, items, path.full_name, tolerances) or []
    )

"""Parses bulk requests and orders their operations (RFC 7644 section 3.7).

An error in the message rejects the whole request. An error in an operation is kept with that
operation, and the others are still carried out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError
from ..tolerances import Tolerances
from .envelope import read_members, read_message

REQUEST_URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
RESPONSE_URN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
METHODS = ("POST", "PUT", "PATCH", "DELETE")
REFERENCE = "bulkId:"


@dataclass(frozen=True)
class BulkOperation:
    """An operation as the client sent it; ``fault`` is the error if it is malformed."""

    method: str
    endpoint: str
    resource_id: str
    bulk_id: str
    version: str
    data: Any
    path: str
    fault: ScimError | None = None


@dataclass(frozen=True)
class BulkRequest:
    """The operations of a request, and the number of errors after which to stop (0: never)."""

    operations: list[BulkOperation]
    fail_on_errors: int = 0


def parse_bulk(body: Any, limit: int, tolerances: Tolerances) -> BulkRequest:
    """Return the request in the body of a POST to /Bulk.

    Raise InvalidSyntax for a body that is not a BulkRequest message or a ``bulkId`` that is given
    twice, InvalidValue for a wrong ``failOnErrors``, PayloadTooLarge for more than ``limit``
    operations.
    """
    members = read_message(body, REQUEST_URN, tolerances)
    given = members.get("operations")
    if not isinstance(given, list) or not given:
        raise InvalidSyntax("Operations: must be an array of at least one operation")
    if len(given) > limit:
        raise PayloadTooLarge(f"Operations: must not be more than maxOperations, which is {limit}")
    allowed = members.get("failonerrors")
    if allowed is not None and (type(allowed) is not int or allowed < 1):
        raise InvalidValue("failOnErrors: must be an integer of at least 1")
    operations = [_operation(each, f"Operations[{i}]") for i, each in enumerate(given)]
    named: set[str] = set()
    for operation in operations:
        if operation.method == "POST" and operation.bulk_id:
            if operation.bulk_id in named:
                raise InvalidSyntax(f"bulkId: {operation.bulk_id[:80]!r} is given twice")
            named.add(operation.bulk_id)
    return BulkRequest(operations, allowed or 0)


def _operation(given: Any, where: str) -> BulkOperation:
    members = read_members(given, where)
    texts = {}
    for name in ("method", "path", "bulkid", "version"):
        value = members.get(name)
        if value is not None and not isinstance(value, str):
            raise InvalidSyntax(f"{where}.{name}: must be a string")
        texts[name] = value or ""
    endpoint, _, resource_id = texts["path"].removeprefix("/").removesuffix("/").partition("/")
    is_versioned = members.get("version") is not None
    operation = BulkOperation(
        texts["method"].upper(),
        endpoint,
        resource_id,
        texts["bulkid"],
        texts["version"],
        members.get("data"),
        texts["path"],
    )
    fault = _fault(operation, where)
    if fault is None and is_versioned and not operation.version:  # a dropped precondition
        fault = InvalidSyntax(f"{where}.version: must be a version of the resource, not empty")
    return replace(operation, fault=fault)


def _fault(operation: BulkOperation, where: str) -> ScimError | None:
    if operation.method not in METHODS:
        return InvalidSyntax(f"{where}.method: must be POST, PUT, PATCH or DELETE")
    if not operation.endpoint or ":" in operation.endpoint or "?" in operation.path:
        return InvalidSyntax(f"{where}.path: must be relative to the base URL, such as /Users")
    is_post = operation.method == "POST"
    if is_post and operation.resource_id:
        return InvalidSyntax(
            f"{where}.path: must be that of an endpoint for a POST, such as /Users"
        )
    if not is_post and (not operation.resource_id or "/" in operation.resource_id):
        return InvalidSyntax(f"{where}.path: must be that of a resource, such as /Users/2819c223")
    if is_post and not operation.bulk_id:
        return InvalidSyntax(f"{where}.bulkId: is required with POST")
    is_list = operation.method == "PATCH" and isinstance(operation.data, list)
    if operation.method != "DELETE" and not is_list and not isinstance(operation.data, Mapping):
        return InvalidSyntax(f"{where}.data: must be an object with {operation.method}")
    return None


def dependency_order(needs: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield the operations in groups, each after the operations that it refers to.

    ``needs[i]`` contains the operations that operation ``i`` refers to. Operations that refer to
    each other in a circle form one group; every other group has a single operation.

    The client's order is kept as far as possible: an operation moves back to follow one that it
    refers to, but never forward, because an operation before it may free the name that it takes.
    """
    turn: dict[int, int] = {}
    groups = list(_groups(needs))
    for group in groups:
        last = max(max([each, *(turn.get(n, -1) for n in needs[each])]) for each in group)
        turn |= dict.fromkeys(group, last)
    yield from sorted(groups, key=lambda group: turn[group[0]])


def _groups(needs: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield the groups of ``dependency_order``, each after those that it refers to.

    This is Tarjan's algorithm for strongly connected components. It does not recurse, since a
    chain of a thousand managers would exceed Python's limit.
    """
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    open_: list[int] = []
    is_open: set[int] = set()
    for start in range(len(needs)):
        work = [] if start in index else [(start, iter(needs[start]))]
        while work:
            node, rest = work[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                open_.append(node)
                is_open.add(node)
            for needed in rest:
                if needed not in index:
                    work.append((needed, iter(needs[needed])))
                    break
                if needed in is_open:
                    low[node] = min(low[node], index[needed])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    at = open_.index(node)
                    component, open_[at:] = open_[at:], []
                    is_open -= set(component)
                    yield sorted(component)

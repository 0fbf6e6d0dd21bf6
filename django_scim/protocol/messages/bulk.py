"""Bulk requests (RFC 7644 section 3.7): the message, its operations, and their order.

A fault of the message refuses it as a whole; a fault of one operation is that operation's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError

REQUEST_URN = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
RESPONSE_URN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
METHODS = ("POST", "PUT", "PATCH", "DELETE")
REFERENCE = "bulkId:"


@dataclass(frozen=True)
class BulkOperation:
    """One operation as it was sent; ``fault`` says why it cannot be carried out."""

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
    operations: list[BulkOperation]
    #: After how many errors to stop; 0 for never.
    fail_on_errors: int = 0


def parse_bulk(body: Any, limit: int) -> BulkRequest:
    """Return a bulk request.

    Raises InvalidSyntax for another message or a ``bulkId`` given twice, InvalidValue for a
    ``failOnErrors`` that is none, PayloadTooLarge for more operations than ``limit``.
    """
    if not isinstance(body, Mapping):
        raise InvalidSyntax("the body must be a JSON object")
    members = _members(body)
    urns = members.get("schemas")
    if not isinstance(urns, list) or [str(urn).lower() for urn in urns] != [REQUEST_URN.lower()]:
        raise InvalidSyntax(f"schemas: must be [{REQUEST_URN}]")
    given = members.get("operations")
    if not isinstance(given, list) or not given:
        raise InvalidSyntax("Operations: must be an array of at least one operation")
    if len(given) > limit:
        raise PayloadTooLarge(f"Operations: there are more than maxOperations, which is {limit}")
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


def _members(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members by their lower-case names. Raises InvalidSyntax for one given twice."""
    members = {key.lower(): value for key, value in body.items()}
    if len(members) < len(body):
        raise InvalidSyntax("a member is given twice, in different case")
    return members


def _operation(given: Any, where: str) -> BulkOperation:
    if not isinstance(given, Mapping):
        raise InvalidSyntax(f"{where}: must be an object")
    members = _members(given)
    texts = {}
    for name in ("method", "path", "bulkid", "version"):
        value = members.get(name)
        if value is not None and not isinstance(value, str):
            raise InvalidSyntax(f"{where}.{name}: must be a string")
        texts[name] = value or ""
    endpoint, _, resource_id = texts["path"].removeprefix("/").removesuffix("/").partition("/")
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
    return BulkOperation(**{**vars(operation), "fault": fault}) if fault else operation


def _fault(operation: BulkOperation, where: str) -> ScimError | None:
    if operation.method not in METHODS:
        return InvalidSyntax(f"{where}.method: must be POST, PUT, PATCH or DELETE")
    if not operation.endpoint or ":" in operation.endpoint or "?" in operation.path:
        return InvalidSyntax(f"{where}.path: must be an endpoint's, relative to the base: /Users")
    is_post = operation.method == "POST"
    if is_post and operation.resource_id:
        return InvalidSyntax(f"{where}.path: a POST goes to an endpoint, not to a resource")
    if not is_post and (not operation.resource_id or "/" in operation.resource_id):
        return InvalidSyntax(f"{where}.path: must name an endpoint and a resource: /Users/id")
    if is_post and not operation.bulk_id:
        return InvalidSyntax(f"{where}.bulkId: is required with POST")
    if operation.method != "DELETE" and not isinstance(operation.data, Mapping):
        return InvalidSyntax(f"{where}.data: is required with {operation.method}, as an object")
    return None


def dependency_order(needs: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield the operations in an order in which each comes after those that it needs.

    ``needs[i]`` are the operations that operation ``i`` needs. Those that need each other come
    together. Otherwise the order is the client's: who needs another waits for it, and nobody is
    done before his turn, since what stands between may have made way for him.
    """
    turn: dict[int, int] = {}
    circles = list(_circles(needs))
    for circle in circles:  # those that are needed stand first
        last = max(max([each, *(turn.get(n, -1) for n in needs[each])]) for each in circle)
        turn |= dict.fromkeys(circle, last)
    yield from sorted(circles, key=lambda circle: turn[circle[0]])


def _circles(needs: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield the operations that need each other together, after all those that they need.

    Tarjan's strongly connected components, with a stack of its own: a thousand managers in a row
    are no recursion.
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

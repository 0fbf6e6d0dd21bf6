"""Writes to one resource type (RFC 7644 sections 3.3 to 3.6), each with its event.

Single requests and operations of a bulk request work in the same way: parse the body, do slow
work, then lock, compare versions, write and record in one transaction.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, IntegrityError
from rest_framework.exceptions import ValidationError

from ..adapters.accounts.leavers import Leaver
from ..adapters.interfaces import Assigned
from ..adapters.reading.plan import pop_version
from ..adapters.writing.outcomes import action_of
from ..adapters.writing.staging import operations_of, replacements
from ..adapters.writing.unit_of_work import UnitOfWork
from ..audit import Recorder
from ..audit.naming import known_names
from ..conf import settings
from ..models import Event
from ..protocol.attributes import AttributePath
from ..protocol.errors import (
    Forbidden,
    PreconditionFailed,
    PreconditionRequired,
    ScimError,
    all_in_one,
)
from ..protocol.filters import only_equalities
from ..protocol.messages.patch import Operation, parse_patch
from ..protocol.projection import Projection
from ..protocol.resource_body import read_resource
from ..site_code import place_in_site
from .exceptions import as_scim_error
from .http import etags
from .serializers import ResourceSerializer, serializer_for

#: Errors that may be caused by a value that a deactivation can ignore.
_IGNORABLE = (ScimError, ValidationError, DjangoValidationError, IntegrityError, DataError)


class Written(NamedTuple):
    """The version of a written resource, and the resource if the response contains it."""

    resource: dict[str, Any] | None
    version: str


class ResourceWriter:
    """Carries out one request, or one operation of a bulk request, on a resource type.

    ``expected`` contains the tags of If-Match, None means that there is no such header. A client
    that may not read the resource (``may_read``) cannot compare versions or search for values
    either. ``create`` and the methods after it run inside the caller's transaction.
    """

    def __init__(
        self,
        adapter: Any,
        recorder: Recorder,
        expected: set[str] | None = None,
        may_read: bool = True,
    ) -> None:
        self.adapter, self.registry = adapter, adapter.registry
        self.resource_type: str = adapter.name
        self.recorder, self.expected, self.may_read = recorder, expected, may_read
        self.given_body: Any = None
        #: The attributes that the request names, with their values.
        self.given: Iterable[tuple[AttributePath, Any]] = ()
        #: Set for a request that closes an account and has failed.
        self.leaver: Leaver | None = None

    def start_again(self) -> None:
        """Discard cached data before a retry, so that it reads the database again."""
        self.registry.start_again()
        self.adapter = self.registry.adapter(self.resource_type)

    def note(self, error: Exception) -> None:
        """Note in the event that code of the site failed after the commit of this write."""
        place = place_in_site(error) or "the package"
        self.recorder.note_after_commit(f"{type(error).__name__} in {place}")

    @property
    def returns_patched(self) -> bool:
        """True if the response to a PATCH contains the resource, False for 204 without a body."""
        profile = self.adapter.tolerances.profile
        return bool(self.adapter.returns_patched or profile.returns_patched_groups)

    # Parsing

    def serializer(self, *args: Any, **kwargs: Any) -> ResourceSerializer:
        """Return the serializer of the resource type for this request."""
        adapter_class: Any = type(self.adapter)
        serializer_class = serializer_for(adapter_class)
        return serializer_class(*args, context={"adapter": self.adapter}, **kwargs)

    def read_body(self, data: Any, scim_id: str = "") -> Assigned:
        """Return the values in the body of a POST or PUT, which has no ``scim_id``.

        Raise a ScimError that names all wrong attributes, or RejectedBody if the adapter has a
        serializer; NotFound instead if the resource does not exist.
        """
        self.given_body = data
        errors: list[ScimError] = []
        rejected: ValidationError | None = None
        adapter = self.adapter
        if adapter.serializer_class is not None:
            try:
                values = self.serializer().read(data)
                self.given = values.items()
                return values
            except ValidationError as error:
                rejected = error
                errors.append(as_scim_error(error, ""))
        try:
            values = read_resource(data, adapter.resource_schema, adapter.tolerances, errors)
        except ScimError:
            self._require(scim_id)
            raise
        if rejected:  # its values were not validated, and the site may refuse to close an account
            named = operations_of(values)
            values = {each.path: each.value for each in self._checked(named, [])}
        self.given = values.items()
        if errors and not self._leaver().ignores_all(errors):
            self._require(scim_id)
            raise rejected or all_in_one(errors)
        if rejected:  # the site's rules may concern any attribute
            self._leaver().leave_out_more()
        return self.kept_values(values)

    def read_patch(self, data: Any, scim_id: str) -> list[Operation]:
        """Return the operations in the body of a PATCH.

        Raise a ScimError that names all wrong operations, Forbidden if one searches for values
        without permission; NotFound instead if the resource does not exist.
        """
        self.given_body = data
        adapter, limit = self.adapter, settings.MAX_PATCH_OPERATIONS
        errors: list[ScimError] = []
        try:
            operations = parse_patch(
                data, adapter.resource_schema, adapter.tolerances, scim_id, limit, errors
            )
        except ScimError:
            self._require(scim_id)
            raise
        if not self.may_read:
            operations = list(_without_searches(operations, errors))
        if adapter.serializer_class is not None:
            operations = list(self._checked(operations, errors))
        self.given = ((each.path, _assigned(each)) for each in operations)
        if errors and not self._leaver().ignores_all(errors):
            self._require(scim_id)
            raise all_in_one(errors)
        return operations

    def _checked(self, operations: list[Operation], errors: list[ScimError]) -> Iterator[Operation]:
        """Yield the operations that the site's serializer accepts, and add its errors to a list."""
        serializer = self.serializer()
        for each in operations:
            try:
                yield serializer.check(each)
            except ScimError as error:
                errors.append(error)

    def _require(self, scim_id: str) -> None:
        """Raise NotFound if there is no such resource: the client then creates it again."""
        if scim_id and not self.adapter.queryset().filter(scim_id=scim_id).exists():
            raise self.adapter.not_found(scim_id)

    def prepare_body(self, values: Assigned, scim_id: str = "") -> Assigned:
        """Return values after slow work such as hashing. Call this before locking rows."""
        try:
            prepared: Assigned = self.adapter.prepare(values, scim_id, values)
        except ScimError as error:
            if not self._leaver().leaves_out(error):
                raise
            values = self.kept_values(values)
            prepared = self.adapter.prepare(values, scim_id, values)
        return prepared

    def prepare_patch(self, operations: list[Operation], scim_id: str) -> list[Operation]:
        """Return operations after slow work such as hashing. Call this before locking rows.

        The result does not contain an operation whose slow work a later one would overwrite.
        """
        try:
            return self._prepare_patch(operations, scim_id)
        except ScimError as error:
            if not self._leaver().leaves_out(error):
                raise
            return self._prepare_patch(self.kept_operations(operations), scim_id)

    def _prepare_patch(self, operations: list[Operation], scim_id: str) -> list[Operation]:
        slow = self.adapter.declared.prepared
        last = {each.path.full_name: index for index, each in enumerate(operations)}
        prepared = []
        for index, each in enumerate(operations):
            if each.path.full_name not in slow or each.path.attribute.multi_valued:
                prepared.append(each)
            elif last[each.path.full_name] == index:
                is_removal = each.op == "remove"
                prepared.append(
                    each if is_removal else replace(each, value=self._prepared(each, scim_id))
                )
        return prepared

    def _prepared(self, operation: Operation, scim_id: str) -> Any:
        return self.adapter.prepare({operation.path: operation.value}, scim_id)[operation.path]

    # Deactivating an account although other values are invalid

    def leaves_out(self, error: Exception) -> bool:
        """Return whether the write can be repeated without the values that caused an error.

        A request that deactivates an account is first repeated without the values that cannot be
        stored, then without any values that the deactivation does not need.
        """
        if not isinstance(error, _IGNORABLE):
            return False
        known = as_scim_error(error, self.recorder.event.correlation_id)
        return self._leaver().leaves_out(known)

    def _leaver(self) -> Leaver:
        if self.leaver is None:
            is_creation = self.recorder.event.method == "POST"
            self.leaver = Leaver(self.adapter, list(self.given), is_creation=is_creation)
        return self.leaver

    @property
    def is_partial(self) -> bool:
        """True if the request closes an account, and something in it was ignored."""
        return self.leaver is not None and self.leaver.is_partial

    def kept_values(self, values: Assigned) -> Assigned:
        return self.leaver.kept_values(values) if self.leaver else values

    def kept_operations(self, operations: list[Operation]) -> list[Operation]:
        return self.leaver.kept_operations(operations) if self.leaver else operations

    # Writing

    def create(self, values: Assigned) -> UnitOfWork:
        unit: UnitOfWork = self.adapter.create(self.kept_values(values))
        if self.leaver is not None:
            self.leaver.require_account(unit)
        return unit

    def replace(self, scim_id: str, values: Assigned) -> UnitOfWork:
        # Attributes may be missing only because they were ignored, so do not clear them.
        if self.is_partial:
            return self.patch(scim_id, replacements(values))
        return self.adapter.replace(self._locked(scim_id), values)

    def patch(self, scim_id: str, operations: list[Operation]) -> UnitOfWork:
        return self.adapter.patch(self._locked(scim_id), self.kept_operations(operations))

    def delete(self, scim_id: str) -> None:
        link = self._locked(scim_id)
        name, paths = self.adapter.name_of(link), self.adapter.declared.subject
        known = known_names(link, self.adapter)
        self.recorder.set_resource(self.resource_type, link, name, resource=known, paths=paths)
        changes = self.adapter.delete(link)
        self._record(Event.Action.DELETE, changes, 204)

    def _locked(self, scim_id: str) -> Any:
        """Lock a resource, compare its version, and return its link.

        Raise NotFound if it does not exist, PreconditionFailed if the version differs, or
        PreconditionRequired if If-Match is required but missing.
        """
        link = self.adapter.lock(scim_id)
        if self.expected is not None and not self.may_read and etags.ANY not in self.expected:
            raise PreconditionFailed("If-Match: this token cannot read versions; send only *")
        if self.expected is None and settings.REQUIRE_IF_MATCH:
            raise PreconditionRequired("send the resource's version in the If-Match header")
        if self.expected is not None:
            etags.require_match(self.expected, self.adapter.version(link))
        return link

    def finish(self, unit: UnitOfWork, status: int, projection: Projection | None) -> Written:
        """Record a write. Return the written resource, or only its version without a projection."""
        adapter, link = self.adapter, unit.link
        resource, version = self._represent(link, projection)
        written = Written(None if projection is None else resource, version)
        self.recorder.set_resource(
            self.resource_type,
            link,
            adapter.name_of(link),
            resource=resource,
            paths=adapter.declared.subject,
        )
        self._record(action_of(unit.kinds, unit.changes), unit.changes, status, unit.remark)
        return written

    def _represent(self, link: Any, projection: Projection | None) -> tuple[dict[str, Any], str]:
        """Return a written resource and its version."""
        adapter = self.adapter
        resource = adapter.get(link.scim_id, projection or adapter.version_projection)
        return resource, pop_version(resource) or adapter.version(link)

    def _record(self, action: str, changes: list[Any], status: int, remark: str = "") -> None:
        self.recorder.save_success(
            action,
            status,
            changes=changes,
            tolerances=self.adapter.tolerances,
            body=self.given_body,
            remark=remark,
        )
        if self.registry.side_effects:
            self.recorder.save_side_effects(self.registry.side_effects)


def _without_searches(operations: list[Operation], errors: list[ScimError]) -> Iterator[Operation]:
    """Yield the operations whose filters cannot find out values piece by piece.

    Add a Forbidden for each of the others to ``errors``.
    """
    for operation in operations:
        if operation.where is None or only_equalities(operation.where):
            yield operation
        else:
            refusal = Forbidden(
                f"{operation.path}: without a read scope, a filter in a path can only compare by "
                f"eq, combined by and"
            )
            errors.append(refusal)


def _assigned(operation: Operation) -> Any:
    """Return the value that an operation assigns, None for a removal."""
    return None if operation.op == "remove" else operation.value

"""A person who leaves must lose access, whatever else the request contains.

A request that deactivates an account is not refused because another of its values cannot be stored:
an unknown, read-only or locked attribute, a name that is too long or taken (the tolerance LEAVER).
It is still refused if the message cannot be read or lacks a required attribute, a precondition
fails, or the guard or the rules of ownership refuse it. Only a membership that an admin would have
to allow, because its group has permissions, is left out instead. A creation is also refused if it
finds no existing account: a new one closes nothing, and the account that the client means may stay
open.
"""

from collections.abc import Callable
from typing import Any

from ...protocol.attributes import AttributePath
from ...protocol.errors import IncompleteResource, MalformedMessage, ScimError, all_in_one
from ...protocol.messages.patch import Operation
from ...protocol.tolerances import Tolerance
from ..behaviours import Role
from ..interfaces import Assigned
from ..writing.privileges import GivesPermissions
from ..writing.unit_of_work import UnitOfWork

#: The statuses of errors that a value causes. 413 is one password too many in a bulk request.
_OF_VALUES = (400, 409, 413)
#: The attributes that each further attempt needs. A creation finds the existing account by its
#: names and addresses, so it gives these up last.
_ATTEMPTS = ((Role.ACTIVATION,),)
_ATTEMPTS_OF_CREATION = (
    (Role.ACTIVATION, Role.SIGN_IN_NAME, Role.EXTERNAL_ID, Role.ADDRESSES),
    (Role.ACTIVATION, Role.SIGN_IN_NAME),
)

#: Errors of a message that does not clearly say what the client wants.
_FATAL = (MalformedMessage, IncompleteResource)


class Leaver:
    """Selects the values that a request which deactivates an account leaves out.

    ``given`` contains the attributes in the request with their values; None stands for a removal.
    """

    def __init__(
        self, adapter: Any, given: list[tuple[AttributePath, Any]], *, is_creation: bool
    ) -> None:
        self.adapter, self.given = adapter, given
        #: The first error that was ignored.
        self.refusal: ScimError | None = None
        by_role = adapter.declared.by_role
        self._attempts = [
            {by_role[role].path for role in roles if role in by_role}
            for roles in (_ATTEMPTS_OF_CREATION if is_creation else _ATTEMPTS)
        ]
        self._needed = self._attempts[-1]
        self._left_out: Callable[[AttributePath], bool] | None = None

    @property
    def is_partial(self) -> bool:
        """True if something was ignored, so that a PUT must not unassign what it lacks."""
        return self.refusal is not None

    def ignores_all(self, errors: list[ScimError]) -> bool:
        """Return whether the request closes an account, so that these errors are ignored."""
        if any(isinstance(each, _FATAL) for each in errors) or not self._closes():
            return False
        error = all_in_one(errors)
        if not self.adapter.tolerances.ignore(Tolerance.LEAVER, error.detail):
            return False
        self.refusal = self.refusal or error
        return True

    def leaves_out(self, error: ScimError) -> bool:
        """Return whether the request can be repeated without the values that caused an error."""
        is_of_value = error.status in _OF_VALUES or isinstance(error, GivesPermissions)
        if error is self.refusal or not is_of_value or not self._closes():
            return False
        paths = {path.attribute for path in error.paths}
        if self._left_out is None and paths and not paths & {p.attribute for p in self._needed}:
            self._left_out = lambda path: path.attribute in paths
        else:
            before = self._kept()
            while self._attempts and self._kept() == before:
                self.leave_out_more()
            if self._kept() == before:
                return False
        return self.ignores_all([error])

    def leave_out_more(self) -> None:
        """Leave out everything that the next attempt does not need."""
        needed = self._attempts.pop(0)
        self._left_out = lambda path: path not in needed

    def _kept(self) -> set[AttributePath]:
        return set(self.kept_values(dict(self.given)))

    def require_account(self, unit: UnitOfWork) -> None:
        """Raise the first error that was ignored if a creation has found no existing account."""
        if self.refusal is not None and not unit.has_past:
            raise self.refusal

    def _closes(self) -> bool:
        """Return whether the request deactivates an account: its last word on ``active``."""
        mapping = self.adapter.declared.by_role.get(Role.ACTIVATION)
        said = [value for path, value in self.given if mapping and path == mapping.path]
        said = [value for value in said if value is not None]  # a removal changes nothing
        return bool(said) and said[-1] is False

    def kept_values(self, values: Assigned) -> Assigned:
        if self._left_out is None:
            return values
        return {path: each for path, each in values.items() if not self._left_out(path)}

    def kept_operations(self, operations: list[Operation]) -> list[Operation]:
        if self._left_out is None:
            return operations
        return [each for each in operations if not self._left_out(each.path)]

"""A person who leaves must lose access, whatever else the request contains.

A request that deactivates an account is not refused because another of its values cannot be stored:
an unknown, read-only or locked attribute, a name that is too long or taken (the tolerance LEAVER).
It is still refused if the message cannot be read or lacks a required attribute, a precondition
fails, or the guard or the rules of ownership refuse it.
"""

from collections.abc import Callable
from typing import Any

from ...protocol.attributes import AttributePath
from ...protocol.errors import IncompleteResource, MalformedMessage, ScimError, all_in_one
from ...protocol.messages.patch import Operation
from ...protocol.tolerances import Tolerance
from ..behaviours import Role
from ..interfaces import Assigned

#: Errors of a message that does not clearly say what the client wants.
_FATAL = (MalformedMessage, IncompleteResource)


class Leaver:
    """Selects the values that a request which deactivates an account leaves out.

    ``given`` contains the attributes in the request with their values; None stands for a removal.
    """

    def __init__(
        self, adapter: Any, given: list[tuple[AttributePath, Any]], *, is_creation: bool
    ) -> None:
        self.adapter, self.given, self._is_creation = adapter, given, is_creation
        #: True if something was ignored, so that a PUT must not unassign what it lacks.
        self.is_partial = False
        self._left_out: Callable[[AttributePath], bool] | None = None

    def ignores_all(self, errors: list[ScimError]) -> bool:
        """Return whether the request closes an account, so that these errors are ignored."""
        if any(isinstance(each, _FATAL) for each in errors) or not self._closes():
            return False
        detail = all_in_one(errors).detail
        self.is_partial = bool(self.adapter.tolerances.ignore(Tolerance.LEAVER, detail))
        return self.is_partial

    def leaves_out(self, error: ScimError) -> bool:
        """Return whether the request can be repeated without the values that caused an error."""
        if error.status not in (400, 409) or not self._closes():
            return False
        paths = {path.attribute for path in error.paths}
        kept = {path for path, _ in self.given if not self._is_dispensable(path)}
        if self._left_out is None and paths and not paths & {path.attribute for path in kept}:
            self._left_out = lambda path: path.attribute in paths
        elif self._left_out != self._is_dispensable:
            self.leave_out_all()
        else:
            return False
        return self.ignores_all([error])

    def leave_out_all(self) -> None:
        """Leave out everything that is not needed to close the account."""
        self._left_out = self._is_dispensable

    def _closes(self) -> bool:
        """Return whether the request deactivates an account: its last word on ``active``."""
        mapping = self.adapter.declared.by_role.get(Role.ACTIVATION)
        said = [value for path, value in self.given if mapping and path == mapping.path]
        said = [value for value in said if value is not None]  # a removal changes nothing
        return bool(said) and said[-1] is False

    def _is_dispensable(self, path: AttributePath) -> bool:
        """Return whether a request that closes an account can do without an attribute."""
        roles = (Role.ACTIVATION, Role.SIGN_IN_NAME)
        kept = roles if self._is_creation else roles[:1]
        by_role = self.adapter.declared.by_role
        return path not in [by_role[role].path for role in kept if role in by_role]

    def kept_values(self, values: Assigned) -> Assigned:
        if self._left_out is None:
            return values
        return {path: each for path, each in values.items() if not self._left_out(path)}

    def kept_operations(self, operations: list[Operation]) -> list[Operation]:
        if self._left_out is None:
            return operations
        return [each for each in operations if not self._left_out(each.path)]

"""Behaviours of attributes: rules and effects of a change, in addition to storing the value.

An adapter declares a behaviour by the attribute's path. The behaviour belongs to the attribute, so
that it also applies if a site declares another mapping.
"""

from enum import Enum
from typing import Any

from .writing.changes import Change
from .writing.outcomes import ChangeKind
from .writing.unit_of_work import UnitOfWork


class Role(Enum):
    """The purpose of an attribute for this app. Other code uses it instead of attribute names."""

    ACTIVATION = "active or inactive accounts"
    SIGN_IN_NAME = "the name that people sign in with"
    ADDRESSES = "the e-mail addresses"
    EXTERNAL_ID = "the client's own id of the resource"


class Behaviour:
    """Base class of behaviours. It has no effects; it only restricts changes of the attribute.

    ``locked``: an adopted account keeps its value until an admin confirms the link.
    ``kept_on_put``: a PUT whose body has no value for the attribute does not change it.
    ``cleared_by_null``: but null or "" does.
    ``always_present``: the attribute always has a value, so that removing it changes nothing.
    """

    def __init__(
        self,
        role: Role | None = None,
        *,
        locked: bool = False,
        kept_on_put: bool = False,
        cleared_by_null: bool = False,
        always_present: bool = False,
    ) -> None:
        self.role, self.locked, self.kept_on_put = role, locked, kept_on_put
        self.cleared_by_null, self.always_present = cleared_by_null, always_present

    def keeps(self, unit: UnitOfWork, is_given: bool) -> bool:
        """Return whether a PUT without a value for the attribute keeps the old value.

        ``is_given`` is True if the body contains the attribute, for example with null.
        """
        return self.kept_on_put and not unit.is_new and not (is_given and self.cleared_by_null)

    def filled_columns(self, adapter: Any) -> set[str]:
        """Return the columns of the object that the behaviour sets for an adapter class."""
        return set()

    def refuse_unmapped(self, value: Any) -> None:
        """Raise a ScimError if an attribute without a mapping must not ignore this value."""

    def before_save(self, unit: UnitOfWork, mapping: Any) -> None:
        """Run after everything is staged and before anything is written.

        May stage more changes, or raise a ScimError to reject the write.
        """

    def after_save(self, unit: UnitOfWork, mapping: Any) -> None:
        """Run after everything is written, inside the transaction."""

    def change_kind(self, unit: UnitOfWork, change: Change) -> ChangeKind | None:
        """Return the kind of change for the event and the signals, None for a plain update."""
        return None

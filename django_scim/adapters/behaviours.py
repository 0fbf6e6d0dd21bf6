"""What a change of an attribute means beyond its value.

An adapter declares a behaviour by the attribute's path. It goes with the attribute, whatever
mapping a site declares for it.
"""

from enum import Enum
from typing import Any

from .writing.outcomes import ChangeKind
from .writing.unit_of_work import Change, UnitOfWork


class Role(Enum):
    """What an attribute is to this app, so that no other code depends on its name."""

    ACTIVATION = "whether an account is in use"
    SIGN_IN_NAME = "the name that people sign in with"
    ADDRESSES = "the e-mail addresses"
    EXTERNAL_ID = "the client's own id of the resource"


class Behaviour:
    """Base of all behaviours. By itself it only says what may happen to the attribute.

    ``locked``: an adopted account keeps its value until an admin confirms the link.
    ``kept_on_put``: a PUT whose body has no value for the attribute leaves it as it is.
    """

    def __init__(
        self, role: Role | None = None, *, locked: bool = False, kept_on_put: bool = False
    ) -> None:
        self.role, self.locked, self.kept_on_put = role, locked, kept_on_put

    def filled_columns(self, adapter: Any) -> set[str]:
        """Return the columns of the object that the behaviour sets for an adapter class."""
        return set()

    def refuse_unmapped(self, value: Any) -> None:
        """Raise a ScimError if the value cannot be ignored although nothing is mapped to it."""

    def before_save(self, unit: UnitOfWork, mapping: Any) -> None:
        """Run with everything staged and nothing written. May stage more, or raise."""

    def after_save(self, unit: UnitOfWork, mapping: Any) -> None:
        """Run with everything written, inside the transaction."""

    def change_kind(self, unit: UnitOfWork, change: Change) -> ChangeKind | None:
        """Return what a change means for the event and the signals, None for nothing special."""
        return None

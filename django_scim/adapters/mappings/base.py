"""The base of all mappings: where an attribute's value is kept, declared once.

A mapping is stateless and is bound once per process to its adapter class and its path. It reads
(``columns``, ``loader``, ``reader``), serves filters and sorting (``where``, ``sort_key``) and
stages changes on a unit of work (``stage``).
"""

import copy
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import fields, replace
from typing import Any, Self

from django.db.models import OuterRef, Q, Subquery

from ...protocol.attributes import Attribute, AttributePath
from ...protocol.errors import InvalidFilter, InvalidValue
from ...protocol.filters import Comparison, ValueFilter
from ...protocol.messages.patch import Operation
from ...query import Column
from ...query.columns import Sortable
from ..behaviours import Behaviour
from ..interfaces import Adapter, Assigned, Page
from ..writing.outcomes import ChangeKind
from ..writing.unit_of_work import Change, UnitOfWork

Selected = str | Callable[[Adapter], Any]
Reader = Callable[[Sequence[Any], Page], Any]
CHARACTERISTICS = frozenset(each.name for each in fields(Attribute)) - {"name", "sub_attributes"}


class Mapping:
    """Base of all mappings. ``bind`` sets ``path``, ``attribute``, ``full_name``, ``behaviour``."""

    path: AttributePath
    attribute: Attribute
    #: The path as text, as it is declared: ``"name.givenName"``.
    full_name: str
    #: What a change of the attribute means beyond its value.
    behaviour: Behaviour = Behaviour()
    #: Whether the value is part of the resource's version. Derived values are not.
    versioned = True
    #: Reads the values for a whole page of resources at once, or None.
    loader: "RelatedLoader | None" = None
    #: The name of the mapping's values in its loader.
    name = ""
    #: Whether it only writes columns and new rows, which can be inserted later with others'.
    can_batch = False
    #: The resource type at the other end of a reference.
    to = ""
    refers = False
    #: Whether it is a list of members that a client writes.
    has_members = False
    #: Whether no two objects may have the same value (RFC 7643 section 7); see ``check_unique``.
    is_unique = False
    #: The column of the object that holds one value of a list.
    mirror = ""
    #: The column of the link that holds a reference to a resource that does not exist yet.
    pending = ""
    #: The column of a text, which can then serve as the display name of the resource.
    text_column: Column | None = None
    #: Whether no client can change the value.
    is_derived = False
    _characteristics: Dict[str, Any] = {}

    def having(self, **characteristics: Any) -> Self:
        """Return the mapping with other characteristics for its attribute than the schema's.

        ``Field("username").having(mutability="readOnly")``: names as in ``Attribute``, such as
        mutability, required, returned, case_exact, canonical_values, strict. Raises TypeError
        for an unknown name.
        """
        if unknown := set(characteristics) - CHARACTERISTICS:
            raise TypeError(
                f"no characteristic: {', '.join(sorted(unknown))}; there are "
                f"{', '.join(sorted(CHARACTERISTICS))}"
            )
        changed = copy.copy(self)
        changed._characteristics = {**self._characteristics, **characteristics}
        return changed

    def describe(self, attribute: Attribute) -> Attribute:
        """Return the attribute as this mapping serves it; /Schemas publishes that."""
        return replace(attribute, **self._characteristics) if self._characteristics else attribute

    def bind(self, adapter: type[Adapter], path: AttributePath, behaviour: Behaviour) -> Self:
        """Return a copy that is bound to the path.

        Raises FieldDoesNotExist for a column that the site does not have, MappingError for an
        attribute that the mapping cannot serve.
        """
        bound = copy.copy(self)
        bound.path, bound.full_name, bound.behaviour = path, path.full_name, behaviour
        bound.attribute = path.leaf
        bound.resolve(adapter)
        return bound

    def resolve(self, adapter: type[Adapter]) -> None:
        """Look up the Django fields that the declaration names."""

    # Reading

    def columns(self) -> dict[str, Selected]:
        """Return what to select: a name within this mapping, and an ORM path or expression."""
        return {}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        """Return the function from a row to the value.

        ``at`` is the position of each column in the row, ``wanted`` the attribute with the
        sub-attributes that the projection asks for.
        """
        raise NotImplementedError

    def digest(self, value: Any) -> Any:
        """Return the part of a value that counts for the version."""
        return value

    # Filtering and sorting

    def where(self, term: Comparison | ValueFilter, adapter: Adapter, negated: bool) -> Q:
        """Return the condition, from the link, of a filter's term on this attribute."""
        raise InvalidFilter(f"{self.path} cannot be used in a filter")

    def sort_key(self, path: AttributePath, adapter: Adapter) -> Sortable:
        """Return the expression to sort by; NULL where the value is absent."""
        raise InvalidValue(f"sortBy: {path} cannot be sorted by")

    # Writing

    def prepare(self, adapter: Any, value: Any, scim_id: str, values: Assigned) -> Any:
        """Return a value as it is to be staged. Runs before the transaction, for slow work.

        ``values`` is the body of a POST or PUT, empty for a PATCH; ``scim_id`` is empty for a
        POST. Raises a ScimError.
        """
        return value

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        """Stage one operation. Raises a ScimError if the attribute does not allow it."""
        raise NotImplementedError

    def keeps(self, unit: UnitOfWork, is_given: bool) -> bool:
        """Return whether a PUT that leaves the attribute empty leaves its value as it is.

        ``is_given`` says whether the body names the attribute at all, such as with null.
        """
        return self.behaviour.kept_on_put and not unit.is_new

    def current(self, unit: UnitOfWork) -> Any:
        """Return the value as staged so far, as JSON; None where no client writes it."""
        return None

    def unique_value(self, unit: UnitOfWork) -> Any:
        """Return the staged value that no other object may have."""
        return self.current(unit)

    def check_unique(self, unit: UnitOfWork) -> None:
        """Raise Uniqueness if another object has the staged value."""

    def change_kind(self, unit: UnitOfWork, change: Change) -> ChangeKind | None:
        """Return what a change of the attribute means for the event and the signals."""
        return self.behaviour.change_kind(unit, change)

    # What the checks of a declaration ask

    def related_model(self) -> Any:
        """Return the model that objects of the type ``to`` must be of."""
        return None

    def place(self) -> tuple[Any, ...]:
        """Return where values without a column are kept, from the outermost to the innermost."""
        return ()

    def new_rows(self) -> tuple[Any, set[str]] | None:
        """Return the model whose rows a write creates, and the columns that it fills."""
        return None

    def written_columns(self) -> Sequence[tuple[tuple[str, ...], Any]]:
        """Return the columns that a client's value is written to: relations and field of each."""
        return ()


class RelatedLoader:
    """Reads values for a whole page of resources at once, not for each of them."""

    def load(
        self, keys: list[Any], names: list[str], adapter: Adapter
    ) -> dict[tuple[Any, str], list[Any]]:
        """Return the rows for each (key of the object, name)."""
        raise NotImplementedError


def from_target(expression: Any) -> Selected:
    """Return an expression on the object as one to select from its link."""
    if isinstance(expression, str):
        return f"target__{expression}"

    def select(adapter: Adapter) -> Subquery:
        objects = adapter.model._base_manager.filter(pk=OuterRef("target_id"))
        return Subquery(objects.annotate(scim_value=expression).values("scim_value")[:1])

    return select

"""The base class of mappings. A mapping defines where the value of one attribute is stored.

Mappings are stateless. Each is bound once per process to its adapter class and its path. It reads
values (``columns``, ``loader``, ``reader``), filters and sorts (``where``, ``sort_key``), and
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
from ...query.columns import Sortable, WithDefault
from ..behaviours import Behaviour
from ..interfaces import Adapter, Assigned, Page
from ..writing.changes import Change
from ..writing.outcomes import ChangeKind
from ..writing.unit_of_work import UnitOfWork

Selected = str | Callable[[Adapter], Any]
Reader = Callable[[Sequence[Any], Page], Any]
CHARACTERISTICS = frozenset(each.name for each in fields(Attribute)) - {"name", "sub_attributes"}


class Mapping:
    """Base class. ``bind`` sets ``path``, ``attribute``, ``full_name`` and ``behaviour``."""

    path: AttributePath
    attribute: Attribute
    #: The path as text, as in declarations: ``"name.givenName"``.
    full_name: str
    #: The rules and effects of changes, in addition to storing the value.
    behaviour: Behaviour = Behaviour()
    #: True if the value is part of the resource's version. Derived values are not.
    versioned = True
    #: Loads the values for a whole page of resources, or None.
    loader: "RelatedLoader | None" = None
    #: The name of the mapping's values in its loader.
    name = ""
    #: True if it only writes columns and new rows, which can be inserted later, in a batch.
    can_batch = False
    #: The resource type that a reference or a membership refers to.
    to = ""
    #: True if values refer to other resources, of type ``to``.
    refers = False
    #: True for a writable list of members.
    has_members = False
    #: True if values must be unique (RFC 7643 section 7); see ``check_unique``.
    is_unique = False
    #: The column of the object that contains one value of a list.
    mirror = ""
    #: The column of the link that contains a reference to a resource which does not exist yet.
    pending = ""
    #: The ORM path, from the link, of the column with the value, and the column with its folded
    #: key. Empty if the value is not in a single column, or has no key.
    orm_path = key = ""
    #: Filters and sorts by that column, or by the value of an expression, or None.
    query_column: Any = None
    #: Set for a text in a column, which can serve as the display name of the resource.
    text_column: Column | None = None
    #: True if clients cannot change the value.
    is_derived = False
    _characteristics: Dict[str, Any] = {}

    def having(self, **characteristics: Any) -> Self:
        """Return the mapping with other characteristics of its attribute than in the schema.

        ``Field("username").having(mutability="readOnly")``: the names are those of ``Attribute``,
        such as mutability, required, returned, case_exact, canonical_values, strict. Raise
        TypeError for an unknown name.
        """
        if unknown := set(characteristics) - CHARACTERISTICS:
            raise TypeError(
                f"unknown characteristics: {', '.join(sorted(unknown))}; known are "
                f"{', '.join(sorted(CHARACTERISTICS))}"
            )
        changed = copy.copy(self)
        changed._characteristics = {**self._characteristics, **characteristics}
        return changed

    def describe(self, attribute: Attribute) -> Attribute:
        """Return the attribute with the characteristics that /Schemas publishes."""
        return replace(attribute, **self._characteristics) if self._characteristics else attribute

    def bind(self, adapter: type[Adapter], path: AttributePath, behaviour: Behaviour) -> Self:
        """Return a copy that is bound to the path.

        Raise FieldDoesNotExist if the site does not have a declared column, MappingError if the
        mapping does not fit the attribute.
        """
        bound = copy.copy(self)
        bound.path, bound.full_name, bound.behaviour = path, path.full_name, behaviour
        bound.attribute = path.leaf
        bound.resolve(adapter)
        return bound

    def resolve(self, adapter: type[Adapter]) -> None:
        """Look up the declared Django fields. Raise the errors that ``bind`` documents."""

    # Reading

    def columns(self) -> dict[str, Selected]:
        """Return the columns to select: ORM paths or expressions, by names for ``reader``."""
        return {}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        """Return the function that returns the value of a row.

        ``at`` contains the position of each column in the row, ``wanted`` the attribute with the
        requested sub-attributes.
        """
        raise NotImplementedError

    def digest(self, value: Any) -> Any:
        """Return the part of a value that counts for the resource's version."""
        return value

    def shown_text(self, adapter: Adapter) -> Column | WithDefault | None:
        """Return the column of the text that a resource shows; see ``text_column``."""
        return self.text_column

    # Filtering and sorting

    def where(self, term: Comparison | ValueFilter, adapter: Adapter, negated: bool) -> Q:
        """Return the condition on the link for a filter's term on this attribute.

        Raise InvalidFilter if the attribute cannot be used in a filter.
        """
        raise InvalidFilter(f"{self.path} cannot be used in a filter")

    def sort_key(self, path: AttributePath, adapter: Adapter) -> Sortable:
        """Return the expression to sort by, which is NULL if the value is absent.

        Raise InvalidValue if resources cannot be sorted by the attribute.
        """
        raise InvalidValue(f"sortBy: resources cannot be sorted by {path}")

    # Writing

    def prepare(self, adapter: Any, value: Any, scim_id: str, values: Assigned) -> Any:
        """Return the value in the form in which it is staged.

        This runs before the transaction, so it can do slow work such as hashing. ``values`` is the
        body of a POST or PUT and is empty for a PATCH; ``scim_id`` is empty for a POST. Raise a
        ScimError if the value is invalid.
        """
        return value

    def stage(self, unit: UnitOfWork, operation: Operation) -> None:
        """Stage one operation. Raise a ScimError if the attribute does not allow it."""
        raise NotImplementedError

    def current(self, unit: UnitOfWork) -> Any:
        """Return the staged value as JSON, None if clients cannot write it."""
        return None

    def unique_value(self, unit: UnitOfWork) -> Any:
        """Return the staged value that must be unique."""
        return self.current(unit)

    def check_unique(self, unit: UnitOfWork) -> None:
        """Raise Uniqueness if another object has the staged value."""

    def change_kind(self, unit: UnitOfWork, change: Change) -> ChangeKind | None:
        """Return the kind of change for the event and the signals, None for a plain update."""
        return self.behaviour.change_kind(unit, change)

    # For the checks of a declaration

    def related_model(self) -> Any:
        """Return the model that the resource type ``to`` must have, None for any model."""
        return None

    def place(self) -> tuple[Any, ...]:
        """Return the place of values that share a column or a table, from outside to inside.

        For example a JSON column and the keys in it. Two mappings must not have the same place.
        """
        return ()

    def new_rows(self) -> tuple[Any, set[str]] | None:
        """Return the model whose rows a write creates and the columns that it sets, or None."""
        return None

    def written_columns(self) -> Sequence[tuple[tuple[str, ...], Any]]:
        """Return the columns that a value is written to: relations and field of each."""
        return ()


class RelatedLoader:
    """Loads related values for a whole page of resources, instead of for each resource."""

    def load(
        self, keys: list[Any], names: list[str], adapter: Adapter
    ) -> dict[tuple[Any, str], list[Any]]:
        """Return the rows for each (primary key of the object, name)."""
        raise NotImplementedError


def from_target(expression: Any) -> Selected:
    """Return an expression on the object in the form that can be selected from its link."""
    if isinstance(expression, str):
        return f"target__{expression}"

    def select(adapter: Adapter) -> Subquery:
        objects = adapter.model._base_manager.filter(pk=OuterRef("target_id"))
        return Subquery(objects.annotate(scim_value=expression).values("scim_value")[:1])

    return select

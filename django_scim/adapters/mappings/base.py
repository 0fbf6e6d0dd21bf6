"""What every mapping is: an attribute's one declaration, from which all else follows.

A mapping is stateless and bound once per process to its adapter class and its path. It reads
(``columns``, ``loader``, ``reader``), answers filters and sorting (``where``, ``sort_key``) and
stages changes on a draft (``stage``), without touching the database in any of these.
"""

import copy
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Self

from django.db.models import OuterRef, Q, Subquery

from ...protocol.attributes import Attribute, AttributePath
from ...protocol.errors import InvalidFilter, InvalidValue
from ...protocol.filters import Comparison, ValueFilter

if TYPE_CHECKING:
    from ...protocol.messages.patch import Operation
    from ...query.columns import Sortable
    from ..base import ResourceAdapter
    from ..reading.plan import Page
    from ..writing.unit_of_work import UnitOfWork

Selected = str | Callable[["ResourceAdapter"], Any]
Reader = Callable[[Sequence[Any], "Page"], Any]
CHARACTERISTICS = frozenset(each.name for each in fields(Attribute)) - {"name", "sub_attributes"}


class Mapping:
    """Base of all mappings. ``path`` and ``attribute`` are set by ``bind``."""

    path: AttributePath
    attribute: Attribute
    #: Whether the value is part of the resource's version; derived values are not.
    versioned = True
    #: Whether the values of this mapping come in one batch for a page, and from where.
    loader: "RelatedLoader | None" = None
    #: The name of the mapping's values in its batch.
    name = ""
    #: Whether it writes no more than columns and new rows, which can wait for those of others.
    can_batch = False
    #: The resource type at the other end, for a mapping that refers to one.
    to = ""
    refers = False
    _characteristics: Dict[str, Any] = {}

    def having(self, **characteristics: Any) -> Self:
        """Return the mapping with other characteristics for its attribute than the schema's.

        ``Field("username").having(mutability="readOnly")``: names as in ``Attribute``, such as
        mutability, required, returned, case_exact, canonical_values, strict. Raises TypeError
        for a name that is none.
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
        """Return the attribute as this mapping serves it, which is what /Schemas shows."""
        return replace(attribute, **self._characteristics) if self._characteristics else attribute

    def bind(self, adapter: type["ResourceAdapter"], path: AttributePath) -> Self:
        """Return a copy bound to the path.

        Raises FieldDoesNotExist for a column that the site does not have, Misfit for an
        attribute that the mapping cannot serve.
        """
        bound = copy.copy(self)
        bound.path = path
        bound.attribute = path.leaf
        bound.resolve(adapter)
        return bound

    def resolve(self, adapter: type["ResourceAdapter"]) -> None:
        """Look up the Django fields that the declaration names."""

    def columns(self) -> dict[str, Selected]:
        """Return what to select: a name within this mapping, and an ORM path or expression."""
        return {}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        """Return the function from a row to the value; ``at`` gives each column's place."""
        raise NotImplementedError

    def digest(self, value: Any) -> Any:
        """Return the part of a value that counts for the resource's version."""
        return value

    def where(self, term: Comparison | ValueFilter, adapter: "ResourceAdapter", negated: bool) -> Q:
        """Return the Q of a filter's term on this attribute."""
        raise InvalidFilter(f"{self.path} cannot be used in a filter")

    def sort_key(self, path: AttributePath, adapter: "ResourceAdapter") -> "Sortable":
        """Return the expression to sort by; NULL where the value is absent."""
        raise InvalidValue(f"sortBy: {path} cannot be sorted by")

    def stage(self, unit: "UnitOfWork", operation: "Operation") -> None:
        """Apply one operation to the draft. Raises a ScimError for one that cannot be."""
        raise NotImplementedError

    def related_model(self) -> Any:
        """Return the model that objects of the type ``to`` must be of."""
        return None

    def place(self) -> tuple[Any, ...]:
        """Return where values are kept that have no column for themselves, from large to small."""
        return ()

    def new_rows(self) -> tuple[Any, set[str]] | None:
        """Return the model of which a write makes rows, and the columns that it gives them."""
        return None

    def written_columns(self) -> Sequence[tuple[tuple[str, ...], Any]]:
        """Return the columns that a client's value goes to: relations and field of each."""
        return ()


class RelatedLoader:
    """A source of values read for a whole page of resources at once, not for each of them."""

    def load(
        self, keys: list[Any], names: list[str], adapter: "ResourceAdapter"
    ) -> dict[tuple[Any, str], list[Any]]:
        """Return the rows of each (owner's key, name)."""
        raise NotImplementedError


def from_target(expression: Any) -> Selected:
    """Return what is said in the object's own terms as it is selected from the link."""
    if isinstance(expression, str):
        return f"target__{expression}"

    def select(adapter: "ResourceAdapter") -> Subquery:
        objects = adapter.model._base_manager.filter(pk=OuterRef("target_id"))
        return Subquery(objects.annotate(scim_value=expression).values("scim_value")[:1])

    return select

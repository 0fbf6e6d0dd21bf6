"""What every mapping is: an attribute's one declaration, from which all else follows.

A mapping is stateless and bound once per process to its adapter class and its path. It reads
(``columns``, ``batch``, ``reader``), answers filters and sorting (``where``, ``order``) and
stages changes on a draft (``stage``), without touching the database in either.
"""

import copy
from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from typing import TYPE_CHECKING, Any, Self

from django.db.models import Q

from ..protocol.attributes import Attribute, AttributePath
from ..protocol.errors import InvalidFilter, InvalidValue
from ..protocol.filters import Comparison, ValueFilter
from ..query import Constant as ConstantColumn

if TYPE_CHECKING:
    from ..protocol.patch import Operation
    from ..query.columns import Sortable
    from .base import ResourceAdapter
    from .draft import Draft
    from .plan import Page

Selected = str | Callable[["ResourceAdapter"], Any]
Reader = Callable[[Sequence[Any], "Page"], Any]


class Mapping:
    """Base of all mappings. ``path`` and ``attribute`` are set by ``bind``."""

    path: AttributePath
    attribute: Attribute
    #: Whether the value is part of the resource's version; derived values are not.
    versioned = True
    #: Whether ``Values`` of this mapping come in one batch for a page, and from where.
    batch: "Batch | None" = None
    #: The name of the mapping's values in its batch.
    name = ""

    def bind(self, adapter: type["ResourceAdapter"], path: AttributePath) -> Self:
        """Return a copy bound to the path. Raises FieldDoesNotExist for a wrong declaration."""
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

    def order(self, path: AttributePath, adapter: "ResourceAdapter") -> "Sortable":
        """Return the expression to sort by; NULL where the value is absent."""
        raise InvalidValue(f"sortBy: {path} cannot be sorted by")

    def stage(self, draft: "Draft", operation: "Operation") -> None:
        """Apply one operation to the draft. Raises a ScimError for one that cannot be."""
        raise NotImplementedError


class Batch:
    """A source of values read for a whole page of resources at once, not for each of them."""

    def load(
        self, keys: list[Any], names: list[str], adapter: "ResourceAdapter"
    ) -> dict[tuple[Any, str], list[Any]]:
        """Return the rows of each (owner's key, name)."""
        raise NotImplementedError


class Constant(Mapping):
    """A value that is the same for every resource, and that a client cannot change."""

    versioned = False

    def __init__(self, value: str) -> None:
        self.value = value

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        return lambda row, page: self.value

    def where(self, term: Any, adapter: "ResourceAdapter", negated: bool) -> Q:
        return ConstantColumn(self.value, self.attribute.case_exact).test(
            term.op, term.value, negated
        )

    def order(self, path: AttributePath, adapter: "ResourceAdapter") -> "Sortable":
        return ConstantColumn(self.value).order()

    def stage(self, draft: "Draft", operation: "Operation") -> None:
        """Ignore the change: whatever a client sends, the value stays."""


class Location(Mapping):
    """``meta.location``: the URI of the resource itself."""

    versioned = False

    def __init__(self, resource_type: str) -> None:
        self.resource_type = resource_type

    def columns(self) -> dict[str, Selected]:
        return {"id": "scim_id"}

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        index, name = at["id"], self.resource_type
        return lambda row, page: page.location(name, row[index])

    def stage(self, draft: "Draft", operation: "Operation") -> None:
        """Ignore the change: the server writes it."""


class Ignored(Mapping):
    """An attribute that is accepted and dropped, such as a password under single sign-on.

    It is never returned: the schema must say so.
    """

    versioned = False

    def reader(self, at: Dict[str, int], wanted: Attribute) -> Reader:
        return lambda row, page: None

    def stage(self, draft: "Draft", operation: "Operation") -> None:
        draft.ignored.append(str(self.path))

"""What the parts of an adapter need from each other.

A part that is imported by another one describes that one here, as a Protocol, instead of
importing it back.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from django.db.models import Expression, F, Q

from ..models import Connection
from ..protocol.attributes import AttributePath
from ..protocol.tolerances import Tolerances

Assigned = dict[AttributePath, Any]
"""The content of a request body: attribute to value, None where the body unassigns it."""


class Adapter(Protocol):
    """A resource type as its mappings, its unit of work and its statements see it."""

    name: ClassVar[str]
    endpoint: ClassVar[str]
    #: The site's model, and the subclass of AbstractLink that points at it.
    model: ClassVar[Any]
    link: ClassVar[Any]
    connection: Connection
    tolerances: Tolerances
    registry: Any
    #: The declaration with every mapping bound: ``adapters.declaration.Declaration``.
    declared: Any
    #: What a change of an attribute means beyond its value, by the attribute's path.
    behaviours: ClassVar[dict[str, Any]]
    #: Set for an adapter that has an ``after_commit`` hook.
    hears_commits: ClassVar[bool]

    def queryset(self) -> Any:
        """Return the links that the connection may see and change."""

    def unprotected(self) -> Q:
        """Return the condition, from the link, of the objects that a connection may touch."""

    def display(self) -> Expression | F:
        """Return the expression, from the link, of a resource's ``display`` elsewhere."""

    def name_of(self, link: Any) -> str:
        """Return an object's name for the event log."""

    def location_of(self, resource_type: str, scim_id: str) -> str:
        """Return the URI of a resource."""

    def unit_of_work(self, link: Any) -> Any:
        """Return the unit of work for a link and its object."""

    def save(self, unit: Any, *, is_side_effect: bool = False) -> Any:
        """Write a unit of work."""

    def before_save(self, unit: Any) -> None:
        """Run with everything staged and nothing written."""

    def after_save(self, unit: Any) -> None:
        """Run with everything written, inside the transaction."""

    def after_commit(self, change: Any) -> None:
        """Run once a change is committed."""


class Staged(Protocol):
    """The pending change of one attribute that is kept in rows, not in a column."""

    def is_changed(self) -> bool:
        """Return whether saving it would change anything."""

    def save(self) -> tuple[Any, Any] | None:
        """Write it. Return what the event shows as the old and the new value, None for none."""


class Page(Protocol):
    """What the readers of one page of resources share."""

    @property
    def location(self) -> Callable[..., str]:
        """The function from a resource's type and id to its URI."""

    def rows(self, loader: Any, key: Any, name: str) -> list[Any]:
        """Return the rows that a loader has read for one object."""

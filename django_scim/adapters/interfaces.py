"""Protocols for the parts of an adapter that use each other.

They avoid circular imports: a module that is imported by ``base`` depends on ``Adapter`` instead
of importing ``base``.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from django.db.models import Expression, F, Q

from ..models import Connection
from ..protocol.attributes import AttributePath
from ..protocol.tolerances import Tolerances

Assigned = dict[AttributePath, Any]
"""The content of a request body: attribute to value; None if the body unassigns the attribute."""


class Adapter(Protocol):
    """The parts of ``base.ResourceAdapter`` that mappings and units of work use."""

    name: ClassVar[str]
    endpoint: ClassVar[str]
    #: The site's model, and the subclass of AbstractLink whose target it is.
    model: ClassVar[Any]
    link: ClassVar[Any]
    connection: Connection
    tolerances: Tolerances
    base_url: str
    registry: Any
    #: The declaration with every mapping bound: ``adapters.declaration.Declaration``.
    declared: Any
    #: The behaviours of attributes, by path.
    behaviours: ClassVar[dict[str, Any]]
    #: Set for an adapter that has an ``after_commit`` hook.
    hears_commits: ClassVar[bool]
    #: Set for an adapter of the site with a ``save`` or ``after_save`` hook.
    follows_saves: ClassVar[bool]

    #: The attributes, and the URNs of extensions, that a person cannot change by ``/Me``.
    admin_attributes: ClassVar[frozenset[str]]

    def queryset(self) -> Any:
        """Return the links that the connection may see and change."""

    def unprotected(self) -> Q:
        """Return a condition on the link that selects the objects a connection may access."""

    @classmethod
    def sign_in_columns(cls) -> frozenset[str]:
        """Return the columns of the model with which people sign in."""

    @classmethod
    def privileged_objects(cls) -> Any:
        """Return a queryset of the objects whose members get permissions, or None."""

    def display(self) -> Expression | F:
        """Return an expression on the link: ``display`` or ``displayName`` in other resources."""

    def name_of(self, link: Any) -> str:
        """Return an object's name for the event log."""

    def location_of(self, resource_type: str, scim_id: str) -> str:
        """Return the URI of a resource."""

    def unit_of_work(self, link: Any) -> Any:
        """Return the unit of work for a link and its object."""

    def save(self, unit: Any, *, is_side_effect: bool = False) -> Any:
        """Save a unit of work, and send its signals after the commit."""

    def before_save(self, unit: Any) -> None:
        """Run after everything is staged and before anything is written."""

    def after_save(self, unit: Any) -> None:
        """Run after everything is written, inside the transaction."""

    def after_commit(self, change: Any) -> None:
        """Run after a change is committed."""


class Staged(Protocol):
    """The pending change of an attribute that is stored in rows instead of a column."""

    def is_changed(self) -> bool:
        """Return whether saving would change anything."""

    def save(self) -> tuple[Any, Any] | None:
        """Write the change. Return its old and new value for the event, or None."""


class Page(Protocol):
    """Data for the readers of one page of resources: loaded rows, and URIs."""

    @property
    def location(self) -> Callable[..., str]:
        """The function that returns a resource's URI, given its type and id."""

    def rows(self, loader: Any, key: Any, name: str) -> list[Any]:
        """Return the rows that a loader has read for one object and attribute."""

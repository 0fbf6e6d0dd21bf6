"""The base of all adapters: how one resource type is kept in the site's models.

A subclass declares; this class follows the declaration. An instance serves one request of one
connection, and knows nothing of HTTP.
"""

import copy
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.db import models
from django.db.models import Expression, F, Q, TextField, Value

from ..conf import settings
from ..models import AbstractLink, Connection
from ..protocol.attributes import Schema
from ..protocol.errors import NotFound
from ..protocol.messages.patch import Operation
from ..protocol.projection import FULL, Projection
from ..protocol.tolerances import Tolerances
from ..query import Column
from ..query.columns import text_or_empty
from .behaviours import Behaviour, Role
from .declaration import Declaration, build_declaration
from .interfaces import Assigned
from .mappings.base import Mapping
from .mappings.columns import Field
from .mappings.computed import Constant, Location
from .reading.plan import Plan, plan_for, pop_version
from .writing.locks import locked
from .writing.outcomes import ChangeKind, ResourceChange, announce, announce_unit
from .writing.side_effects import end_memberships, resolve_references
from .writing.staging import apply, assign, assign_given
from .writing.unit_of_work import Change, UnitOfWork


class ResourceAdapter:
    """Base of all adapters. See ``UserAdapter`` for a declaration."""

    #: The name in ``meta.resourceType``, and the endpoint below the base (RFC 7643 section 6).
    name: ClassVar[str]
    endpoint: ClassVar[str]
    description: ClassVar[str] = ""
    schema: ClassVar[Schema]
    extensions: ClassVar[list[Schema]] = []
    #: The extensions without which a resource is refused.
    required_extensions: ClassVar[list[Schema]] = []
    model: ClassVar[type[models.Model]]
    link: ClassVar[type[AbstractLink]]
    #: Where each attribute is kept: SCIM path to mapping. Everything follows from this.
    attributes: ClassVar[dict[str, Mapping]] = {}
    #: What a change of an attribute means beyond its value, whatever it is mapped to.
    behaviours: ClassVar[dict[str, Behaviour]] = {
        "externalId": Behaviour(Role.EXTERNAL_ID, kept_on_put=True)
    }
    #: The attribute that names a resource elsewhere, such as in the members of a group.
    display_attribute: ClassVar[str] = "displayName"
    #: Resource types that attributes may refer to although the site does not publish them.
    optional_types: ClassVar[frozenset[str]] = frozenset()
    #: The site's own rules for what clients send: a subclass of
    #: ``django_scim.api.serializers.ResourceSerializer``, or its dotted path.
    serializer_class: ClassVar[Any] = None
    #: Whether the answer to a PATCH is the resource, or 204 without a body (RFC 7644 3.5.2).
    returns_patched: ClassVar[bool] = True

    #: Set for a subclass that has an ``after_commit`` hook.
    hears_commits: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        cls.hears_commits = cls.after_commit is not ResourceAdapter.after_commit

    def __init__(
        self, registry: Any, connection: Connection, tolerances: Tolerances, base_url: str = ""
    ) -> None:
        self.registry, self.connection = registry, connection
        self.tolerances, self.base_url = tolerances, base_url
        self.declared = self.declaration()
        self.resource_schema = self.declared.resource_schema

    # The declaration

    @classmethod
    def declaration(cls) -> Declaration:
        """Return the declaration. Raises ImproperlyConfigured for one that has errors."""
        declaration = cls.examine_declaration()
        if declaration.errors:
            declaration.require_valid(cls.__name__)
        return declaration

    @classmethod
    def examine_declaration(cls) -> Declaration:
        """Return the declaration with its errors, for the system checks."""
        cached = cls.__dict__.get("_declaration")
        if cached is None or cached[0] is not settings.ADAPTERS:
            types: Any = settings.adapter_classes()
            cls._declaration = cached = (settings.ADAPTERS, build_declaration(cls, types))
        return cached[1]

    _declaration: ClassVar[tuple[dict[str, str], Declaration]]

    @classmethod
    def common(cls) -> dict[str, Mapping]:
        """Return the mappings of the attributes of every resource (RFC 7643 section 3.1)."""
        return {
            "id": Field("link.scim_id"),
            "externalId": Field("link.external_id"),
            "meta.resourceType": Constant(cls.name),
            "meta.created": Field("link.created"),
            "meta.lastModified": Field("link.last_modified"),
            "meta.location": Location(cls.name),
        }

    @classmethod
    def published_schemas(cls) -> list[Schema]:
        """Return the core schema and the extensions as /Schemas shows them."""
        declaration = cls.declaration()
        return [declaration.published(each) for each in declaration.resource_schema.schemas]

    @classmethod
    def fills_columns(cls) -> bool:
        """Return whether a hook of the adapter sets columns that no attribute is mapped to."""
        return cls.before_save is not ResourceAdapter.before_save

    # Which objects, and what they are called

    def queryset(self) -> Any:
        """Return the links that this connection may see and change. Nothing else exists for it."""
        links: Any = self.link._default_manager
        return links.filter(self.unprotected(), connection=self.connection, target__isnull=False)

    @classmethod
    def unprotected(cls) -> Q:
        """Return the condition, from the link, of the objects that a connection may touch."""
        return Q()

    def display(self) -> Expression | F:
        """Return the expression, from the link, of ``display`` and ``displayName`` elsewhere."""
        column = self._display_text()
        return text_or_empty(F(column.path)) if column else Value("", output_field=TextField())

    def label(self) -> Expression | F:
        """Return the expression, from the link, of an object's name in the event log."""
        return self.display()

    def display_column(self) -> Column:
        """Return the column of ``display``, to filter and sort by."""
        column = self._display_text()
        key = column.key if column else ""
        return Column("", nullable=False, source=self.display(), key=key)  # type: ignore[arg-type]

    def _display_text(self) -> Column | None:
        named = self.declared.by_path.get(self.display_attribute)
        return named.text_column if named else None

    def name_of(self, link: Any) -> str:
        """Return an object's name for the event log."""
        return str(link.target)

    def location_of(self, resource_type: str, scim_id: str) -> str:
        """Return the URI of a resource."""
        return f"{self.base_url}/{self.registry.endpoints[resource_type]}/{scim_id}"

    # Reading

    def read(self, links: Any, projection: Projection = FULL) -> list[dict[str, Any]]:
        """Return the resources of a queryset of links, in its order."""
        return [resource for resource, _ in self.read_with_columns(links, projection)]

    def read_with_columns(
        self, links: Any, projection: Projection, *columns: str
    ) -> list[tuple[dict[str, Any], Sequence[Any]]]:
        """Return the resources of a queryset of links, each with more columns of its link."""
        plan = self._plan(projection)
        rows = plan.fetch(links, self, *columns)
        resources = plan.resources(rows, self)
        return [(each, row[-len(columns) :]) for each, row in zip(resources, rows, strict=True)]

    def get(self, scim_id: str, projection: Projection = FULL) -> dict[str, Any]:
        """Return one resource. Raises NotFound."""
        plan = self._plan(projection)
        rows = plan.fetch_one(self.queryset().filter(scim_id=scim_id), self)
        if not rows:
            raise self.not_found(scim_id)
        return plan.resources(rows, self)[0]

    def _plan(self, projection: Projection) -> Plan:
        return plan_for(self.declared, projection)

    def version(self, link: Any) -> str:
        """Return the current version of a locked object."""
        return str(pop_version(self.get(link.scim_id, self.version_projection)))

    def versions(self, links: Iterable[Any]) -> dict[str, str]:
        """Return the current versions of several objects, by their ids."""
        found = self.queryset().filter(pk__in=[link.pk for link in links])
        resources = self.read(found, self.version_projection)
        return {each["id"]: str(pop_version(each)) for each in resources}

    @property
    def version_projection(self) -> Projection:
        """The smallest projection that has the version: without derived attributes."""
        return Projection(excluded=self.declared.derived)

    def not_found(self, scim_id: str) -> NotFound:
        return NotFound(f"{self.name} {scim_id[:64]!r} does not exist")

    # Writing, inside the caller's transaction

    def lock(self, scim_id: str) -> Any:
        """Return the link with its row and its object's locked. Raises NotFound."""
        link = locked(self.queryset().filter(scim_id=scim_id), self.model)
        if link is None:
            raise self.not_found(scim_id)
        return link

    def is_held(self, key: Any, except_for: Any = None) -> bool:
        """Return whether a connection has the object by more than its scope."""
        links: Any = self.link._default_manager
        held = links.filter(target=key, created_by_scope=False)
        return bool(held.exclude(pk=except_for).exists())

    def unit_of_work(self, link: Any) -> UnitOfWork:
        """Return the unit of work for a link and its object."""
        return UnitOfWork(self, link, link.target)

    def prepare(
        self, values: Assigned, scim_id: str = "", body: Assigned | None = None
    ) -> Assigned:
        """Return values as they are to be staged. Runs before the transaction, for slow work.

        ``body`` is all that a POST or PUT assigns, and is missing for a PATCH; ``scim_id`` is
        empty for a POST. Raises a ScimError.
        """
        mappings = self.declared.prepared
        return {
            path: mappings[path.full_name].prepare(self, value, scim_id, body or {})
            if value is not None and path.full_name in mappings
            else value
            for path, value in values.items()
        }

    def create(self, values: Assigned) -> UnitOfWork:
        """Create a resource from a body. Raises a ScimError."""
        return self.save(self.begin(values))

    def begin(self, values: Assigned) -> UnitOfWork:
        """Return the unit of work of a new resource, with a body staged."""
        unit = UnitOfWork(self, self.link(connection=self.connection), self.model())
        assign_given(unit, values)
        return unit

    def replace(self, link: Any, values: Assigned) -> UnitOfWork:
        """Give a resource exactly the attributes of a body (RFC 7644 section 3.5.1)."""
        unit = self.unit_of_work(link)
        assign(unit, values)
        return self.save(unit)

    def patch(self, link: Any, operations: list[Operation]) -> UnitOfWork:
        """Apply the operations of a PATCH one after the other (RFC 7644 section 3.5.2)."""
        unit = self.unit_of_work(link)
        for operation in operations:
            apply(unit, operation)
        return self.save(unit)

    def save(self, unit: UnitOfWork, *, is_side_effect: bool = False) -> UnitOfWork:
        """Write a unit of work, and send its signals after the commit.

        A side effect is a write that the client did not ask for. Raises a ScimError.
        """
        unit.save()
        announce_unit(unit, is_side_effect=is_side_effect)
        external_id = self.declared.by_role.get(Role.EXTERNAL_ID)
        name = external_id.full_name if external_id else ""
        if unit.is_new or any(change.path == name for change in unit.changes):
            resolve_references([unit])
        return unit

    def delete(self, link: Any) -> list[Change]:
        """Delete the object, and leave a tombstone, so that its id is never given again.

        An object that the site had before, or that another connection has, is only unlinked.
        Return what changed where the object lives on.
        """
        end_memberships(self, link)
        lives_on = link.preexisting or self.is_held(link.target_id, link.pk)
        link.former_target_key = str(link.target_id)
        target, link.target = link.target, None
        link.save(update_fields=["former_target_key", "target"])
        gone = copy.copy(target)  # deletion removes the key from the instance
        if not lives_on:
            target.delete()
        announce(ResourceChange(self, link, gone, frozenset({ChangeKind.DELETED})))
        return []

    # Hooks

    def before_save(self, unit: UnitOfWork) -> None:
        """Run with everything staged and nothing written. May stage more, or raise."""

    def after_save(self, unit: UnitOfWork) -> None:
        """Run with everything written, inside the transaction."""

    def after_commit(self, change: ResourceChange) -> None:
        """Run when a write is committed: to tell another system, to queue a task.

        An exception is logged; it neither undoes the write nor reaches the client. Not called
        for a write that changed nothing.
        """

    @classmethod
    def adopt(cls, link: Any) -> None:
        """Prepare the new link of an object that is assigned to a connection."""

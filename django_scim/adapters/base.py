"""The adapter: how one resource type lies on the site's models.

A subclass declares; this class follows the declaration. An instance serves one request of one
connection, and never knows HTTP.
"""

import copy
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Expression, F, Q, TextField, Value

from ..conf import settings
from ..models import AbstractLink, Connection
from ..protocol.attributes import AttributePath, ResourceSchema, Schema
from ..protocol.errors import NotFound
from ..protocol.messages.patch import Operation
from ..protocol.projection import FULL, Projection
from ..protocol.tolerances import Tolerances
from ..query import Column
from ..query.columns import text_or_empty
from .declaration import Declaration, build_declaration, published
from .mappings.base import Mapping
from .mappings.columns import Field
from .mappings.computed import Constant, Location
from .mappings.references import end_waiting
from .reading.plan import Plan, plan_for, pop_version
from .writing.locks import locked
from .writing.outcomes import ChangeKind, ResourceChange, announce, announce_unit
from .writing.side_effects import end_memberships
from .writing.unit_of_work import Change, UnitOfWork

Assigned = dict[AttributePath, Any]
"""What a body assigns: attribute to value, None where it unassigns."""


class ResourceAdapter:
    """Base of all adapters. See ``UserAdapter`` for a declaration."""

    #: The name in ``meta.resourceType`` and the endpoint under the base (RFC 7643 section 6).
    name: ClassVar[str]
    endpoint: ClassVar[str]
    description: ClassVar[str] = ""
    schema: ClassVar[Schema]
    extensions: ClassVar[list[Schema]] = []
    #: Those extensions without which a resource is refused.
    required_extensions: ClassVar[list[Schema]] = []
    model: ClassVar[type[models.Model]]
    link: ClassVar[type[AbstractLink]]
    #: SCIM path to mapping: the one declaration.
    attributes: ClassVar[dict[str, Mapping]] = {}
    #: Resource types that attributes may refer to though the site publishes none of them.
    optional_types: ClassVar[frozenset[str]] = frozenset()
    #: Rules of the site's own for what clients send: a subclass of
    #: ``django_scim.api.serializers.ResourceSerializer``, or its dotted path.
    serializer_class: ClassVar[Any] = None
    #: Whether a PATCH is answered with the resource, or with 204 alone (RFC 7644 3.5.2).
    returns_patched: ClassVar[bool] = True
    #: Attributes that a PUT leaves as they are when its body has none of them.
    kept_on_put: ClassVar[frozenset[str]] = frozenset({"externalId", "password"})

    def __init__(
        self, registry: Any, connection: Connection, tolerances: Tolerances, base_url: str = ""
    ) -> None:
        self.registry, self.connection = registry, connection
        self.tolerances, self.base_url = tolerances, base_url

    # The declaration, worked out

    @classmethod
    def declaration(cls) -> Declaration:
        """Return the declaration worked out. Raises ImproperlyConfigured for a flawed one."""
        declaration = cls.examined()
        for error in declaration.errors:
            if error.code.startswith("E"):
                raise ImproperlyConfigured(f"{cls.__name__}: {error.text} ({error.code})")
        return declaration

    @classmethod
    def examined(cls) -> Declaration:
        """Return the declaration worked out, with its flaws."""
        cached = cls.__dict__.get("_declaration")
        if cached is None or cached[0] is not settings.ADAPTERS:
            types: Any = settings.adapter_classes()
            cls._declaration = cached = (settings.ADAPTERS, build_declaration(cls, types))
        return cached[1]

    _declaration: ClassVar[tuple[dict[str, str], Declaration]]

    @classmethod
    def common(cls) -> dict[str, Mapping]:
        """The attributes that every resource has (RFC 7643 section 3.1)."""
        return {
            "id": Field("link.scim_id"),
            "externalId": Field("link.external_id"),
            "meta.resourceType": Constant(cls.name),
            "meta.created": Field("link.created"),
            "meta.lastModified": Field("link.last_modified"),
            "meta.location": Location(cls.name),
        }

    @property
    def resource_schema(self) -> ResourceSchema:
        return self.declaration().resource_schema

    def mappings_for(self, path: AttributePath) -> list[Mapping]:
        """Return the mappings behind a path: one, or those of a complex attribute's parts."""
        declaration = self.declaration()
        found = declaration.by_path.get(str(path)) or declaration.by_path.get(path.name)
        if found is not None:
            return [found]
        return declaration.by_name.get(path.name, []) if path.sub is None else []

    @classmethod
    def published_schemas(cls) -> list[Schema]:
        """Return the core schema and the extensions with what is mapped, as /Schemas shows them."""
        declaration = cls.declaration()
        return [published(each, declaration) for each in declaration.resource_schema.schemas]

    @classmethod
    def fills_columns(cls) -> bool:
        """Whether a hook of the adapter sets columns that no attribute is mapped to."""
        return cls.before_save is not ResourceAdapter.before_save

    # Which objects, and what they are called

    def queryset(self) -> Any:
        """Return the links that this connection may see and change; all else does not exist."""
        links: Any = self.link._default_manager
        return links.filter(self.unprotected(), connection=self.connection, target__isnull=False)

    @classmethod
    def unprotected(cls) -> Q:
        """Return the Q, from the link, of the objects that a connection may touch at all."""
        return Q()

    def display(self) -> Expression | F:
        """Return the expression, from the link, of ``display`` and ``displayName`` elsewhere."""
        named = self.declaration().display_field
        return text_or_empty(F(named.orm_path)) if named else Value("", output_field=TextField())

    def label(self) -> Expression | F:
        """Return the expression, from the link, of an object's name in the event log."""
        return self.display()

    def display_column(self) -> Column:
        named = self.declaration().display_field
        key = named.query_column.key if named else ""
        return Column("", nullable=False, source=self.display(), key=key)  # type: ignore[arg-type]

    def name_of(self, link: Any) -> str:
        """Return an object's name for the event log."""
        return str(link.target)

    def sibling(self, name: str) -> "ResourceAdapter":
        """Return the adapter of another resource type, for the same request."""
        return self.registry.adapter(name)

    def location_of(self, resource_type: str, scim_id: str) -> str:
        return f"{self.base_url}/{self.registry.endpoint(resource_type)}/{scim_id}"

    # Reading

    def _plan(self, projection: Projection) -> Plan:
        return plan_for(self.declaration(), projection)

    def read(self, links: Any, projection: Projection = FULL) -> list[dict[str, Any]]:
        """Return the resources of a queryset of links, in its order."""
        return [resource for resource, _ in self.read_beside(links, projection)]

    def read_beside(
        self, links: Any, projection: Projection, *columns: str
    ) -> list[tuple[dict[str, Any], Sequence[Any]]]:
        """Return the resources of a queryset of links, each with further columns of its link."""
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
        """The least projection that knows the version: without what is derived."""
        return Projection(excluded=self.declaration().derived)

    def not_found(self, scim_id: str) -> NotFound:
        return NotFound(f"{self.name} {scim_id[:64]!r} does not exist")

    # Writing, inside a transaction of the caller's

    def lock(self, scim_id: str) -> Any:
        """Return the link, its row and its object's locked. Raises NotFound."""
        link = locked(self.queryset().filter(scim_id=scim_id), self.model)
        if link is None:
            raise self.not_found(scim_id)
        return link

    def is_held(self, key: Any, except_for: Any = None) -> bool:
        """Whether a connection has a link to the object that is more than its scope."""
        links: Any = self.link._default_manager
        held = links.filter(target=key, created_by_scope=False)
        return bool(held.exclude(pk=except_for).exists())

    def unit_of_work(self, link: Any) -> UnitOfWork:
        return UnitOfWork(self, link, link.target)

    def create(self, values: Assigned) -> UnitOfWork:
        """Stage and save a new object. Raises a ScimError; the caller's transaction undoes it."""
        return self.save(self.begin(values))

    def save(self, unit: UnitOfWork, *, is_side_effect: bool = False) -> UnitOfWork:
        """Write a draft, and let the site hear of it after the commit.

        A consequence is a write that the client did not ask for, but that follows from one.
        """
        unit.save()
        announce_unit(unit, is_side_effect=is_side_effect)
        if unit.is_new or unit.changed("externalId"):
            end_waiting([unit])
        return unit

    def prepare(self, path: AttributePath, value: Any, scim_id: str, values: Assigned) -> Any:
        """Return a value as it is to be staged; the one step outside of the transaction.

        For what takes long. ``values`` is the body of a POST or PUT, empty for a PATCH; ``scim_id``
        is empty for a POST. Raises a ScimError.
        """
        return value

    def begin(self, values: Assigned) -> UnitOfWork:
        """Return the draft of a new resource, a body staged on it."""
        unit = UnitOfWork(self, self.link(connection=self.connection), self.model())
        self.assign_given(unit, values)
        return unit

    def replace(self, link: Any, values: Assigned) -> UnitOfWork:
        """Give an object exactly the attributes of a body (RFC 7644 section 3.5.1)."""
        unit = self.unit_of_work(link)
        self.assign(unit, values)
        return self.save(unit)

    def patch(self, link: Any, operations: list[Operation]) -> UnitOfWork:
        """Apply the operations of a PATCH one after the other (RFC 7644 section 3.5.2)."""
        unit = self.unit_of_work(link)
        for operation in operations:
            self.apply(unit, operation)
        return self.save(unit)

    def delete(self, link: Any) -> list[Change]:
        """Delete the object and leave the tombstone: the id is never given again.

        What the site had before, or another connection has, is only let go of. Return what changed
        where the object lives on.
        """
        end_memberships(self, link)
        lives_on = link.preexisting or self.is_held(link.target_id, link.pk)
        link.former_target_key = str(link.target_id)
        target, link.target = link.target, None
        link.save(update_fields=["former_target_key", "target"])
        gone = copy.copy(target)  # deletion takes the key from the instance
        if not lives_on:
            target.delete()
        announce(self, link, gone, frozenset({ChangeKind.DELETED}), [])
        return []

    def assign(self, unit: UnitOfWork, values: Assigned) -> None:
        """Stage a whole body: what it has replaces, what it has not is unassigned."""
        given = {str(path): value for path, value in values.items()}
        for path in self.declaration().writable_paths:
            value = given.get(str(path))
            if value is None and self.keeps(unit, path, str(path) in given):
                continue
            whole = path.attribute.is_complex and not path.attribute.multi_valued
            if value is None or whole:  # a complex one keeps none of its parts
                self.apply(unit, Operation("remove", path))
            if value is not None:
                self.apply(unit, Operation("replace", path, None, value))

    def assign_given(self, unit: UnitOfWork, values: Assigned) -> None:
        """Stage what a body has; what it has not stays."""
        for path, value in values.items():
            if value is not None:
                self.apply(unit, Operation("replace", path, None, value))

    def keeps(self, unit: UnitOfWork, path: AttributePath, is_given: bool) -> bool:
        """Whether an attribute that a body leaves empty keeps its state."""
        return not unit.is_new and path.name in self.kept_on_put

    def apply(self, unit: UnitOfWork, operation: Operation) -> None:
        """Hand an operation to the mappings behind its path; a complex one to each of its parts.

        A remove clears every part, a replace or add sets those that it names (RFC 7644 3.5.2.3).
        """
        path, mapping = operation.path, self.declaration().by_path.get(str(operation.path))
        if mapping is None and path.sub is not None:
            mapping = self.declaration().by_path.get(path.name)
        if mapping is not None:
            mapping.stage(unit, operation)
            return
        for part in self.mappings_for(path):
            assert part.path.sub is not None
            if operation.op == "remove":
                part.stage(unit, Operation("remove", part.path))
            elif part.path.sub.name in operation.value:
                value = operation.value[part.path.sub.name]
                part.stage(unit, Operation(operation.op, part.path, None, value))

    # Hooks

    def before_save(self, unit: UnitOfWork) -> None:
        """Called with everything staged and nothing written."""

    def after_save(self, unit: UnitOfWork) -> None:
        """Called with everything written, inside the transaction."""

    def after_commit(self, write: ResourceChange) -> None:
        """Called when a write is committed: to tell another system, to queue a task.

        An exception is logged; it neither undoes the write nor reaches the client. Not called
        for a write that changed nothing.
        """

    @classmethod
    def adopt(cls, link: Any) -> None:
        """Prepare the new link of an object that the site gives to a connection."""

    @classmethod
    def hears_commits(cls) -> bool:
        """Whether a subclass has an ``after_commit`` of its own."""
        return cls.after_commit is not ResourceAdapter.after_commit

"""The adapter: how one resource type lies on the site's models.

A subclass declares; this class follows the declaration. An instance serves one request of one
connection, and never knows HTTP.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.db import connections, models
from django.db.models import Expression, F, Q, Value

from ..models import AbstractLink, Connection
from ..protocol.attributes import AttributePath, ResourceSchema, Schema
from ..protocol.bodies import read_resource
from ..protocol.errors import NotFound
from ..protocol.patch import Operation
from ..protocol.projection import FULL, Projection
from ..protocol.tolerances import Tolerances
from ..query import Column
from .draft import Change, Draft
from .fields import Field
from .mapping import Constant, Location, Mapping
from .plan import Plan, plan_for, take_version


@dataclass(frozen=True, eq=False)
class Compiled:
    """What is worked out of an adapter class once per process."""

    resource_schema: ResourceSchema
    mappings: tuple[Mapping, ...]
    by_path: dict[str, Mapping]


class ResourceAdapter:
    """Base of all adapters. See ``UserAdapter`` for a declaration."""

    #: The name in ``meta.resourceType`` and the endpoint under the base (RFC 7643 section 6).
    name: ClassVar[str]
    endpoint: ClassVar[str]
    description: ClassVar[str] = ""
    schema: ClassVar[Schema]
    extensions: ClassVar[list[Schema]] = []
    model: ClassVar[type[models.Model]]
    link: ClassVar[type[AbstractLink]]
    #: SCIM path to mapping: the one declaration.
    attributes: ClassVar[dict[str, Mapping]] = {}
    #: Attributes that a PUT leaves as they are when its body has none of them.
    kept_on_put: ClassVar[frozenset[str]] = frozenset({"externalId", "password"})

    def __init__(
        self, registry: Any, connection: Connection, tolerances: Tolerances, base_url: str = ""
    ) -> None:
        self.registry, self.connection = registry, connection
        self.tolerances, self.base_url = tolerances, base_url

    # The declaration, worked out

    @classmethod
    def compiled(cls) -> Compiled:
        if "_compiled" not in cls.__dict__:
            cls._compiled = _compile(cls)
        return cls._compiled

    _compiled: ClassVar[Compiled]

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
        return self.compiled().resource_schema

    def mappings_for(self, path: AttributePath) -> list[Mapping]:
        """Return the mappings behind a path: one, or those of a complex attribute's parts."""
        by_path = self.compiled().by_path
        found = by_path.get(str(path)) or by_path.get(path.name)
        if found is not None:
            return [found]
        if path.sub is None:
            return [m for m in self.compiled().mappings if m.path.name == path.name]
        return []

    @classmethod
    def published(cls, schema: Schema) -> dict[str, Any]:
        """Return a schema as /Schemas shows it: what is mapped, and nothing else."""
        mapped = cls.compiled().by_path
        attributes = []
        for attribute in schema.attributes:
            path = AttributePath(schema.id, attribute, None, schema is not cls.schema)
            subs = [s.name for s in attribute.sub_attributes if f"{path}.{s.name}" in mapped]
            if str(path) in mapped:
                attributes.append(attribute)
            elif subs:
                attributes.append(attribute.only(subs))
        return Schema(schema.id, schema.name, schema.description, tuple(attributes)).to_json()

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
        return Value("")

    def label(self) -> Expression | F:
        """Return the expression, from the link, of an object's name in the event log."""
        return self.display()

    def display_column(self) -> Column:
        return Column("", nullable=False, source=self.display())  # type: ignore[arg-type]

    def name_of(self, link: Any) -> str:
        """Return an object's name for the event log."""
        return str(link.target)

    def sibling(self, name: str) -> "ResourceAdapter":
        """Return the adapter of another resource type, for the same request."""
        return self.registry.adapter(name)

    def location_of(self, resource_type: str, scim_id: str) -> str:
        return f"{self.base_url}/{self.registry.endpoint(resource_type)}/{scim_id}"

    # Reading

    @cached_property
    def _full_plan(self) -> Plan:
        return plan_for(type(self), FULL)  # type: ignore[arg-type]

    def read(self, links: Any, projection: Projection = FULL) -> list[dict[str, Any]]:
        """Return the resources of a queryset of links, in its order."""
        plan = plan_for(type(self), projection)  # type: ignore[arg-type]
        return plan.resources(plan.fetch(links, self), self)

    def get(self, scim_id: str, projection: Projection = FULL) -> dict[str, Any]:
        """Return one resource. Raises NotFound."""
        found = self.read(self.queryset().filter(scim_id=scim_id), projection)
        if not found:
            raise self.not_found(scim_id)
        return found[0]

    def version(self, link: Any) -> str:
        """Return the current version of a locked object."""
        resource = self.get(link.scim_id, self.version_projection)
        return str(take_version(resource))

    @property
    def version_projection(self) -> Projection:
        """The least projection that knows the version: without what is derived."""
        derived = {m.path.name for m in self.compiled().mappings if not m.versioned and m.batch}
        return Projection(excluded=frozenset(derived))

    def not_found(self, scim_id: str) -> NotFound:
        return NotFound(f"{self.name} {scim_id[:64]!r} does not exist")

    # Writing, inside a transaction of the caller's

    def lock(self, scim_id: str) -> Any:
        """Return the link, its row and its object's locked. Raises NotFound."""
        # A condition on a column makes the join an inner one: PostgreSQL cannot lock the
        # nullable side of an outer join.
        column = next(f for f in self.model._meta.concrete_fields if not (f.primary_key or f.null))
        links = self.queryset().filter(**{f"target__{column.name}__isnull": False})
        link = for_update(links.select_related("target").filter(scim_id=scim_id)).first()
        if link is None:
            raise self.not_found(scim_id)
        return link

    def draft(self, link: Any) -> Draft:
        return Draft(self, link, link.target)

    def create(self, body: Any) -> Draft:
        """Stage and save a new object. Raises a ScimError; the caller's transaction undoes it."""
        values = read_resource(body, self.resource_schema, self.tolerances)
        target = self.former(values) or self.model()
        draft = Draft(self, self.link(connection=self.connection), target)
        self.assign(draft, values)
        if draft.has_past:
            self.revive(draft)
        draft.save()
        return draft

    def revive(self, draft: Draft) -> None:
        """Called for an object that comes back, with the new body staged."""

    def former(self, values: dict[AttributePath, Any]) -> Any:
        """Return the object that this connection deleted and that now comes back, or None."""
        return None

    def replace(self, link: Any, body: Any) -> Draft:
        """Give an object exactly the attributes of a body (RFC 7644 section 3.5.1)."""
        values = read_resource(body, self.resource_schema, self.tolerances)
        draft = self.draft(link)
        self.assign(draft, values)
        draft.save()
        return draft

    def patch(self, link: Any, operations: list[Operation]) -> Draft:
        """Apply the operations of a PATCH one after the other (RFC 7644 section 3.5.2)."""
        draft = self.draft(link)
        for operation in operations:
            self.apply(draft, operation)
        draft.save()
        return draft

    def delete(self, link: Any) -> list[Change]:
        """Delete the object and leave the tombstone: the id is never given again.

        Return what changed where the object lives on.
        """
        link.former = str(link.target_id)
        target, link.target = link.target, None
        link.save(update_fields=["former", "target"])
        target.delete()
        return []

    def assign(self, draft: Draft, values: dict[AttributePath, Any]) -> None:
        """Stage a whole body: what it has replaces, what it has not is unassigned."""
        by_name = {str(path): (path, value) for path, value in values.items()}
        for path in self.resource_schema.paths():
            if path.attribute.mutability == "readOnly" or path.attribute.name == "schemas":
                continue
            _, value = by_name.get(str(path), (path, None))
            if value is None and self.keeps(draft, path, str(path) in by_name):
                continue
            if value is None or self.compiled().by_path.get(str(path)) is None:
                self.apply(draft, Operation("remove", path))
            if value is not None:
                self.apply(draft, Operation("replace", path, None, value))

    def keeps(self, draft: Draft, path: AttributePath, is_given: bool) -> bool:
        """Whether an attribute that a body leaves empty keeps its state."""
        return not draft.has_past or (not draft.is_new and path.name in self.kept_on_put)

    def apply(self, draft: Draft, operation: Operation) -> None:
        """Hand an operation to the mappings behind its path; a complex one to each of its parts.

        A remove clears every part, a replace or add sets those that it names (RFC 7644 3.5.2.3).
        """
        path, mapping = operation.path, self.compiled().by_path.get(str(operation.path))
        if mapping is None and path.sub is not None:
            mapping = self.compiled().by_path.get(path.name)
        if mapping is not None:
            mapping.stage(draft, operation)
            return
        for part in self.mappings_for(path):
            assert part.path.sub is not None
            if operation.op == "remove":
                part.stage(draft, Operation("remove", part.path))
            elif part.path.sub.name in operation.value:
                value = operation.value[part.path.sub.name]
                part.stage(draft, Operation(operation.op, part.path, None, value))

    # Hooks

    def before_save(self, draft: Draft) -> None:
        """Called with everything staged and nothing written."""

    def after_save(self, draft: Draft) -> None:
        """Called with everything written, inside the transaction."""


def for_update(links: Any) -> Any:
    """Return a queryset that locks its rows, but not their keys where the database knows that.

    A new row that refers to a locked one (a membership) then does not wait for it.
    """
    features = connections[links.db].features
    return links.select_for_update(no_key=features.has_select_for_no_key_update)


def _compile(adapter: type[ResourceAdapter]) -> Compiled:
    """Bind every declared mapping to its path. Raises LookupError for an unknown attribute."""
    schema = ResourceSchema(adapter.name, adapter.schema, tuple(adapter.extensions))
    mappings = []
    for text, mapping in (adapter.common() | adapter.attributes).items():
        path = schema.find(text)
        if path is None:
            raise LookupError(f"{adapter.__name__}: no schema has the attribute {text!r}")
        mappings.append(mapping.bind(adapter, path))
    by_path = {str(mapping.path): mapping for mapping in mappings}
    return Compiled(schema, tuple(mappings), by_path)

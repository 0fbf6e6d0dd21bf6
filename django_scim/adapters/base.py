"""The base class of adapters. An adapter maps one resource type to the site's models.

A subclass contains the declaration; this class reads and writes according to it. An instance
serves one request of one connection and does not depend on HTTP.
"""

from typing import Any, ClassVar

from django.db import models
from django.db.models import Expression, F, Q, TextField, Value

from ..conf import settings
from ..models import AbstractLink, Connection
from ..protocol.attributes import Schema
from ..protocol.errors import NotFound
from ..protocol.messages.patch import Operation
from ..protocol.tolerances import Tolerances
from ..query import Column
from ..query.columns import WithDefault, text_or_empty
from .behaviours import Behaviour, Role
from .declaration import Declaration, build_declaration
from .interfaces import Assigned
from .mappings.base import Mapping
from .mappings.columns import Field
from .mappings.computed import Constant, Location
from .reading.resources import ResourceReader
from .writing import deletion
from .writing.changes import Change
from .writing.locks import locked
from .writing.outcomes import ResourceChange, announce_unit
from .writing.privileges import has_permissions
from .writing.protected_attributes import kept_attributes, permitted, refuse_personal_changes
from .writing.side_effects import resolve_references
from .writing.staging import apply_all, assign, assign_given, prepared
from .writing.unit_of_work import UnitOfWork


class ResourceAdapter(ResourceReader):
    """Base of all adapters. See ``UserAdapter`` for a declaration."""

    #: The name in ``meta.resourceType``, and the endpoint below the base (RFC 7643 section 6).
    name: ClassVar[str]
    endpoint: ClassVar[str]
    description: ClassVar[str] = ""
    schema: ClassVar[Schema]
    extensions: ClassVar[list[Schema]] = []
    #: The extensions that every resource must have.
    required_extensions: ClassVar[list[Schema]] = []
    model: ClassVar[type[models.Model]]
    link: ClassVar[type[AbstractLink]]
    #: The mapping of each attribute, by the attribute's SCIM path.
    attributes: ClassVar[dict[str, Mapping]] = {}
    #: The behaviours of attributes, by path. They apply to any mapping of the attribute.
    behaviours: ClassVar[dict[str, Behaviour]] = {
        "externalId": Behaviour(Role.EXTERNAL_ID, kept_on_put=True, cleared_by_null=True)
    }
    #: The attribute that other resources show as ``display``, such as a group's members.
    display_attribute: ClassVar[str] = "displayName"
    #: Paths that together make a person's name for the search in the event log, if the resource
    #: has no display name: alternatives, each with one or several paths.
    full_names: ClassVar[tuple[str, ...]] = ()
    #: Resource types that attributes may refer to even if the site does not publish them.
    optional_types: ClassVar[frozenset[str]] = frozenset()
    #: Additional validation of request bodies: a subclass of
    #: ``django_scim.api.serializers.ResourceSerializer``, or its dotted path.
    serializer_class: ClassVar[Any] = None
    #: True if the response to a PATCH contains the resource, False for 204 without a body
    #: (RFC 7644 section 3.5.2).
    returns_patched: ClassVar[bool] = True

    #: The attributes, and the URNs of extensions, that a person cannot change by ``/Me``.
    admin_attributes: ClassVar[frozenset[str]] = frozenset({"externalId"})

    #: Set for a subclass that has an ``after_commit`` hook.
    hears_commits: ClassVar[bool] = False
    #: Set for a subclass of the site with a ``save`` or ``after_save`` hook, which runs after the
    #: rows of an object are written.
    follows_saves: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.hears_commits = cls.after_commit is not ResourceAdapter.after_commit
        own = (hook.__module__.startswith("django_scim.") for hook in (cls.save, cls.after_save))
        cls.follows_saves = not all(own)

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
        """Return the declaration. Raise ImproperlyConfigured if it has errors."""
        declaration = cls.examine_declaration()
        if declaration.errors:
            declaration.require_valid(cls.__name__)
        return declaration

    @classmethod
    def examine_declaration(cls) -> Declaration:
        """Return the declaration together with its errors, for the system checks."""
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
        """Return the core schema and the extensions as /Schemas returns them."""
        declaration = cls.declaration()
        return [declaration.published(each) for each in declaration.resource_schema.schemas]

    @classmethod
    def sign_in_columns(cls) -> frozenset[str]:
        """Return the columns of the model with which people sign in; only accounts have some."""
        return frozenset()

    @classmethod
    def privileged_objects(cls) -> Any:
        """Return a queryset that selects the objects that give permissions to their members.

        The default, None, means that no object of this type does.

        The result is kept for the whole process; its rows are read by each write.
        """
        return None

    @classmethod
    def fills_columns(cls) -> bool:
        """Return whether a hook of the adapter sets columns that no attribute is mapped to."""
        return not cls.before_save.__module__.startswith("django_scim.")

    # Objects and their names

    def queryset(self) -> Any:
        """Return the links that this connection may see and change."""
        links: Any = self.link._default_manager
        return links.filter(self.unprotected(), connection=self.connection, target__isnull=False)

    @classmethod
    def unprotected(cls) -> Q:
        """Return a condition on the link that selects the objects a connection may access."""
        return Q()

    def display(self) -> Expression | F:
        """Return an expression on the link: ``display`` or ``displayName`` in other resources."""
        column = self._display_text()
        return text_or_empty(column.expression) if column else Value("", output_field=TextField())

    def label(self) -> Expression | F:
        """Return an expression on the link: the object's name in the event log."""
        return self.display()

    def display_column(self) -> Column | WithDefault:
        """Return the column that filters and sorts by ``display``."""
        column = self._display_text()
        if isinstance(column, WithDefault):
            return column
        key = column.key if column else ""
        return Column("", nullable=False, source=self.display(), key=key)  # type: ignore[arg-type]

    def _display_text(self) -> Column | WithDefault | None:
        mapping = self.declared.by_path.get(self.display_attribute)
        return mapping.shown_text(self) if mapping else None

    def name_of(self, link: Any) -> str:
        """Return an object's name for the event log."""
        return str(link.target)

    def location_of(self, resource_type: str, scim_id: str) -> str:
        """Return the URI of a resource."""
        return f"{self.base_url}/{self.registry.endpoints[resource_type]}/{scim_id}"

    def not_found(self, scim_id: str) -> NotFound:
        return NotFound(f"{self.name} {scim_id[:64]!r} does not exist")

    # Writing, inside the caller's transaction

    def lock(self, scim_id: str) -> Any:
        """Lock the rows of a link and its object, and return the link. Raise NotFound."""
        link = locked(self.queryset().filter(scim_id=scim_id), self.model)
        if link is None:
            raise self.not_found(scim_id)
        return link

    def has_explicit_link(self, key: Any, except_for: Any = None) -> bool:
        """Return whether an object has a link that was not created by a connection's scope.

        ``except_for`` is the primary key of a link that does not count.
        """
        links: Any = self.link._default_manager
        explicit = links.filter(target=key, created_by_scope=False)
        return bool(explicit.exclude(pk=except_for).exists())

    def unit_of_work(self, link: Any) -> UnitOfWork:
        """Return the unit of work for a link and its object."""
        return UnitOfWork(self, link, link.target)

    def prepare(
        self, values: Assigned, scim_id: str = "", body: Assigned | None = None
    ) -> Assigned:
        """Return the values in the form in which they are staged.

        This runs before the transaction, so that mappings can do slow work such as hashing. A PATCH
        has no ``body``, a POST no ``scim_id``. Raise a ScimError if values are invalid.
        """
        return prepared(self, values, scim_id, body or {})

    def create(self, values: Assigned) -> UnitOfWork:
        """Create a resource from a body. Raise a ScimError if it cannot be stored."""
        return self.save(self.begin(values))

    def begin(self, values: Assigned) -> UnitOfWork:
        """Return the unit of work of a new resource, with the body staged."""
        unit = UnitOfWork(self, self.link(connection=self.connection), self.model())
        assign_given(unit, values)
        return unit

    def replace(self, link: Any, values: Assigned) -> UnitOfWork:
        """Replace the attributes of a resource by those of a body (RFC 7644 section 3.5.1)."""
        unit = self.unit_of_work(link)
        is_personal = self.registry.acts_for_person
        is_limited = unit.is_locked or is_personal
        assign(unit, values, kept_attributes(unit, values) if is_limited else ())
        if is_personal:
            refuse_personal_changes(unit)
        return self.save(unit)

    def patch(self, link: Any, operations: list[Operation]) -> UnitOfWork:
        """Apply the operations of a PATCH in their order (RFC 7644 section 3.5.2)."""
        unit = self.unit_of_work(link)
        apply_all(unit, permitted(unit, operations) if unit.is_locked else operations)
        if self.registry.acts_for_person:
            refuse_personal_changes(unit)
        return self.save(unit)

    def save(self, unit: UnitOfWork, *, is_side_effect: bool = False) -> UnitOfWork:
        """Save a unit of work, and send its signals after the commit.

        A side effect is a write that the client did not request. Raise a ScimError if the changes
        cannot be stored.
        """
        unit.save()
        announce_unit(unit, is_side_effect=is_side_effect)
        external_id = self.declared.by_role.get(Role.EXTERNAL_ID)
        name = external_id.full_name if external_id else ""
        if unit.is_new or any(change.path == name for change in unit.changes):
            resolve_references([unit])
        return unit

    def delete(self, link: Any) -> list[Change]:
        """Delete the object, or only unlink it if it ``stays``; see ``writing.deletion``."""
        return deletion.delete(self, link)

    def stays(self, link: Any) -> bool:
        """Return whether the object of a deleted resource stays on the site.

        It does if it existed before the connection, if another connection has it too, and if it
        has permissions and is no account.
        """
        return (
            link.preexisting
            or self.has_explicit_link(link.target_id, link.pk)
            or (not self.sign_in_columns() and has_permissions(self, link.target_id))
        )

    # Hooks

    def before_save(self, unit: UnitOfWork) -> None:
        """Run after everything is staged and before anything is written.

        May stage more changes, or raise a ScimError to reject the write.
        """

    def after_save(self, unit: UnitOfWork) -> None:
        """Run after everything is written, inside the transaction."""

    def after_commit(self, change: ResourceChange) -> None:
        """Run after a write is committed, for example to queue a task.

        An exception is logged; it neither undoes the write nor reaches the client. Not called
        for a write that changed nothing.
        """

    @classmethod
    def adopt(cls, link: Any) -> None:
        """Prepare the unsaved link of an object that an admin assigns to a connection.

        Raise ValidationError if the connection cannot have the object.
        """

"""An adapter's declaration, evaluated once per process: every mapping bound to its path."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured

from ..protocol.attributes import Attribute, AttributePath, Schema
from ..protocol.resource_schema import ResourceSchema
from .behaviours import Behaviour, Role
from .declaration_checks import (
    DeclarationError,
    column_errors,
    link_errors,
    missing,
    overlaps,
    privileged_errors,
    schema_errors,
    wrong_targets,
)
from .mappings.base import Mapping, RelatedLoader
from .model_paths import MappingError
from .subjects import NO_SUBJECT, SubjectPaths, subject_paths


@dataclass(frozen=True, eq=False)
class Declaration:
    """An adapter's schemas as its mappings change them, and the mappings bound to their paths."""

    resource_schema: ResourceSchema
    mappings: tuple[Mapping, ...]
    errors: tuple[DeclarationError, ...] = ()
    #: The fields of the columns with which people sign in.
    sign_in_fields: frozenset[Any] = frozenset()
    #: Selects the objects that give permissions to their members; None if no object does.
    privileged: Any = None
    #: The paths of the values that name a resource in events.
    subject: SubjectPaths = NO_SUBJECT
    by_path: dict[str, Mapping] = field(init=False)
    by_name: dict[str, list[Mapping]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_path", {each.full_name: each for each in self.mappings})
        by_name: dict[str, list[Mapping]] = {}
        for mapping in self.mappings:
            by_name.setdefault(mapping.path.name, []).append(mapping)
        object.__setattr__(self, "by_name", by_name)

    def mappings_for(self, path: AttributePath) -> list[Mapping]:
        """Return the mapping of a path, or the mappings of a complex attribute's parts."""
        mapping = self.by_path.get(path.full_name) or self.by_path.get(path.name)
        if mapping is not None:
            return [mapping]
        return self.by_name.get(path.name, []) if path.sub is None else []

    @cached_property
    def by_role(self) -> dict[Role, Mapping]:
        """The mappings of the attributes that this app depends on, by their role."""
        return {m.behaviour.role: m for m in self.mappings if m.behaviour.role is not None}

    @cached_property
    def before_save(self) -> tuple[Mapping, ...]:
        """The mappings whose behaviour runs before a write."""
        plain = Behaviour.before_save
        return tuple(m for m in self.mappings if type(m.behaviour).before_save is not plain)

    @cached_property
    def after_save(self) -> tuple[Mapping, ...]:
        """The mappings whose behaviour runs after a write."""
        plain = Behaviour.after_save
        return tuple(m for m in self.mappings if type(m.behaviour).after_save is not plain)

    @cached_property
    def prepared(self) -> dict[str, Mapping]:
        """The mappings that prepare a value before the transaction, by the attribute's path."""
        own = (m for m in self.mappings if type(m).prepare is not Mapping.prepare)
        return {mapping.full_name: mapping for mapping in own}

    @cached_property
    def locked(self) -> tuple[Mapping, ...]:
        """The attributes that an adopted account keeps until an admin confirms the link.

        Among them are all that write a column with which people sign in.
        """
        return tuple(m for m in self.mappings if m.behaviour.locked or self.writes_sign_in(m))

    def writes_sign_in(self, mapping: Mapping) -> bool:
        """Return whether a mapping writes a column with which people sign in."""
        return any(field in self.sign_in_fields for _, field in mapping.written_columns())

    @cached_property
    def derived(self) -> frozenset[str]:
        """The names of the attributes of which no part counts for the version."""
        counted = {m.path.name for m in self.mappings if m.versioned}
        return frozenset(m.path.name for m in self.mappings) - counted

    @cached_property
    def unique(self) -> tuple[Mapping, ...]:
        """The attributes whose values must be unique."""
        return tuple(m for m in self.mappings if m.is_unique)

    @cached_property
    def mirrored(self) -> tuple[Mapping, ...]:
        """The lists of which one value is stored in a column of the object."""
        return tuple(m for m in self.mappings if m.mirror)

    @cached_property
    def waiting(self) -> tuple[Mapping, ...]:
        """The references that may refer to a resource which does not exist yet."""
        return tuple(m for m in self.mappings if m.pending)

    @cached_property
    def members(self) -> tuple[Mapping, ...]:
        """The writable lists of members."""
        return tuple(m for m in self.mappings if m.has_members)

    @cached_property
    def loaders(self) -> dict[RelatedLoader, list[str]]:
        """The names of the attributes that each loader reads."""
        names: dict[RelatedLoader, list[str]] = {}
        for mapping in self.mappings:
            if mapping.loader is not None:
                names.setdefault(mapping.loader, []).append(mapping.name)
        return names

    @cached_property
    def writable_paths(self) -> tuple[AttributePath, ...]:
        """The attributes that a PUT assigns or unassigns."""
        return tuple(
            path
            for path in self.resource_schema.paths()
            if path.attribute.mutability != "readOnly" and not path.is_schemas
        )

    def published(self, schema: Schema) -> Schema:
        """Return a schema as /Schemas returns it: with the mapped attributes only."""
        attributes = []
        is_extension = schema is not self.resource_schema.schema
        for attribute in schema.attributes:
            path = AttributePath(schema.id, attribute, None, is_extension)
            subs = [sub.name for sub in attribute.sub_attributes]
            parts = [name for name in subs if f"{path}.{name}" in self.by_path]
            if str(path) in self.by_path:
                attributes.append(attribute)
            elif parts:
                attributes.append(attribute.only(parts))
        return Schema(schema.id, schema.name, schema.description, tuple(attributes))

    def require_valid(self, name: str) -> None:
        """Raise ImproperlyConfigured if the declaration has an error.

        A declaration with errors is not used at all, not even the valid part of it.
        """
        for error in self.errors:
            if error.code.startswith("E"):
                raise ImproperlyConfigured(f"{name}: {error.text} ({error.code})")


def build_declaration(adapter: Any, types: dict[str, Any]) -> Declaration:
    """Bind every declared mapping of an adapter class to its path, and collect the errors.

    ``types`` are the adapter classes of the resource types that the site publishes.
    """
    declared = ResourceSchema(
        adapter.name,
        adapter.schema,
        tuple(adapter.extensions),
        frozenset(schema.id for schema in adapter.required_extensions),
    )
    errors = [*schema_errors(declared), *_extension_errors(adapter), *link_errors(adapter)]
    if errors:
        return Declaration(declared, (), tuple(errors))
    errors += _behaviour_errors(adapter, declared)
    known = _known_mappings(adapter, declared, types, errors)
    errors += overlaps(known)
    schema = _described(declared, known)
    if misdescribed := list(schema_errors(schema)):
        return Declaration(schema, (), (*errors, *misdescribed))
    bound = _bound(adapter, schema, known, errors)
    errors += wrong_targets(bound, types)
    errors += missing(schema, known)
    if not errors:
        errors += column_errors(adapter, bound)
    fields = frozenset(adapter.model._meta.get_field(name) for name in adapter.sign_in_columns())
    if refused := list(privileged_errors(adapter)):
        return Declaration(schema, tuple(bound), (*errors, *refused), fields)
    subject = NO_SUBJECT if errors else subject_paths(adapter, schema)
    privileged = adapter.privileged_objects()
    return Declaration(schema, tuple(bound), tuple(errors), fields, privileged, subject)


def _extension_errors(adapter: Any) -> list[DeclarationError]:
    return [
        DeclarationError("E021", f"{schema.id} is required, but it is not in extensions")
        for schema in adapter.required_extensions
        if schema not in adapter.extensions
    ]


def _behaviour_errors(adapter: Any, schema: ResourceSchema) -> Iterator[DeclarationError]:
    """Report behaviours that would have no effect."""
    for text, behaviour in adapter.behaviours.items():
        path = schema.find(text) if isinstance(text, str) else None
        if not isinstance(behaviour, Behaviour):
            what = f"behaviours: {text}: {behaviour!r} is not a Behaviour"
            yield DeclarationError("E017", what)
        elif path is None:
            yield DeclarationError("E004", f"behaviours: {_unknown(schema, text)}")
        elif str(path) != text:
            yield DeclarationError("E004", f"behaviours: {text!r} must be written {str(path)!r}")


def _known_mappings(
    adapter: Any, schema: ResourceSchema, types: dict[str, Any], errors: list[DeclarationError]
) -> dict[str, Mapping]:
    """Return the mappings whose attributes are in the schemas, by the attributes' full names."""
    known: dict[str, Mapping] = {}
    for text, mapping in (adapter.common() | adapter.attributes).items():
        path = schema.find(text) if isinstance(text, str) else None
        if not isinstance(mapping, Mapping):
            errors.append(DeclarationError("E017", f"{text}: {mapping!r} is not a mapping"))
        elif path is None:
            errors.append(DeclarationError("E004", _unknown(schema, text)))
        elif mapping.refers and not (isinstance(mapping.to, str) and mapping.to in types):
            if not isinstance(mapping.to, str) or mapping.to not in adapter.optional_types:
                what = f"{path} refers to {mapping.to!r}, which is not published"
                errors.append(DeclarationError("E009", what))
        elif str(path) in known:
            errors.append(DeclarationError("E005", f"{path} is declared twice ({text!r})"))
        else:
            known[str(path)] = mapping
    return known


def _bound(
    adapter: Any,
    schema: ResourceSchema,
    mappings: dict[str, Mapping],
    errors: list[DeclarationError],
) -> list[Mapping]:
    """Return the mappings bound to their paths, each with the behaviour of its attribute."""
    bound = []
    for text, mapping in mappings.items():
        path = schema.find(text)
        assert path is not None
        behaviour = adapter.behaviours.get(text, Mapping.behaviour)
        try:
            bound.append(mapping.bind(adapter, path, behaviour))
        except FieldDoesNotExist as error:
            errors.append(DeclarationError("E003", f"{text}: {error}"))
        except MappingError as error:
            errors.append(DeclarationError(error.code, f"{text}: {error}"))
        except (TypeError, AttributeError, ValueError, LookupError) as error:
            what = f"{text}: {type(mapping).__name__} cannot serve it: {error}"
            errors.append(DeclarationError("E007", what))
    return bound


def _unknown(schema: ResourceSchema, text: Any) -> str:
    """Return the error for an attribute in no schema, with the known path that resembles it most.

    Only the names are compared: any two paths with the URN of the same schema resemble each other.
    """
    paths = [str(path) for path in schema.paths()]
    paths += [f"{path}.{sub.name}" for path in schema.paths()
              for sub in path.attribute.sub_attributes]  # fmt: skip
    names = [path.rpartition(":")[2] for path in paths]
    close = get_close_matches(str(text).rpartition(":")[2], names, 1)
    alike = [path for path, name in zip(paths, names, strict=True) if name in close]
    best = get_close_matches(str(text), alike, 1, cutoff=0)
    meant = f"; did you mean {best[0]!r}?" if best else ""
    return f"none of its schemas has the attribute {text!r}{meant}"


def _described(schema: ResourceSchema, mappings: dict[str, Mapping]) -> ResourceSchema:
    """Return the schemas with the characteristics that the mappings change."""
    changed: dict[str, dict[str, Attribute]] = {}
    for text, mapping in mappings.items():
        path = schema.find(text)
        assert path is not None
        described = mapping.describe(path.leaf)
        if described is path.leaf or path.attribute not in schema_attributes(schema, path):
            continue
        names = changed.setdefault(path.schema, {})
        attribute = names.get(path.attribute.name, path.attribute)
        names[attribute.name] = attribute.with_sub(described) if path.sub else described
    core, *extensions = (each.replaced(changed.get(each.id, {})) for each in schema.schemas)
    return ResourceSchema(schema.name, core, tuple(extensions), schema.required_extensions)


def schema_attributes(schema: ResourceSchema, path: AttributePath) -> tuple[Attribute, ...]:
    """Return the attributes of a path's schema, () for a common attribute."""
    containing = schema.by_urn(path.schema)
    return containing.attributes if containing else ()

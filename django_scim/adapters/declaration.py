"""What is worked out of an adapter's declaration once per process, and what is wrong with it."""

from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist

from ..protocol.attributes import Attribute, AttributePath, ResourceSchema, Schema
from .declaration_checks import (
    DeclarationError,
    column_errors,
    link_errors,
    missing,
    overlaps,
    schema_errors,
    strangers,
)
from .mappings.base import Mapping, RelatedLoader
from .mappings.columns import Field
from .mappings.memberships import Members
from .mappings.references import Reference
from .mappings.user_values import Values
from .model_paths import LINK, MappingError

if TYPE_CHECKING:
    from .base import ResourceAdapter


@dataclass(frozen=True, eq=False)
class Declaration:
    """An adapter's schemas as its mappings serve them, and the mappings bound to their paths."""

    resource_schema: ResourceSchema
    mappings: tuple[Mapping, ...]
    errors: tuple[DeclarationError, ...] = ()
    by_path: dict[str, Mapping] = field(init=False)
    by_name: dict[str, list[Mapping]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_path", {str(m.path): m for m in self.mappings})
        by_name: dict[str, list[Mapping]] = {}
        for mapping in self.mappings:
            by_name.setdefault(mapping.path.name, []).append(mapping)
        object.__setattr__(self, "by_name", by_name)

    @cached_property
    def derived(self) -> frozenset[str]:
        """The attributes read in a batch of their own that are no part of the version."""
        return frozenset(m.path.name for m in self.mappings if not m.versioned and m.loader)

    @cached_property
    def unique(self) -> tuple[Field, ...]:
        """The columns in which no two rows may hold the same value (RFC 7643 section 7)."""
        return tuple(
            mapping
            for mapping in self.mappings
            if isinstance(mapping, Field)
            and mapping.validate  # where the site's rules do not hold, the adapter has its own
            and mapping.relations != LINK
            and (mapping.field.unique or mapping.attribute.uniqueness in ("server", "global"))
        )

    @cached_property
    def display_field(self) -> Field | None:
        """The column of displayName, where it is one."""
        named = self.by_path.get("displayName")
        return named if isinstance(named, Field) and named.conversion.kind == "text" else None

    @cached_property
    def mirrored(self) -> tuple[Values, ...]:
        """The lists of which one value is in a column of the object."""
        return tuple(m for m in self.mappings if isinstance(m, Values) and m.mirror)

    @cached_property
    def waiting(self) -> tuple[Reference, ...]:
        """The references that may name a resource which is not there yet."""
        return tuple(m for m in self.mappings if isinstance(m, Reference) and m.pending)

    @cached_property
    def members(self) -> tuple[Members, ...]:
        """The lists of members that a client writes."""
        return tuple(m for m in self.mappings if isinstance(m, Members))

    @cached_property
    def loaders(self) -> dict[RelatedLoader, list[str]]:
        """The names of the attributes in each batch."""
        found: dict[RelatedLoader, list[str]] = {}
        for mapping in self.mappings:
            if mapping.loader is not None:
                found.setdefault(mapping.loader, []).append(mapping.name)
        return found

    @cached_property
    def writable_paths(self) -> tuple[AttributePath, ...]:
        """What a PUT assigns or unassigns."""
        return tuple(
            path
            for path in self.resource_schema.paths()
            if path.attribute.mutability != "readOnly" and path.attribute.name != "schemas"
        )


def build_declaration(
    adapter: type["ResourceAdapter"], types: dict[str, type["ResourceAdapter"]]
) -> Declaration:
    """Bind every declared mapping to its path, and gather what is wrong on the way.

    ``types`` are the adapters of the resource types that the site publishes.
    """
    errors: list[DeclarationError] = []
    declared = ResourceSchema(
        adapter.name,
        adapter.schema,
        tuple(adapter.extensions),
        frozenset(schema.id for schema in adapter.required_extensions),
    )
    errors += schema_errors(declared)
    errors += (
        DeclarationError("E021", f"{schema.id} is required, but it is not in extensions")
        for schema in adapter.required_extensions
        if schema not in adapter.extensions
    )
    errors += link_errors(adapter)
    if errors:
        return Declaration(declared, (), tuple(errors))
    known: dict[str, Mapping] = {}
    for text, mapping in (adapter.common() | adapter.attributes).items():
        path = declared.find(text) if isinstance(text, str) else None
        if not isinstance(mapping, Mapping):
            errors.append(DeclarationError("E017", f"{text}: {mapping!r} is not a mapping"))
        elif path is None:
            errors.append(DeclarationError("E004", _unknown(declared, text)))
        elif mapping.refers and not (isinstance(mapping.to, str) and mapping.to in types):
            if not isinstance(mapping.to, str) or mapping.to not in adapter.optional_types:
                errors.append(
                    DeclarationError(
                        "E009", f"{path} refers to {mapping.to!r}, which is not published"
                    )
                )
        elif str(path) in known:
            errors.append(DeclarationError("E005", f"{path} is declared twice ({text!r})"))
        else:
            known[str(path)] = mapping
    errors += overlaps(known)
    schema = _described(declared, known)
    if misdescribed := list(schema_errors(schema)):
        return Declaration(schema, (), (*errors, *misdescribed))
    bound = []
    for text, mapping in known.items():
        path = schema.find(text)
        assert path is not None
        try:
            bound.append(mapping.bind(adapter, path))
        except FieldDoesNotExist as error:
            errors.append(DeclarationError("E003", f"{text}: {error}"))
        except MappingError as error:
            errors.append(DeclarationError(error.code, f"{text}: {error}"))
        except (TypeError, AttributeError, ValueError, LookupError) as error:
            errors.append(
                DeclarationError(
                    "E007", f"{text}: {type(mapping).__name__} cannot serve it: {error}"
                )
            )
    errors += strangers(bound, types)
    errors += missing(schema, known)
    if not errors:
        errors += column_errors(adapter, bound)
    return Declaration(schema, tuple(bound), tuple(errors))


def _unknown(schema: ResourceSchema, text: Any) -> str:
    paths = [str(path) for path in schema.paths()]
    paths += [f"{path}.{sub.name}" for path in schema.paths()
              for sub in path.attribute.sub_attributes]  # fmt: skip
    close = get_close_matches(str(text), paths, 1)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return f"none of its schemas has the attribute {text!r}{meant}"


def _described(schema: ResourceSchema, mappings: dict[str, Mapping]) -> ResourceSchema:
    """Return the schemas with every attribute as its mapping serves it."""
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
    """Return the attributes of the schema that a path is in; the common ones are in none."""
    found = schema.by_urn(path.schema)
    return found.attributes if found else ()


def published(schema: Schema, declaration: Declaration) -> Schema:
    """Return a schema as /Schemas shows it: what is mapped, and nothing else."""
    attributes = []
    is_extension = schema is not declaration.resource_schema.schema
    for attribute in schema.attributes:
        path = AttributePath(schema.id, attribute, None, is_extension)
        parts = [
            sub.name
            for sub in attribute.sub_attributes
            if f"{path}.{sub.name}" in declaration.by_path
        ]
        if str(path) in declaration.by_path:
            attributes.append(attribute)
        elif parts:
            attributes.append(attribute.only(parts))
    return Schema(schema.id, schema.name, schema.description, tuple(attributes))

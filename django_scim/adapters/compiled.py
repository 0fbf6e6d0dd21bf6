"""What is worked out of an adapter's declaration once per process, and what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from ..models import AbstractLink
from ..protocol.attributes import Attribute, AttributePath, ResourceSchema, Schema
from ..protocol.definitions import problems
from .fields import LINK, Field
from .mapping import Batch, Mapping, Misfit
from .members import Members
from .records import needs_value
from .references import Reference
from .values import Values

if TYPE_CHECKING:
    from .base import ResourceAdapter


class Flaw(NamedTuple):
    """Something in a declaration that cannot work; ``code`` is the system check's."""

    code: str
    text: str


@dataclass(frozen=True, eq=False)
class Compiled:
    """An adapter's schemas as its mappings serve them, and the mappings bound to their paths."""

    resource_schema: ResourceSchema
    mappings: tuple[Mapping, ...]
    flaws: tuple[Flaw, ...] = ()
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
        return frozenset(m.path.name for m in self.mappings if not m.versioned and m.batch)

    @cached_property
    def unique(self) -> tuple[Field, ...]:
        """The columns in which no two rows may hold the same value (RFC 7643 section 7)."""
        return tuple(
            mapping
            for mapping in self.mappings
            if isinstance(mapping, Field)
            and mapping.validate  # where the site's rules do not hold, the adapter has its own
            and mapping.hops != LINK
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
    def batches(self) -> dict[Batch, list[str]]:
        """The names of the attributes in each batch."""
        found: dict[Batch, list[str]] = {}
        for mapping in self.mappings:
            if mapping.batch is not None:
                found.setdefault(mapping.batch, []).append(mapping.name)
        return found

    @cached_property
    def writable_paths(self) -> tuple[AttributePath, ...]:
        """What a PUT assigns or unassigns."""
        return tuple(
            path
            for path in self.resource_schema.paths()
            if path.attribute.mutability != "readOnly" and path.attribute.name != "schemas"
        )


def compile_adapter(
    adapter: type["ResourceAdapter"], types: dict[str, type["ResourceAdapter"]]
) -> Compiled:
    """Bind every declared mapping to its path, and gather what is wrong on the way.

    ``types`` are the adapters of the resource types that the site publishes.
    """
    flaws: list[Flaw] = []
    declared = ResourceSchema(
        adapter.name,
        adapter.schema,
        tuple(adapter.extensions),
        frozenset(schema.id for schema in adapter.required_extensions),
    )
    flaws += _schema_flaws(declared)
    flaws += (
        Flaw("E010", f"{schema.id} is required, but no extension of it")
        for schema in adapter.required_extensions
        if schema not in adapter.extensions
    )
    flaws += _link_flaws(adapter)
    if flaws:
        return Compiled(declared, (), tuple(flaws))
    known: dict[str, Mapping] = {}
    for text, mapping in (adapter.common() | adapter.attributes).items():
        path = declared.find(text) if isinstance(text, str) else None
        if not isinstance(mapping, Mapping):
            flaws.append(Flaw("E007", f"{text}: {mapping!r} is no mapping"))
        elif path is None:
            flaws.append(Flaw("E004", _unknown(declared, text)))
        elif mapping.refers and not (isinstance(mapping.to, str) and mapping.to in types):
            if not isinstance(mapping.to, str) or mapping.to not in adapter.optional_types:
                flaws.append(Flaw("E009", f"{path} refers to {mapping.to!r}, which no adapter is"))
        elif str(path) in known:
            flaws.append(Flaw("E005", f"{path} is declared twice ({text!r})"))
        else:
            known[str(path)] = mapping
    flaws += _overlaps(known)
    schema = _described(declared, known)
    if misdescribed := list(_schema_flaws(schema)):
        return Compiled(schema, (), (*flaws, *misdescribed))
    bound = []
    for text, mapping in known.items():
        path = schema.find(text)
        assert path is not None
        try:
            bound.append(mapping.bind(adapter, path))
        except FieldDoesNotExist as error:
            flaws.append(Flaw("E003", f"{text}: {error}"))
        except Misfit as error:
            flaws.append(Flaw("E007", f"{text}: {error}"))
        except (TypeError, AttributeError, ValueError, LookupError) as error:
            flaws.append(Flaw("E007", f"{text}: {type(mapping).__name__} cannot serve it: {error}"))
    flaws += _strangers(bound, types)
    flaws += _missing(schema, known)
    if not flaws:
        flaws += _column_flaws(adapter, bound)
    return Compiled(schema, tuple(bound), tuple(flaws))


def _unknown(schema: ResourceSchema, text: Any) -> str:
    paths = [str(path) for path in schema.paths()]
    paths += [f"{path}.{sub.name}" for path in schema.paths()
              for sub in path.attribute.sub_attributes]  # fmt: skip
    close = get_close_matches(str(text), paths, 1)
    meant = f"; did you mean {close[0]!r}?" if close else ""
    return f"no schema of it has the attribute {text!r}{meant}"


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


def _schema_flaws(schema: ResourceSchema) -> Iterator[Flaw]:
    seen: set[str] = set()
    for each in schema.schemas:
        try:
            found = list(problems(each))
        except (TypeError, AttributeError) as error:
            found = [f"it is made of something else than Attribute: {error}"]
        yield from (Flaw("E008", f"schema {each.id}: {problem}") for problem in found)
        urn = str(each.id).lower()
        if urn in seen:
            yield Flaw("E008", f"schema {each.id} is there twice")
        seen.add(urn)


def _overlaps(mappings: dict[str, Mapping]) -> Iterator[Flaw]:
    """A complex attribute is mapped whole or in parts; both would be two writers."""
    parts = {text.rpartition(".")[0]: text for text in mappings}
    for whole in parts.keys() & mappings.keys():
        yield Flaw("E005", f"{whole} is declared whole, and {parts[whole]} once more")


def _strangers(
    mappings: list[Mapping], types: dict[str, type["ResourceAdapter"]]
) -> Iterator[Flaw]:
    """Relations that lead to other objects than those of the type they are said to lead to."""
    for mapping in mappings:
        if (far := mapping.far_model()) and not issubclass(types[mapping.to].model, far):
            yield Flaw(
                "E009",
                f"{mapping.path} leads to {far._meta.label}, but {mapping.to} is "
                f"{types[mapping.to].model._meta.label}",
            )


def _missing(schema: ResourceSchema, mappings: dict[str, Mapping]) -> Iterator[Flaw]:
    for path in schema.required:
        if not any(text == str(path) or text.startswith(f"{path}.") for text in mappings):
            yield Flaw("E006", f"{path} is required by its schema and has no mapping")


def _link_flaws(adapter: type["ResourceAdapter"]) -> Iterator[Flaw]:
    link = getattr(adapter, "link", None)
    if not (isinstance(link, type) and issubclass(link, AbstractLink)):
        yield Flaw("E010", "link must be a subclass of django_scim.models.AbstractLink")
        return
    options: Any = link._meta
    try:
        target = options.get_field("target")
    except FieldDoesNotExist:
        yield Flaw("E010", f"{link.__name__} has no foreign key named target")
        return
    if not target.null or target.remote_field.on_delete is not models.SET_NULL:
        yield Flaw("E010", f"{link.__name__}.target must be null=True, on_delete=SET_NULL")
    model = target.related_model
    if not (isinstance(model, type) and issubclass(adapter.model, model)):
        yield Flaw("E010", f"{link.__name__}.target leads to {model}, not to {adapter.model}")


def _column_flaws(adapter: type["ResourceAdapter"], mappings: list[Mapping]) -> Iterator[Flaw]:
    """Two attributes in one column, and columns that nobody fills."""
    writers: dict[Any, Mapping] = {}
    for mapping in mappings:
        for column in mapping.written_columns():
            if mapping.attribute.mutability == "readOnly":
                continue
            if column in writers:
                where = ".".join((*column[0], column[1].name))
                yield Flaw(
                    "E005",
                    f"{mapping.path} and {writers[column].path} are both written to {where!r}",
                )
            writers[column] = mapping
    yield from _places(mappings)
    for mapping in mappings:
        if mapping.attribute.mutability != "readOnly" and (made := mapping.new_rows()):
            model, given = made
            for name in _needed(model, given):
                yield Flaw(
                    "W002", f"{mapping.path} makes rows of {model.__name__} without {name!r}"
                )
    if not adapter.fills_columns():
        yield from _unfilled(adapter, set(writers))


def _unfilled(adapter: type["ResourceAdapter"], written: set[Any]) -> Iterator[Flaw]:
    """What a new object, its link and the rows that belong to it need, and nobody sets."""
    filled: dict[tuple[str, ...], set[str]] = {(): set(), LINK: {"target"}}
    filled[LINK] |= {each.name for each in AbstractLink._meta.fields}
    models_of: dict[tuple[str, ...], Any] = {(): adapter.model, LINK: adapter.link}
    for hops, column in written:
        model = models_of.setdefault(hops, column.model)
        owners = {each.name for each in model._meta.concrete_fields if hops and each.one_to_one}
        filled.setdefault(hops, owners).add(column.name)
    for hops, model in models_of.items():
        for name in _needed(model, filled[hops]):
            yield Flaw(
                "W002",
                f"a new {model.__name__} needs {name!r}, which no attribute and no hook sets",
            )


def _needed(model: Any, filled: set[str]) -> Iterator[str]:
    """The columns without which no row can be made, but for those that are filled."""
    for each in model._meta.concrete_fields:
        has_value = each.empty_strings_allowed and not each.unique
        if each.name not in filled and needs_value(each) and not has_value:
            yield each.name


def _places(mappings: list[Mapping]) -> Iterator[Flaw]:
    """Two attributes at one place of a JSON column, or in the same rows."""
    taken: list[tuple[Any, Mapping]] = []
    for mapping in mappings:
        place = mapping.place()
        if not place or mapping.attribute.mutability == "readOnly":
            continue
        for other, holder in taken:
            shorter = min(len(place), len(other))
            if place[:shorter] == other[:shorter]:
                yield Flaw("E005", f"{mapping.path} and {holder.path} are kept in one place")
        taken.append((place, mapping))


def published(schema: Schema, compiled: Compiled) -> Schema:
    """Return a schema as /Schemas shows it: what is mapped, and nothing else."""
    attributes = []
    is_extension = schema is not compiled.resource_schema.schema
    for attribute in schema.attributes:
        path = AttributePath(schema.id, attribute, None, is_extension)
        parts = [
            sub.name for sub in attribute.sub_attributes if f"{path}.{sub.name}" in compiled.by_path
        ]
        if str(path) in compiled.by_path:
            attributes.append(attribute)
        elif parts:
            attributes.append(attribute.only(parts))
    return Schema(schema.id, schema.name, schema.description, tuple(attributes))

"""Errors in an adapter's declaration. Each becomes a message of a system check."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db import models

from ..models import AbstractLink
from ..protocol.resource_schema import ResourceSchema
from ..protocol.schema_validation import problems
from .mappings.base import Mapping
from .model_paths import LINK
from .writing.persistence import needs_value


class DeclarationError(NamedTuple):
    """An error in a declaration; ``code`` is the id of the system check's message."""

    code: str
    text: str


def schema_errors(schema: ResourceSchema) -> Iterator[DeclarationError]:
    """Yield the errors in the definitions of the schemas (RFC 7643 section 7)."""
    seen: set[str] = set()
    for each in schema.schemas:
        try:
            found = list(problems(each))
        except (TypeError, AttributeError) as error:
            found = [f"it has something other than Attribute objects: {error}"]
        yield from (DeclarationError("E008", f"schema {each.id}: {problem}") for problem in found)
        urn = str(each.id).lower()
        if urn in seen:
            yield DeclarationError("E020", f"schema {each.id} is there twice")
        seen.add(urn)


def overlaps(mappings: dict[str, Mapping]) -> Iterator[DeclarationError]:
    """Yield the complex attributes that are mapped both as a whole and in parts."""
    parts = {text.rpartition(".")[0]: text for text in mappings}
    for whole in parts.keys() & mappings.keys():
        yield DeclarationError("E005", f"{whole} is declared both as a whole and as {parts[whole]}")


def wrong_targets(mappings: list[Mapping], types: dict[str, Any]) -> Iterator[DeclarationError]:
    """Yield the relations whose model is not that of the resource type they refer to."""
    for mapping in mappings:
        if (far := mapping.related_model()) and not issubclass(types[mapping.to].model, far):
            yield DeclarationError(
                "E022",
                f"{mapping.path} leads to {far._meta.label}, but the model of {mapping.to} is "
                f"{types[mapping.to].model._meta.label}",
            )


def missing(schema: ResourceSchema, mappings: dict[str, Mapping]) -> Iterator[DeclarationError]:
    """Yield the required attributes without a mapping."""
    for path in schema.required:
        if not any(text == str(path) or text.startswith(f"{path}.") for text in mappings):
            yield DeclarationError("E006", f"{path} is required by its schema, but has no mapping")


def link_errors(adapter: Any) -> Iterator[DeclarationError]:
    """Yield the errors in an adapter's link model."""
    link = getattr(adapter, "link", None)
    if not (isinstance(link, type) and issubclass(link, AbstractLink)):
        yield DeclarationError("E023", "link must be a subclass of django_scim.models.AbstractLink")
        return
    options: Any = link._meta
    try:
        target = options.get_field("target")
    except FieldDoesNotExist:
        yield DeclarationError("E023", f"{link.__name__} has no foreign key named target")
        return
    if not target.null or target.remote_field.on_delete is not models.SET_NULL:
        yield DeclarationError(
            "E023", f"{link.__name__}.target must have null=True and on_delete=SET_NULL"
        )
    model = target.related_model
    if not (isinstance(model, type) and issubclass(adapter.model, model)):
        yield DeclarationError(
            "E023", f"{link.__name__}.target leads to {model}, not to {adapter.model}"
        )


def privileged_errors(adapter: Any) -> Iterator[DeclarationError]:
    """Yield the errors of the adapter's ``privileged_objects``."""
    try:
        objects = adapter.privileged_objects()
    except (FieldError, TypeError, AttributeError, ValueError) as error:
        yield DeclarationError("E010", f"privileged_objects() fails: {error}")
        return
    is_queryset = isinstance(objects, models.QuerySet)
    if objects is not None and not (is_queryset and issubclass(objects.model, adapter.model)):
        what = f"privileged_objects() must return a queryset of {adapter.model.__name__}, or None"
        yield DeclarationError("E010", what)


def column_errors(adapter: Any, mappings: list[Mapping]) -> Iterator[DeclarationError]:
    """Yield columns that two attributes are written to, and required columns that are not set."""
    writers: dict[Any, Mapping] = {}
    for mapping in mappings:
        for column in mapping.written_columns():
            if mapping.attribute.mutability == "readOnly":
                continue
            if column in writers:
                where = ".".join((*column[0], column[1].name))
                yield DeclarationError(
                    "E019",
                    f"{mapping.path} and {writers[column].path} are both written to {where!r}",
                )
            writers[column] = mapping
    yield from _places(mappings)
    for mapping in mappings:
        if mapping.attribute.mutability != "readOnly" and (new_rows := mapping.new_rows()):
            model, filled = new_rows
            for name in _needed(model, filled):
                yield DeclarationError(
                    "W008", f"{mapping.path} creates a {model.__name__} without {name!r}"
                )
    if not adapter.fills_columns():
        by_behaviour = (each.behaviour.filled_columns(adapter) for each in mappings)
        yield from _unfilled(adapter, set(writers), set().union(*by_behaviour))


def _unfilled(
    adapter: Any, written: set[Any], by_behaviour: set[str]
) -> Iterator[DeclarationError]:
    """Yield columns that a new object, its link or its related rows need, but nothing sets."""
    filled: dict[tuple[str, ...], set[str]] = {(): by_behaviour, LINK: {"target"}}
    filled[LINK] |= {each.name for each in AbstractLink._meta.fields}
    models_of: dict[tuple[str, ...], Any] = {(): adapter.model, LINK: adapter.link}
    for relations, column in written:
        model = models_of.setdefault(relations, column.model)
        owners = {
            each.name for each in model._meta.concrete_fields if relations and each.one_to_one
        }
        filled.setdefault(relations, owners).add(column.name)
    for relations, model in models_of.items():
        for name in _needed(model, filled[relations]):
            yield DeclarationError(
                "W002",
                f"a new {model.__name__} needs {name!r}, which no attribute or hook sets",
            )


def _needed(model: Any, filled: set[str]) -> Iterator[str]:
    """Yield the names of the required columns that are not filled."""
    for each in model._meta.concrete_fields:
        has_value = each.empty_strings_allowed and not each.unique
        if each.name not in filled and needs_value(each) and not has_value:
            yield each.name


def _places(mappings: list[Mapping]) -> Iterator[DeclarationError]:
    """Yield attributes that are stored at the same place of a JSON column, or in the same rows."""
    taken: list[tuple[Any, Mapping]] = []
    for mapping in mappings:
        place = mapping.place()
        if not place or mapping.attribute.mutability == "readOnly":
            continue
        for other, earlier in taken:
            shorter = min(len(place), len(other))
            if place[:shorter] == other[:shorter]:
                yield DeclarationError(
                    "E019", f"{mapping.path} and {earlier.path} are stored in the same place"
                )
        taken.append((place, mapping))

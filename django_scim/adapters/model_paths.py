"""Resolve the column that a declaration names: its relations, its field and its ORM path."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models

from ..models import AbstractLink
from .interfaces import Adapter


class MappingError(ImproperlyConfigured):
    """A mapping does not fit the attribute for which it was declared."""

    #: The id of the system check that reports it.
    code = "E007"


class ForbiddenColumn(MappingError):
    """A column that no client may write."""

    code = "E018"


LINK = ("link",)
#: The columns of a link that only this app writes.
_OWN = {field.name for field in AbstractLink._meta.fields} - {"external_id"}


def empty(field: Any) -> Any:
    """Return the value that an unassigned attribute has in a column that is not nullable."""
    if isinstance(field, models.CharField | models.TextField) and not field.has_default():
        return ""
    return field.get_default()


def locate(adapter: type[Adapter], column: str) -> tuple[tuple[str, ...], "models.Field[Any, Any]"]:
    """Return the relations from the object to a declared column, and the column's field.

    Raise FieldDoesNotExist if there is no such column, MappingError if it is not a string.
    """
    if not isinstance(column, str):
        raise MappingError(f"the column must be a string, not {column!r}")
    *relations, name = column.split(".")
    if tuple(relations) == LINK:
        link_field: Any = adapter.link._meta.get_field(name)
        return LINK, link_field
    model: Any = adapter.model
    for part in relations:
        relation = model._meta.get_field(part)
        if not (relation.many_to_one or relation.one_to_one):
            raise FieldDoesNotExist(
                f"{column!r}: {part!r} must be a foreign key or a one-to-one relation"
            )
        model = relation.related_model
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise FieldDoesNotExist(f"{column!r} is not a column of {model.__name__}")
    return tuple(relations), field


def refuse_write(adapter: type[Adapter], column: str) -> None:
    """Raise MappingError if clients must not or cannot write a column."""
    refuse_shared(adapter, column)
    relations, field = locate(adapter, column)
    if field.primary_key:
        raise ForbiddenColumn(
            f"{column!r} is a primary key, which clients must not write: they could overwrite "
            f"another object"
        )
    if relations == LINK and field.name in _OWN:
        raise ForbiddenColumn(
            f"{column!r} is a column of the link that clients must not write; only external_id and "
            f"a site's own columns may be written"
        )
    automatic = ("generated", "auto_now", "auto_now_add")
    if any(getattr(field, name, False) for name in automatic):
        raise ForbiddenColumn(
            f"{column!r} is set automatically, so that clients cannot write it; declare "
            f'having(mutability="readOnly")'
        )


def refuse_shared(adapter: type[Adapter], column: str) -> None:
    """Raise MappingError if a column is in a row that several objects may share.

    Only rows at the end of reverse one-to-one relations belong to one object.
    """
    *relations, _ = column.split(".")
    if tuple(relations) == LINK:
        return
    model: Any = adapter.model
    for part in relations:
        relation = model._meta.get_field(part)
        if not relation.one_to_one or not relation.auto_created:
            raise ForbiddenColumn(
                f"{column!r} is in a row that other objects may share, so clients must not write "
                f'it; declare having(mutability="readOnly"), or use Reference or Custom'
            )
        model = relation.related_model


def orm_path(adapter: type[Adapter], column: str) -> str:
    """Return the ORM path from the link to a declared column."""
    link, _, rest = column.partition(".")
    return rest if (link,) == LINK else f"target__{column.replace('.', '__')}"

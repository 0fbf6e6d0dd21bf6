"""Resolve the column that a declaration names: its relations, its field and its ORM path."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models

from ..models import AbstractLink
from .interfaces import Adapter


class MappingError(ImproperlyConfigured):
    """A mapping that cannot serve the attribute for which it was declared."""

    #: The id of the system check that reports it.
    code = "E007"


class ForbiddenColumn(MappingError):
    """A column that no client may write."""

    code = "E018"


LINK = ("link",)
#: What the package keeps in a link for itself.
_OWN = {field.name for field in AbstractLink._meta.fields} - {"external_id"}


def empty(field: Any) -> Any:
    """What an unassigned attribute leaves in a column that takes no NULL."""
    if isinstance(field, models.CharField | models.TextField) and not field.has_default():
        return ""
    return field.get_default()


def locate(adapter: type[Adapter], column: str) -> tuple[tuple[str, ...], "models.Field[Any, Any]"]:
    """Return the relations to follow from the object, and the field that they end at.

    Raises FieldDoesNotExist where the declaration names none.
    """
    if not isinstance(column, str):
        raise MappingError(f"{column!r} names no column")
    *relations, name = column.split(".")
    if tuple(relations) == LINK:
        own: Any = adapter.link._meta.get_field(name)
        return LINK, own
    model: Any = adapter.model
    for hop in relations:
        relation = model._meta.get_field(hop)
        if not (relation.many_to_one or relation.one_to_one):
            raise FieldDoesNotExist(f"{column!r}: {hop} leads to no single {hop}")
        model = relation.related_model
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise FieldDoesNotExist(f"{column!r} is not a column of {model.__name__}")
    return tuple(relations), field


def refuse_write(adapter: type[Adapter], column: str) -> None:
    """Raise Misfit for a column that no client must write, or none can."""
    refuse_shared(adapter, column)
    relations, field = locate(adapter, column)
    if field.primary_key:
        raise ForbiddenColumn(
            f"{column!r}: a client must not write a primary key, and so another's object"
        )
    if relations == LINK and field.name in _OWN:
        raise ForbiddenColumn(f"{column!r} is the link's own, which no client must write")
    by_itself = ("generated", "auto_now", "auto_now_add")
    if any(getattr(field, name, False) for name in by_itself):
        raise ForbiddenColumn(
            f"{column!r} is set by itself, whatever a client writes; declare having(mutability="
            f'"readOnly")'
        )


def refuse_shared(adapter: type[Adapter], column: str) -> None:
    """Raise Misfit where a write would change a row that other objects share.

    Only a reverse one-to-one relation leads to a row that is the object's own.
    """
    *relations, _ = column.split(".")
    if tuple(relations) == LINK:
        return
    model: Any = adapter.model
    for hop in relations:
        relation = model._meta.get_field(hop)
        if not relation.one_to_one or not relation.auto_created:
            raise ForbiddenColumn(
                f"{column!r} is in a row that other objects may share, so that a client must not "
                f'write it; declare having(mutability="readOnly"), or use Reference or Custom'
            )
        model = relation.related_model


def orm_path(adapter: type[Adapter], column: str) -> str:
    """Return a declared column as a path from the link."""
    link, _, rest = column.partition(".")
    return rest if (link,) == LINK else f"target__{column.replace('.', '__')}"

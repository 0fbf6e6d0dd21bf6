"""Writing rows of the site's tables: what they need, what is unique, and who listens."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from ...compat import receivers_of
from ...models import FoldedField
from ...protocol.errors import InvalidValue, Uniqueness
from ...query import Column

if TYPE_CHECKING:
    from .unit_of_work import UnitOfWork


def with_followers(model: Any, names: Iterable[str]) -> list[str]:
    """Return the names with those of the columns that follow by themselves: folded keys of the
    named ones, and the time of the last change."""
    wanted = set(names)
    followers = {
        field.name
        for field in model._meta.concrete_fields
        if getattr(field, "auto_now", False)
        or (isinstance(field, FoldedField) and field.source in wanted)
    }
    return sorted(wanted | followers)


def require_columns(record: models.Model, unit: "UnitOfWork") -> None:
    """Raise InvalidValue for a new row without a value that its table needs, not the database."""
    field: Any
    for field in record._meta.concrete_fields:
        if field.is_relation and field.is_cached(record):
            continue  # its object may have been saved only now
        if getattr(record, field.attname) is None and needs_value(field):
            paths = [
                str(mapping.path)
                for mapping in unit.adapter.declaration().mappings
                if any(written is field for _, written in mapping.written_columns())
            ]
            named = paths[0] if paths else f"{record._meta.label_lower}.{field.name}"
            raise InvalidValue(f"{named}: is required here")


def needs_value(field: Any) -> bool:
    """Whether a row cannot be without a value that somebody gives."""
    return not (
        field.null
        or field.primary_key
        or field.has_default()
        or getattr(field, "auto_now", False)
        or getattr(field, "auto_now_add", False)
        or field.generated
        or field.has_db_default()
    )


def check_unique(unit: "UnitOfWork") -> None:
    """Raise Uniqueness where a changed attribute's value is another row's (RFC 7643 section 7).

    The whole table counts, not only what the connection sees.
    """
    for mapping in unit.adapter.declaration().unique:
        if not unit.changed(str(mapping.path)):
            continue
        field, attribute = mapping.field, mapping.attribute
        record: Any = unit.record(mapping.relations)
        value = getattr(record, field.attname)
        if value is None or value == "":
            continue
        if attribute.is_text and not attribute.case_exact and isinstance(value, str):
            same = Column(field.name, nullable=field.null).test("eq", value)
        else:
            same = models.Q(**{field.name: value})
        rows = type(record)._base_manager.filter(same)
        if rows.exclude(pk=record.pk).exists():
            raise Uniqueness(f"{mapping.path}: {mapping.conversion.read(value)!r} is taken")
    for mirrored in unit.adapter.declaration().mirrored:
        mirrored.check_unique(unit)


def insert(model: type[models.Model], rows: list[Any]) -> None:
    """Insert rows: in one statement where nobody would notice, else one by one."""
    if is_noticed(model, "save", pre_save, post_save):
        for row in rows:
            row.save(force_insert=True)
    elif rows:
        model._base_manager.bulk_create(rows)


def update(model: type[models.Model], rows: list[Any], names: Iterable[str]) -> None:
    """Update the named columns of rows, likewise."""
    if not rows:
        return
    changed = with_followers(model, names)
    if is_noticed(model, "save", pre_save, post_save):
        whole = model._base_manager.in_bulk([row.pk for row in rows])
        for row in rows:  # the site's own code sees every column of the row
            for name in changed:
                setattr(whole[row.pk], name, getattr(row, name))
            whole[row.pk].save(update_fields=changed)
        return
    fields: list[Any] = [model._meta.get_field(name) for name in changed]
    for row in rows:
        for field in fields:
            field.pre_save(row, False)
    model._base_manager.bulk_update(rows, changed)


def delete(model: type[models.Model], keys: list[Any]) -> None:
    """Delete rows by their keys; Django itself sends the signals for each."""
    if is_noticed(model, "delete", pre_delete, post_delete):
        for row in model._base_manager.filter(pk__in=keys):
            row.delete()
    elif keys:
        model._base_manager.filter(pk__in=keys).delete()


class Inserts:
    """New rows of many drafts, kept back to be inserted together, each model's in the order in
    which the models were first met: so that what others refer to is there first."""

    def __init__(self) -> None:
        self._rows: dict[type[models.Model], list[Any]] = {}

    def add(self, rows: Iterable[models.Model]) -> None:
        for row in rows:
            self._rows.setdefault(type(row), []).append(row)

    def flush(self) -> None:
        for model, rows in self._rows.items():
            insert(model, rows)
        self._rows.clear()


def is_noticed(model: type[models.Model], method: str, *signals: Any) -> bool:
    """Whether the site overrides the model's method or listens to its signals.

    What a Django user does in ``save`` is about a password set in the clear, which none is here.
    """
    own = {getattr(models.Model, method), getattr(AbstractBaseUser, method)}
    return getattr(model, method) not in own or any(_heard(each, model) for each in signals)


def _heard(signal: Any, model: type[models.Model]) -> bool:
    """Whether anybody but this app listens: a draft keeps up with its own writes."""
    if not signal.has_listeners(model):
        return False
    receivers = receivers_of(signal, model)
    return any(each.__module__ != "django_scim.receivers" for each in receivers)

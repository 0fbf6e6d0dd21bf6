"""Write rows in bulk, or one by one if the site's code must notice each of them."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connections, models, router
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from ...compat import receivers_of
from ...models import FoldedField
from ...protocol.errors import InvalidValue
from ..interfaces import Adapter

#: The receivers of these modules need not notice each row.
OWN_RECEIVERS = ("django_scim.receivers", "django_scim.contrib.change_history")


def with_followers(model: Any, names: Iterable[str]) -> list[str]:
    """Return the names of columns, with those of the columns that must be saved with them.

    These are the columns' folded keys, and ``auto_now`` columns.
    """
    wanted = set(names)
    followers = {
        field.name
        for field in model._meta.concrete_fields
        if getattr(field, "auto_now", False)
        or (isinstance(field, FoldedField) and field.source in wanted)
    }
    return sorted(wanted | followers)


def require_columns(record: models.Model, adapter: Adapter) -> None:
    """Raise InvalidValue if a new row has no value for a required column.

    The error names the attribute that is stored in the column.
    """
    field: Any
    for field in record._meta.concrete_fields:
        if field.is_relation and field.is_cached(record):
            continue  # the related object may have got its primary key only now
        if getattr(record, field.attname) is None and needs_value(field):
            paths = [
                str(mapping.path)
                for mapping in adapter.declared.mappings
                if any(written is field for _, written in mapping.written_columns())
            ]
            name = paths[0] if paths else f"{record._meta.label_lower}.{field.name}"
            raise InvalidValue(f"{name}: is required by this site")


def needs_value(field: Any) -> bool:
    """Return whether a row can only be inserted with a value for the column."""
    return not (
        field.null
        or field.primary_key
        or field.has_default()
        or getattr(field, "auto_now", False)
        or getattr(field, "auto_now_add", False)
        or field.generated
        or field.has_db_default()
    )


def insert(model: type[models.Model], rows: list[Any]) -> None:
    """Insert rows: one by one if the site's code must notice each, else in one statement."""
    if is_noticed(model, "save", pre_save, post_save):
        for row in rows:
            row.save(force_insert=True)
    elif rows:
        model._base_manager.bulk_create(rows)


def update(model: type[models.Model], rows: list[Any], names: Iterable[str]) -> None:
    """Update columns of rows: one by one if the site's code must notice each.

    Rows of this app's own tables must have all of their columns.
    """
    if not rows:
        return
    changed = with_followers(model, names)
    if is_noticed(model, "save", pre_save, post_save):
        whole = model._base_manager.in_bulk([row.pk for row in rows])
        for row in rows:  # receivers need rows with all columns
            for name in changed:
                setattr(whole[row.pk], name, getattr(row, name))
            save_changed(whole[row.pk], changed)
        return
    if model._meta.app_label == "django_scim":  # many times faster than bulk_update
        features = connections[router.db_for_write(model)].features
        unique = ["pk"] if features.supports_update_conflicts_with_target else None
        model._base_manager.bulk_create(
            rows, update_conflicts=True, update_fields=changed, unique_fields=unique
        )
        return
    fields: list[Any] = [model._meta.get_field(name) for name in changed]
    for row in rows:
        for field in fields:
            field.pre_save(row, False)
    model._base_manager.bulk_update(rows, changed)


def save_changed(row: models.Model, names: Iterable[str]) -> None:
    """Save columns of a row that is locked, and those that must be saved with them.

    If its model overrides ``save``, all columns are saved, since it may compute others there.
    """
    if is_noticed(type(row), "save"):
        row.save()
    else:
        row.save(update_fields=with_followers(row, names))


def delete(model: type[models.Model], keys: list[Any]) -> None:
    """Delete rows by their primary keys. Django sends the signals of each row."""
    if is_noticed(model, "delete", pre_delete, post_delete):
        for row in model._base_manager.filter(pk__in=keys):
            row.delete()
    elif keys:
        model._base_manager.filter(pk__in=keys).delete()


class Batch:
    """The new and changed rows of several units of work, written in bulk by ``flush``.

    Models are inserted in the order in which they were first added, so that a row exists before
    other rows refer to it.
    """

    def __init__(self) -> None:
        self._new: dict[type[models.Model], list[Any]] = {}
        self._changed: dict[tuple[type[models.Model], frozenset[str]], list[Any]] = {}

    def insert(self, rows: Iterable[models.Model]) -> None:
        for row in rows:
            self._new.setdefault(type(row), []).append(row)

    def update(self, row: models.Model, names: Iterable[str]) -> None:
        self._changed.setdefault((type(row), frozenset(names)), []).append(row)

    def flush(self) -> None:
        for model, rows in self._new.items():
            insert(model, rows)
        for (model, names), rows in self._changed.items():
            update(model, rows, names)
        self._new.clear()
        self._changed.clear()


def is_noticed(model: type[models.Model], method: str, *signals: Any) -> bool:
    """Return whether the site overrides the model's method or has receivers of its signals.

    ``AbstractBaseUser.save`` does not count as an override: it only handles passwords set as
    text, which this app never does.
    """
    own = {getattr(models.Model, method), getattr(AbstractBaseUser, method)}
    return getattr(model, method) not in own or any(_has_receivers(each, model) for each in signals)


def _has_receivers(signal: Any, model: type[models.Model]) -> bool:
    """Return whether a signal has receivers other than this app's."""
    if not signal.has_listeners(model):
        return False
    receivers = receivers_of(signal, model)
    return any(each.__module__ not in OWN_RECEIVERS for each in receivers)

"""Load the related records that several units of work are going to write."""

from collections.abc import Sequence
from typing import Any

from ..model_paths import LINK
from .locks import for_update
from .unit_of_work import UnitOfWork


def load_records(units: Sequence[UnitOfWork], relations: tuple[str, ...]) -> None:
    """Load and lock the records at the end of a relation, for all units in one statement.

    Other units load their record when they need it; a chain of relations is not loaded here.
    """
    if len(relations) != 1 or relations == LINK:
        return
    relation: Any = units[0].target._meta.get_field(relations[0])
    if not (relation.one_to_one and relation.auto_created):
        return
    name = relation.field.name
    keys = [unit.target.pk for unit in units]
    rows = relation.related_model._base_manager.filter(**{f"{name}__in": keys})
    by_key = {getattr(row, relation.field.attname): row for row in for_update(rows.order_by("pk"))}
    for unit in units:
        record = by_key.get(unit.target.pk)
        if record is not None:
            relation.field.set_cached_value(record, unit.target)
        unit.place(relations, record)

"""Row locks."""

from typing import Any

from django.db import connections


def for_update(links: Any) -> Any:
    """Return the queryset with its rows locked.

    Where the database has locks that leave the key free, a new row which refers to a locked one
    (a membership) does not wait for it.
    """
    features = connections[links.db].features
    return links.select_for_update(no_key=features.has_select_for_no_key_update)


def locked(links: Any, model: Any) -> Any:
    """Return the first link of a queryset with its object, both rows locked, or None."""
    # A condition on a column makes the join an inner one: PostgreSQL cannot lock the nullable
    # side of an outer join.
    columns = model._meta.concrete_fields
    column = next((each for each in columns if not (each.primary_key or each.null)), None)
    if column is not None:
        links = links.filter(**{f"target__{column.name}__isnull": False}).select_related("target")
    return for_update(links).first()

"""Row locks."""

from typing import Any

from django.db import connections


def for_update(links: Any) -> Any:
    """Return a queryset that locks its rows.

    If the database supports it, the lock excludes the key, so that an insert of a row with a
    foreign key to a locked row (a membership) does not wait.
    """
    features = connections[links.db].features
    return links.select_for_update(no_key=features.has_select_for_no_key_update)


def locked(links: Any, model: Any) -> Any:
    """Lock and return the first link of a queryset, with the row of its object; or None."""
    # A condition on a column forces an inner join: PostgreSQL cannot lock the nullable side of an
    # outer join.
    columns = model._meta.concrete_fields
    column = next((each for each in columns if not (each.primary_key or each.null)), None)
    if column is not None:
        links = links.filter(**{f"target__{column.name}__isnull": False}).select_related("target")
    return for_update(links).first()

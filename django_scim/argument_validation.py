"""What the public API makes sure of before it does anything."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils import timezone

LONGEST = timedelta(days=36_525)


def require(thing: Any, kind: type) -> None:
    """Raise ValueError for what is of another kind, or a row that is there no more."""
    if not isinstance(thing, kind):
        raise ValueError(f"{kind.__name__} is needed, not {type(thing).__name__}")
    if isinstance(thing, Model) and not is_stored(thing):
        raise ValueError(f"the {kind.__name__} does not exist any more")


def require_stored(tenant: Any) -> None:
    """Raise ValidationError for a tenant to which nothing can belong."""
    if not (isinstance(tenant, Model) and is_stored(tenant)):
        raise ValidationError({"tenant": "A tenant is an object that the site has stored."})


def is_stored(row: Model) -> bool:
    return row.pk is not None and type(row)._base_manager.filter(pk=row.pk).exists()


def end_of(name: str, lasting: Any, *, may_be_nothing: bool = False) -> datetime:
    """Return when a time that begins now is over. Raises ValueError for what is no such time."""
    if not isinstance(lasting, timedelta):
        raise ValueError(f"{name}: a timedelta is needed, not {type(lasting).__name__}")
    if not timedelta(0) <= lasting <= LONGEST or not (lasting or may_be_nothing):
        raise ValueError(f"{name}: {lasting} is none; it lies between 0 and {LONGEST.days} days")
    return timezone.now() + lasting

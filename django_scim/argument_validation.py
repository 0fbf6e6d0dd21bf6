"""Checks of the arguments of the public API."""

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

LONGEST = timedelta(days=36_525)


def require(value: Any, kind: type) -> None:
    """Raise ValueError unless a value has this type and, if it is a model, is still stored."""
    if not isinstance(value, kind):
        raise ValueError(f"{kind.__name__} is needed, not {type(value).__name__}")
    if isinstance(value, Model) and not is_stored(value):
        name = value._meta.verbose_name
        raise ValueError(_("the %(name)s does not exist any more") % {"name": name})


def require_stored(tenant: Any) -> None:
    """Raise ValidationError unless a tenant is a stored object."""
    if not (isinstance(tenant, Model) and is_stored(tenant)):
        message = _("The tenant must be an object that is stored in the database.")
        raise ValidationError({"tenant": message})


def is_stored(row: Model) -> bool:
    return row.pk is not None and type(row)._base_manager.filter(pk=row.pk).exists()


def end_of(name: str, duration: Any, *, may_be_zero: bool = False) -> datetime:
    """Return the time at which a duration that begins now ends.

    ``name`` is the name of the argument, for the message. Raises ValueError unless the duration is
    a timedelta between 0 and LONGEST, greater than 0 unless ``may_be_zero``.
    """
    if not isinstance(duration, timedelta):
        raise ValueError(f"{name}: a timedelta is needed, not {type(duration).__name__}")
    if not timedelta(0) <= duration <= LONGEST or not (duration or may_be_zero):
        least = "at least 0" if may_be_zero else "more than 0"
        raise ValueError(
            f"{name}: {duration} is out of range; it must be {least} and at most "
            f"{LONGEST.days} days"
        )
    return timezone.now() + duration

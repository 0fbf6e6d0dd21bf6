"""The days of the site: those of TIME_ZONE, whatever the time zone of the reader is.

The totals are the same for every reader, so their days must be, too.
"""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import timezone


def day_of(moment: datetime) -> date:
    """Return the day of a moment; without USE_TZ, moments are in the site's time zone already."""
    if timezone.is_naive(moment):
        return moment.date()
    return timezone.localtime(moment, timezone.get_default_timezone()).date()


def today() -> date:
    return day_of(timezone.now())


def bounds(day: date) -> tuple[datetime, datetime]:
    """Return the first moment of a day, and that of the next one."""
    return _first_moment(day), _first_moment(day + timedelta(days=1))


def _first_moment(day: date) -> datetime:
    midnight = datetime.combine(day, time.min)
    if not settings.USE_TZ:
        return midnight
    return timezone.make_aware(midnight, timezone.get_default_timezone())

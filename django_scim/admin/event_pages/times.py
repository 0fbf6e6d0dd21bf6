"""Show times to the second, because events of one minute must not look simultaneous."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime


def to_the_second(time: datetime) -> str:
    """Return a time in the site's time zone, with the date in the site's format."""
    local = localtime(time)
    return f"{date_format(local, 'SHORT_DATE_FORMAT')} {local:%H:%M:%S}"

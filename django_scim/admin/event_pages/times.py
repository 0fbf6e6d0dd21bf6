"""Show times to the second, because events of one minute must not look simultaneous."""

from datetime import datetime

from django.utils.formats import date_format

from ..status_badges import local


def to_the_second(time: datetime) -> str:
    """Return a time in the site's time zone, with the date in the site's format."""
    shown = local(time)
    return f"{date_format(shown, 'SHORT_DATE_FORMAT')} {shown:%H:%M:%S}"

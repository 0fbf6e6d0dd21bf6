"""The number of events per connection and day, kept in a table so that no page counts events."""

from .counting import count_deleted, count_new_day, counted, roll_up
from .days import bounds, day_of, today
from .reading import Activity, activity

__all__ = [
    "Activity",
    "activity",
    "bounds",
    "count_deleted",
    "count_new_day",
    "counted",
    "day_of",
    "roll_up",
    "today",
]
